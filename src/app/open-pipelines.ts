// The catalog of pipelines, wired to the sandbox that inspects them, to the store that keeps them, and to the log.

import type { Config } from "../config.ts";
import { systemClock } from "../core/clock.ts";
import { didYouMean } from "../core/did-you-mean.ts";
import { formatDuration } from "../core/duration.ts";
import type { PipelineEvents, UploadedSecrets } from "../engine/engine.ts";
import {
  type Catalog,
  type CatalogChange,
  type CatalogOptions,
  openCatalog,
  type Problem,
} from "../pipelines/pipelines.ts";
import { inspectModule, type SandboxPool } from "../sandbox/sandbox.ts";
import type { SecretReader } from "../secrets/secrets.ts";
import type { Store } from "../store/store.ts";
import type { Logger } from "../telemetry/telemetry.ts";
import { configChecks } from "./config-checks.ts";

interface VersionStore extends Pick<
  CatalogOptions,
  "lastGood" | "findBundle" | "saveVersion" | "removeVersion" | "findUploadedSecret"
> {
  /** Absent: nobody is told. */
  readonly events?: PipelineEvents;
}

/** `check` keeps nothing. */
export const noStore: Promise<VersionStore> = Promise.resolve({
  lastGood: [],
  findBundle: async () => undefined,
  saveVersion: async () => {},
  removeVersion: async () => {},
});

export async function versionsIn(
  store: Store,
  uploadedSecrets: UploadedSecrets,
  events: PipelineEvents,
): Promise<VersionStore> {
  return {
    events,
    findUploadedSecret: (pipeline) => uploadedSecrets.find(pipeline),
    lastGood: await store.bundles.versions(),
    findBundle: async (hash) => await store.bundles.find(hash),
    saveVersion: async (version, bundle) => {
      await events.commitVersion(version, [
        { type: "bundle.put", bundle, config: version.config },
        { type: "version.put", version },
      ]);
    },
    removeVersion: async (pipeline) => await store.commit([{ type: "version.remove", pipeline }]),
  };
}

/** The catalog of the pipelines folder, with what it says in the server's log. */
export async function openPipelines(
  /** Targets and vars may change while they are in use. */
  config: Pick<Config, "pipelines" | "targets" | "vars">,
  pool: SandboxPool,
  secrets: SecretReader,
  versions: Promise<VersionStore>,
  logger: Logger,
  watch: boolean,
): Promise<Catalog> {
  const { events, ...stored } = await versions;
  const catalog: Catalog = await openCatalog({
    ...stored,
    root: config.pipelines,
    watch,
    clock: systemClock,
    readExports: async (bundle, file) => await readExports(pool, bundle, file),
    checks: configChecks,
    checkSecret: async (reference, pipeline) => {
      const resolved = await secrets.resolve(reference, pipeline);
      return resolved.ok ? null : resolved.message;
    },
    checkVar: async ({ name, secret }, pipeline) => {
      const isEnv = secret.startsWith("env:");
      if (!isEnv && Object.hasOwn(config.vars, name)) return null;
      const resolved = await secrets.resolve(secret, pipeline);
      if (resolved.ok) return null;
      return isEnv ? `((${secret})): ${resolved.message}` : `no value is kept for the var ((${name}))`;
    },
    checkTarget: (name) => findTargetProblem(name, config.targets),
    onChange: (change) => {
      const version = catalog.get(change.id)?.version ?? null;
      logChange(logger, change, version !== null);
      events?.changed(change, version);
    },
    onError: (error) => logger.error(error.message),
  });
  events?.begin(catalog.list());
  return catalog;
}

function findTargetProblem(name: string, targets: Config["targets"]): string | null {
  const names = targets.map((target) => target.name);
  if (names.includes(name)) return null;
  const near = didYouMean(name, names);
  const hint = near === undefined ? `write a table [targets.${name}]` : `did you mean ${JSON.stringify(near)}?`;
  return `runner.toml has no target ${JSON.stringify(name)}: ${hint}`;
}

const readExports = async (
  pool: SandboxPool,
  bundle: Parameters<CatalogOptions["readExports"]>[0],
  file: string,
): ReturnType<CatalogOptions["readExports"]> => {
  const inspected = await inspectModule(pool, bundle, file);
  if (!inspected.ok) {
    const { position, message } = inspected;
    return {
      ok: false,
      message,
      hint: null,
      file: position?.file ?? null,
      line: position?.line ?? null,
      column: position?.column ?? null,
    };
  }
  const { kinds, config } = inspected.exports;
  const names = Object.keys(kinds);
  return {
    ok: true,
    exports: { pipeline: kinds["pipeline"] ?? "undefined", names, ...(config === null ? {} : { config }) },
  };
};

function describeProblem(problem: Problem | undefined): { readonly place?: string; readonly problem?: string } {
  return problem === undefined ? {} : { place: placeOf(problem), problem: problem.message };
}

function placeOf({ file, line }: Problem): string {
  return line === null ? file : `${file}:${line}`;
}

function logWarning(logger: Logger, pipeline: string, problem: Problem): void {
  logger.warn(problem.message, { pipeline, ...(problem.line === null ? {} : { place: placeOf(problem) }) });
}

function logChange(logger: Logger, { id, state, problems, tookMs }: CatalogChange, hasVersion: boolean): void {
  const took = formatDuration(tookMs);
  if (state === "broken") {
    const rest = hasVersion ? "its last good version stays in force" : "it has no good version yet and answers 409";
    logger.error(`a saved pipeline does not load; ${rest}`, { pipeline: id, ...describeProblem(problems[0]) });
  } else logger.info(state === "ok" ? "pipeline in force" : "pipeline removed", { pipeline: id, took });
  for (const problem of problems) if (problem.severity === "warning") logWarning(logger, id, problem);
}

export function reportFirstLoad(catalog: Catalog, logger: Logger): void {
  for (const { id, problems } of catalog.list()) {
    for (const problem of problems) {
      if (problem.severity === "warning") logWarning(logger, id, problem);
      else logger.error("a pipeline does not load", { pipeline: id, ...describeProblem(problem) });
    }
  }
}
