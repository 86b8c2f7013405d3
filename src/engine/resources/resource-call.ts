// `resources` of a script: which versions there are, which one a job takes, and which it has passed.

import { createHash } from "node:crypto";
import { maxVersions, type ResourceVersion } from "../../core/resource-version.ts";
import type { JsonValue } from "../../core/json.ts";
import type { ResourceKey, Write } from "../../store/store.ts";
import { StepSlots } from "../step-slots.ts";
import { takeSlot } from "../take-slot.ts";
import type { Work, WorkContext, WorkResult } from "../work-call.ts";

/** As the guest makes them. */
export type ResourceArguments =
  | {
      readonly type: "found";
      readonly resource: string;
      readonly scope: string;
      readonly versions: readonly ResourceVersion[];
      readonly from?: ResourceVersion | null;
    }
  | { readonly type: "newest"; readonly resource: string; readonly scope: string }
  | {
      readonly type: "choose";
      readonly resource: string;
      readonly scope: string;
      readonly job: string;
      readonly version: "latest" | "every";
      readonly passed: readonly string[];
    }
  | {
      readonly type: "take";
      readonly resource: string;
      readonly scope: string;
      readonly version: ResourceVersion;
      readonly jobs: readonly string[];
    }
  | {
      readonly type: "passed";
      readonly job: string;
      readonly versions: readonly {
        readonly resource: string;
        readonly scope: string;
        readonly version: ResourceVersion;
      }[];
    };

/** One after the other: what one run takes is on record before the next one looks. */
const turns = new StepSlots(1);

export const doResourceCall: Work = async (given, context) => {
  const args = given as unknown as ResourceArguments;
  const { run } = context;
  switch (args.type) {
    case "found":
      return {
        value: undefined,
        writes: foundWrites(keyOf(run.pipeline, args), args, context.parts.clock.now()),
      };
    case "newest": {
      const newest = await context.parts.store.resources.newest(keyOf(run.pipeline, args), []);
      return { value: (newest?.version ?? null) as JsonValue };
    }
    case "take": {
      const key = keyOf(run.pipeline, args);
      const { version } = args;
      return { value: undefined, writes: args.jobs.map((job) => ({ type: "resource.take", ...key, job, version })) };
    }
    case "choose": {
      const endTurn = await takeSlot(turns, context.signal);
      try {
        const chosen = await choose(args, context);
        return { ...chosen, after: endTurn };
      } catch (thrown) {
        endTurn();
        throw thrown;
      }
    }
    case "passed":
      return {
        value: undefined,
        writes: args.versions.flatMap(({ version, ...resource }): readonly Write[] => {
          const key = keyOf(run.pipeline, resource);
          return [
            { type: "resource.take", ...key, job: args.job, version },
            { type: "resource.pass", ...key, job: args.job, version, runId: run.id },
          ];
        }),
      };
  }
};

async function choose(
  args: ResourceArguments & { readonly type: "choose" },
  { run, parts }: WorkContext,
): Promise<Pick<WorkResult, "value" | "writes">> {
  const key = keyOf(run.pipeline, args);
  const { job, passed } = args;
  const { resources } = parts.store;
  const version =
    args.version === "every" ? (findOwn() ?? (await findNext())) : (await resources.newest(key, passed))?.version;
  if (version === undefined) return { value: null, writes: [] };
  return { value: version as unknown as JsonValue, writes: [{ type: "resource.take", ...key, job, version }] };

  /** The one that this run was begun for, whatever other runs have come to meanwhile. */
  function findOwn(): ResourceVersion | undefined {
    const own = run.begunFor;
    const isOwn = own?.resource === key.resource && own.scope === key.scope && own.jobs.includes(job);
    return isOwn && passed.length === 0 ? own.version : undefined;
  }

  /** Of those that have no run of their own each in its turn; once there is no more, the newest again. */
  async function findNext(): Promise<ResourceVersion | undefined> {
    const begun = await resources.cursor(key, job);
    const next = begun === 0 ? undefined : await resources.next(key, passed, begun);
    return (next ?? (await resources.newest(key, passed)))?.version;
  }
}

/** `from`: the newest when they were looked for; absent: they count in any case. */
export function foundWrites(
  key: ResourceKey,
  { versions, from }: { readonly versions: readonly ResourceVersion[]; readonly from?: ResourceVersion | null },
  at: number,
): readonly Write[] {
  if (versions.length === 0) return [];
  const found: Write = { type: "resource.found", ...key, versions, ...(from === undefined ? {} : { from }), at };
  return [found, { type: "resource.trim", ...key, keep: maxVersions }];
}

/** `scope` is what the resource is: of which type, from which source. */
export function keyOf(
  pipeline: string,
  { resource, scope }: { readonly resource: string; readonly scope: string },
): ResourceKey {
  return { pipeline, resource, scope: createHash("sha256").update(scope).digest("hex").slice(0, 32) };
}
