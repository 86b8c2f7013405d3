// Where a person goes from a notification of an event.

import type { EventRecord } from "../../core/event.ts";
import { parseStepId } from "../../core/step-id.ts";
import type { ApprovalLinks } from "../../secrets/secrets.ts";
import { longestLinkMs } from "../news-terms.ts";

/** To where an approval is decided; null for what has no page, and where the public address is not known. */
export function linkOf({ type, createdAt, data }: EventRecord, links: Pick<ApprovalLinks, "make">): string | null {
  const { step_id: stepId, expires_at: until } = data;
  if (type !== "approval.required" || typeof stepId !== "string") return null;
  const latest = createdAt + longestLinkMs;
  return links.make({
    ...parseStepId(stepId),
    expiresAt: typeof until === "number" ? Math.min(until, latest) : latest,
  });
}
