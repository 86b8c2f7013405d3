// `resources` of a script: which versions there are, which one a job takes, and which it has passed.

import { createHash } from "node:crypto";
import { maxVersions, type ResourceVersion } from "../../core/resource-version.ts";
import type { JsonValue } from "../../core/json.ts";
import type { BegunVersion, ResourceKey, Write } from "../../store/store.ts";
import { takeSlot } from "../take-slot.ts";
import type { Work, WorkContext, WorkResult } from "../work-call.ts";
import { findNext, type NextVersion } from "./next-version.ts";

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
      const endTurn = await takeSlot(context.parts.versionTurns, context.signal);
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
  const { job, passed, version: mode } = args;
  const isOwn = (each: BegunVersion): boolean =>
    passed.length === 0 && each.resource === key.resource && each.scope === key.scope && each.mode === mode;
  // What the run was begun for, whatever other runs have come to meanwhile. Of `latest` all its jobs have the same.
  const own = run.begunFor.find((each) => isOwn(each) && (mode === "latest" || each.jobs.includes(job)));
  const owners = own?.jobs ?? [];
  const next = await findNext(parts.store.resources, key, { job: owners[0] ?? job, mode, passed });
  const take = (version: ResourceVersion, jobs: readonly string[]): readonly Write[] =>
    jobs.map((each) => ({ type: "resource.take", ...key, job: each, version }));
  if (own !== undefined && !(next !== undefined && isForRun(next, own))) {
    // On record for its owners since the run was begun.
    return { value: own.version as JsonValue, writes: take(own.version, owners.includes(job) ? [] : [job]) };
  }
  if (next === undefined) return { value: null, writes: [] };
  const { version, seq } = next;
  const writes = take(version, [...new Set([job, ...owners])]);
  if (own === undefined) return { value: version as JsonValue, writes };
  const begunFor = (await parts.store.runs.findKept(run.id))?.run.begunFor ?? run.begunFor;
  const changed = begunFor.map((each) => (isOwn(each) ? { ...each, version, seq } : each));
  return { value: version as JsonValue, writes: [...writes, { type: "run.begun_for", id: run.id, begunFor: changed }] };

  /** What nobody has yet is for the run that was begun last, as for one that was queued; a rerun has what its run had. */
  function isForRun(news: NextVersion, begun: BegunVersion): boolean {
    return mode === "latest" && begun.seq === news.upTo && news.seq > begun.seq && run.rerunOf === null;
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
