// The tests of pipelines, executed in this process: by a sandbox of their own, with nothing else open.

import type { Config } from "../config.ts";
import { AppError } from "../core/app-error.ts";
import type { JsonValue } from "../core/json.ts";
import { runTests, type TestProblem, type TestResult } from "../engine/engine.ts";
import type { Pipeline, PipelineVersion } from "../pipelines/pipelines.ts";
import { inspectModule, type SandboxPool } from "../sandbox/sandbox.ts";
import { createSecretReader } from "../secrets/secrets.ts";
import { locateTarget, type Target } from "./locate-target.ts";
import { openLogger } from "./open-logger.ts";
import { noStore, openPipelines } from "./open-pipelines.ts";
import { openPool } from "./open-pool.ts";
import { OpenedParts } from "./opened-parts.ts";

/** One pipeline's file with tests, or one that was named. */
export interface TestedFile {
  readonly pipeline: string;
  /** Path below the pipelines folder. */
  readonly file: string;
  /** Why its tests cannot be executed at all. */
  readonly problem: TestProblem | null;
  /** False where it exports none. */
  readonly hasTests: boolean;
}

export interface TestPipelinesOptions {
  /** Absolute paths of scripts, or ids of pipelines; none: all that have tests. */
  readonly targets: readonly string[];
  /** By the name of a test. */
  readonly isWanted: (name: string) => boolean;
  /** Called before the results of its tests. */
  readonly onFile: (file: TestedFile) => Promise<void> | void;
  readonly onResult: (result: TestResult) => Promise<void> | void;
}

/** @throws {AppError} PIPELINE_NOT_FOUND for a target that is not there. */
export async function testPipelines(config: Config, options: TestPipelinesOptions): Promise<void> {
  const opened = new OpenedParts();
  try {
    const logger = openLogger({ ...config, logLevel: "error" });
    const pool = openPool({ sandboxProcesses: 1 }, opened, logger);
    const targets = options.targets.map((target) => locateTarget(config.pipelines, target));
    const folders = targets.length === 0 ? [config.pipelines] : [...new Set(targets.map(({ pipelines }) => pipelines))];
    for (const folder of folders) {
      const secrets = createSecretReader({ env: {}, now: Date.now });
      const catalog = await openPipelines({ ...config, pipelines: folder }, pool, secrets, noStore, logger, false);
      opened.add(async () => await catalog.close());
      const wanted = targets.filter(({ pipelines }) => pipelines === folder);
      for (const pipeline of choose(catalog.list(), wanted)) {
        await testPipeline(pool, pipeline, { ...options, isNamed: wanted.length > 0 });
      }
    }
  } finally {
    await opened.close();
  }
}

/** @throws {AppError} PIPELINE_NOT_FOUND. */
function choose(pipelines: readonly Pipeline[], wanted: readonly Target[]): readonly Pipeline[] {
  if (wanted.length === 0) return pipelines;
  return wanted.map(({ id, file }) => {
    const found = pipelines.find((each) => each.id === id);
    if (found !== undefined) return found;
    throw new AppError("PIPELINE_NOT_FOUND", `there is no pipeline ${JSON.stringify(file ?? id)}`, {
      hint: `there are ${pipelines.map((each) => each.id).join(", ") || "none"}`,
    });
  });
}

async function testPipeline(
  pool: SandboxPool,
  { id, file, version, problems, state }: Pipeline,
  options: TestPipelinesOptions & { readonly isNamed: boolean },
): Promise<void> {
  const { isWanted, onFile, onResult, isNamed } = options;
  const tell = async (problem: TestProblem | null, hasTests: boolean): Promise<void> =>
    await onFile({ pipeline: id, file, problem, hasTests });
  const [broken] = problems.filter(({ severity }) => severity === "error");
  if (version === null || state === "broken") {
    const { message = "it does not load", hint = null, line = null } = broken ?? {};
    await tell({ message, hint, file: broken?.file ?? file, line }, false);
    return;
  }
  const read = await readTests(pool, id, version);
  if ("message" in read) await tell(read, true);
  else if (read.tests === undefined) {
    if (isNamed) await tell(null, false);
  } else {
    await tell(null, true);
    const pipeline = { id, bundle: version.bundle, config: version.config };
    await runTests({ pool, pipeline, tests: read.tests, isWanted, onResult });
  }
}

async function readTests(
  pool: SandboxPool,
  id: string,
  { bundle }: PipelineVersion,
): Promise<{ readonly tests: JsonValue | undefined } | TestProblem> {
  const inspected = await inspectModule(pool, bundle, id, "inspect_tests");
  if (inspected.ok) return { tests: inspected.exports.tests };
  const { message, position } = inspected;
  return { message, hint: null, file: position?.file ?? null, line: position?.line ?? null };
}
