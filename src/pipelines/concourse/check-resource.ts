// Resources as they are looked at outside of runs, by the types that compiled scripts have too.

import type { JsonObject, ResourceTypeName, Version } from "./plan.ts";
import type { TextValue } from "./runtime/script-globals.ts";
import { resourceTypes } from "./runtime/resources/resource-types.ts";
import { timeCheck } from "./time-check.ts";
import type { Filled } from "./var-text.ts";

/** A process of this machine. */
export interface ResourceStep {
  readonly command: string | { readonly path: string; readonly args: readonly string[] };
  readonly env: Readonly<Record<string, TextValue>>;
}

export interface ResourceStepEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly message?: string;
}

export interface CheckedResource {
  readonly type: string;
  /** Its vars are filled. */
  readonly source: Filled;
  /** The newest that is known. */
  readonly from: Version | null;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  readonly run: (step: ResourceStep) => Promise<ResourceStepEnd>;
}

/** Oldest first. @throws whatever says why it cannot be seen. */
export async function checkResource(checked: CheckedResource): Promise<readonly Version[]> {
  const { from, now, run } = checked;
  const source = checked.source as Readonly<Record<string, Filled>>;
  if (checked.type === "time") return timeCheck(source as JsonObject, from, now);
  const type = resourceTypes[checked.type as ResourceTypeName];
  const context = {
    source,
    now: () => now,
    run: async ({ command, env = {} }: { readonly command: unknown; readonly env?: ResourceStep["env"] }) => {
      const end = await run({ command: command as ResourceStep["command"], env });
      return { ...end, status: "complete" } as const;
    },
  };
  return await type.check(context, from);
}
