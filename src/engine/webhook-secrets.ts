// Which secrets guard a webhook.

import type { WebhookConfig } from "../core/pipeline-config.ts";

/** References, or the secrets themselves; the file's own win over the one that was given with an upload. */
export function webhookSecrets({ secret }: WebhookConfig, uploaded: string | undefined): readonly string[] {
  const references = secret ?? uploaded ?? [];
  return typeof references === "string" ? [references] : references;
}
