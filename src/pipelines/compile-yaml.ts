// A YAML file as the bundle of the script it is compiled to.

import { realpath } from "node:fs/promises";
import { posix } from "node:path";
import type { Bundle } from "../core/bundle.ts";
import { maxPipelineFileBytes } from "../core/pipeline-file.ts";
import type { BundleLimits, BundleResult } from "./bundle.ts";
import type * as Concourse from "./concourse/concourse.ts";
import { bundleRuntime } from "./concourse/runtime-source.ts" with { type: "macro" };
import { describeFileError, ModuleReader } from "./module-reader.ts";
import { type ConfigChecks, parsePipelineConfig } from "./parse-pipeline-config.ts";
import { createError, type PipelineVersion, type Problem } from "./pipeline.ts";
import { findAuthorSource } from "./author-source.ts";
import { sealBundle } from "./seal-bundle.ts";

/** Here, because a module with a macro cannot be required where the program is not compiled. */
const runtime = bundleRuntime();

/** Loaded with the first YAML file: the parser takes its time and its memory. */
export function loadConcourse(): typeof Concourse {
  return require("./concourse/concourse.ts") as typeof Concourse;
}

export interface YamlSource {
  /** The pipelines folder; may be a symlink. */
  readonly root: string;
  /** Path below it, with extension. */
  readonly file: string;
  /** What to compile instead of what the file holds; it need not exist then. */
  readonly text?: string | undefined;
  readonly limits?: Partial<BundleLimits>;
  readonly checks?: ConfigChecks | undefined;
}

/** Never rejects: whatever is wrong is a problem. */
export async function loadYaml(source: YamlSource): Promise<BundleResult> {
  const { root, file, text, limits = {}, checks } = source;
  const path = posix.normalize(file);
  let reader: ModuleReader;
  try {
    const { maxFileBytes = maxPipelineFileBytes } = limits;
    const given = text === undefined ? null : { path, text };
    reader = new ModuleReader(await realpath(root), { maxFileBytes, maxFiles: 1 }, given);
  } catch (thrown) {
    const problem = createError(file, `cannot read the folder ${root}: ${describeFileError(thrown)}`);
    return { ok: false, problems: [problem], inputs: new Map() };
  }
  const refuse = (reason: string): BundleResult => {
    return { ok: false, problems: [createError(file, `cannot load ${file}: ${reason}`)], inputs: reader.inputs };
  };
  if (posix.isAbsolute(path) || path === ".." || path.startsWith("../")) {
    return refuse("it is outside the pipelines folder");
  }
  const found = await reader.find(path);
  if (found.type === "absent") return refuse("it does not exist");
  if (found.type === "directory") return refuse("it is a folder");
  if (found.type === "refused") return refuse(found.reason);
  const read = await reader.read(found.path);
  if (!read.ok) return refuse(read.reason);
  return { ...compileYaml(file, read.text, checks), inputs: reader.inputs };
}

/** The script that a YAML file becomes, or what is wrong with it. */
export type CompiledFile = { readonly problems: readonly Problem[] } & (
  { readonly ok: true; readonly code: string } | { readonly ok: false }
);

export function compileFile(file: string, text: string, checks: ConfigChecks | undefined): CompiledFile {
  const compiled = compile(file, text, checks);
  if (!compiled.ok) return { ok: false, problems: place(file, compiled.problems) };
  const warnings = place(file, compiled.warnings).map((problem) => ({ ...problem, severity: "warning" }) as const);
  return { ok: true, code: compiled.code, problems: warnings };
}

type YamlBundle =
  { readonly ok: true; readonly bundle: Bundle } | { readonly ok: false; readonly problems: readonly Problem[] };

function compileYaml(file: string, text: string, checks: ConfigChecks | undefined): YamlBundle {
  const compiled = compile(file, text, checks);
  if (!compiled.ok) return { ok: false, problems: place(file, compiled.problems) };
  const map = { version: 3, sources: [file], sourcesContent: [text], names: [], mappings: "" } as const;
  const bundle = sealBundle(compiled.code, map);
  note(bundle, compiled);
  return { ok: true, bundle };
}

function compile(file: string, text: string, checks: ConfigChecks | undefined): Concourse.CompiledPipeline {
  return loadConcourse().compilePipeline({
    file,
    text,
    runtime,
    ...(checks?.condition === undefined ? {} : { checkCondition: checks.condition }),
    checkConfig: (config) => {
      const parsed = parsePipelineConfig(config, checks);
      return parsed.ok ? [] : parsed.problems;
    },
  });
}

function place(file: string, problems: readonly Concourse.PlacedProblem[]): readonly Problem[] {
  return problems.map(({ place: [line, column], message, hint }) => createError(file, message, hint, { line, column }));
}

/** What is to be told of a file that is good enough to be in force. */
export interface YamlNotes {
  readonly warnings: readonly Concourse.PlacedProblem[];
  readonly vars: readonly Concourse.VarPlan[];
  readonly targets: readonly Concourse.NamedTarget[];
}

const known = new WeakMap<Bundle, YamlNotes>();

/** What was noted when a version was compiled; one that is from before a restart is compiled again. */
export function findYamlNotes({ bundle, file }: PipelineVersion): YamlNotes {
  const text = known.has(bundle) ? null : findAuthorSource(bundle, file);
  const compiled = text === null ? null : loadConcourse().compilePipeline({ file, text, runtime });
  if (compiled?.ok === true) note(bundle, compiled);
  return known.get(bundle) ?? { warnings: [], vars: [], targets: [] };
}

function note(bundle: Bundle, { warnings, plan, targets }: Concourse.CompiledPipeline & { readonly ok: true }): void {
  known.set(bundle, { warnings, vars: plan.vars, targets });
}
