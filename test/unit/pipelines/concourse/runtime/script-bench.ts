// YAML pipelines executed by the runtime alone: the globals that it uses are of this test, and steps do what it says.

import { compilePipeline } from "../../../../../src/pipelines/concourse/compile-pipeline.ts";
import { runPlan } from "../../../../../src/pipelines/concourse/runtime/entry.ts";
import type { StepOptions, StepResult, Volume } from "../../../../../src/pipelines/concourse/runtime/script-globals.ts";
import type { Version } from "../../../../../src/pipelines/concourse/plan.ts";

interface Surroundings {
  readonly params: Readonly<Record<string, unknown>>;
  readonly vars: Readonly<Record<string, unknown>>;
  readonly targetJobs: readonly string[];
  /** By path, in whatever folder. */
  readonly files: Readonly<Record<string, string>>;
  /** What becomes of a step; undefined: it succeeds. A step may take its time, and throw. */
  readonly onStep: (options: StepOptions) => Partial<StepResult> | undefined | Promise<Partial<StepResult> | undefined>;
  /** What a gate is answered with, where that is no approval. */
  readonly gateError: Error;
  /** What the host has chosen. */
  readonly onChoose: (asked: { readonly passed: readonly string[]; readonly version: string }) => Version | null;
}

export interface Executed {
  readonly steps: readonly StepOptions[];
  /** Their names. */
  readonly names: readonly string[];
  /** Job → how it ended, and why. */
  readonly jobs: Readonly<Record<string, string>>;
  readonly declared: readonly { readonly name: string; readonly needs: readonly string[] }[];
  /** Names of vars that the server was asked for. */
  readonly asked: readonly string[];
  /** Other calls of the host, as JSON. */
  readonly calls: readonly string[];
  readonly error: (Error & { readonly code?: string; readonly hint?: string; readonly position?: object }) | null;
}

export class CancelledError extends Error {}

export async function executeYaml(text: string, given: Partial<Surroundings> = {}): Promise<Executed> {
  const compiled = compilePipeline({ file: "ci.yml", text, runtime: "" });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  const { params = {}, vars = {}, targetJobs = [], files = {}, gateError, onStep = () => undefined, onChoose } = given;
  const steps: StepOptions[] = [];
  const calls: string[] = [];
  const asked: string[] = [];
  const declared: { readonly name: string; readonly needs: readonly string[] }[] = [];
  const jobs: Record<string, string> = {};
  let volumes = 0;
  const note = async (...parts: readonly unknown[]): Promise<void> => void calls.push(JSON.stringify(parts));
  const createVolume = async (): Promise<Volume> => {
    const name = `v${String(++volumes)}`;
    const read = (path: string): string => files[path] ?? files[path.slice(path.indexOf("/") + 1)] ?? "";
    const readFiles: Volume["readFiles"] = async (...paths) =>
      Object.fromEntries(paths.map((path) => [path, read(path)]));
    return { name, path: `/${name}`, readFiles };
  };
  const globals = {
    runtime: {
      run: async (options: StepOptions): Promise<StepResult> => {
        steps.push(options);
        return { code: 0, stdout: "", stderr: "", status: "complete", ...(await onStep(options)) };
      },
      gate: async (name: string, options: object) => {
        await note("gate", name, options);
        if (gateError !== undefined) throw gateError;
      },
    },
    volumes: {
      create: async (options: { readonly cache?: string } = {}): Promise<Volume> => {
        if (options.cache !== undefined) await note("cache", options.cache);
        return await createVolume();
      },
    },
    jobs: {
      declare: (jobs: Executed["declared"]) => void declared.push(...jobs),
      begin: () => {},
      end: (name: string, { status, message }: { readonly status: string; readonly message?: string }) => {
        jobs[name] = message === undefined ? status : `${status}: ${message}`;
      },
    },
    locks: {
      take: async (name: string, { limit }: { readonly limit: number }) => await note("take", name, limit),
      release: async (name: string) => await note("release", name),
    },
    vars: {
      find: async (names: readonly string[]) => {
        asked.push(...names);
        return vars;
      },
    },
    resources: {
      newest: async () => await Promise.resolve(null),
      take: async (resource: string, _: unknown, { jobs: takers }: { readonly jobs: readonly string[] }) =>
        await note("take", resource, takers),
      found: async (resource: string, versions: unknown) => await note("found", resource, versions),
      choose: async (asked: Parameters<Surroundings["onChoose"]>[0]) => {
        await note("choose", asked.version, asked.passed);
        return onChoose === undefined ? { version: "1" } : onChoose(asked);
      },
      passed: async (job: string, versions: readonly { readonly version: Version }[]) =>
        await note(
          "passed",
          job,
          versions.map(({ version }) => version),
        ),
    },
    setPipeline: async (name: string, set: unknown) => await note("set", name, set),
    notify: { send: async (message: unknown) => await note("notify", message) },
    pipelineContext: { params, targetJobs },
    YAML: Bun.YAML,
    webhookTrigger: () => false,
    CancelledError,
  };
  const before = new Map(Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]));
  Object.assign(globalThis, globals);
  let error: Executed["error"] = null;
  try {
    await runPlan(compiled.plan);
  } catch (thrown) {
    error = thrown as Error;
  } finally {
    for (const [name, descriptor] of before) {
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
      else Object.defineProperty(globalThis, name, descriptor);
    }
  }
  return { steps, names: steps.map(({ name }) => name), jobs, declared, calls, asked, error };
}
