// One file as a version that could be in force: bundled, its exports read in the sandbox, its config validated.

import type { Bundle } from "../core/bundle.ts";
import type { Clock } from "../core/clock.ts";
import { didYouMean } from "../core/did-you-mean.ts";
import type { PipelineConfig } from "../core/pipeline-config.ts";
import { isYamlFile } from "../core/pipeline-file.ts";
import { findAuthorSource } from "./author-source.ts";
import { type BundleLimits, loadBundle } from "./bundle.ts";
import { loadYaml } from "./compile-yaml.ts";
import { locateConfigField } from "./locate-config-field.ts";
import { type ConfigChecks, parsePipelineConfig } from "./parse-pipeline-config.ts";
import { createError, type PipelineVersion, type Problem } from "./pipeline.ts";

/** What a script exports, seen from outside. */
export interface ScriptExports {
  /** `typeof` of the export `pipeline`. */
  readonly pipeline: string;
  /** The export `config`; undefined where there is none. */
  readonly config?: unknown;
  readonly names: readonly string[];
}

export type ReadExportsResult =
  | { readonly ok: true; readonly exports: ScriptExports }
  | {
      readonly ok: false;
      readonly message: string;
      /** The author's; absent: the pipeline's own file. */
      readonly file?: string | null;
      readonly line: number | null;
      readonly column: number | null;
      readonly hint: string | null;
    };

/** Evaluates a bundle in the sandbox. Rejects only where the sandbox itself fails: it is asked again later. */
export type ReadExports = (bundle: Bundle, file: string) => Promise<ReadExportsResult>;

export interface LoadPipelineOptions {
  readonly root: string;
  readonly file: string;
  /** What to load instead of what the file holds; it need not exist then. */
  readonly text?: string;
  readonly clock: Clock;
  readonly limits?: Partial<BundleLimits>;
  readonly readExports: ReadExports;
  readonly checks?: ConfigChecks | undefined;
  /** A version with the same bundle and file needs no second look into the sandbox. */
  readonly known: PipelineVersion | null;
}

export type LoadedPipeline = { readonly inputs: ReadonlyMap<string, string> } & (
  | { readonly ok: true; readonly version: PipelineVersion }
  | {
      readonly ok: false;
      readonly problems: readonly Problem[];
      /** The same file may load later without being changed. */
      readonly retry: boolean;
    }
);

/** Never rejects: whatever is wrong is a problem. */
export async function loadPipeline(options: LoadPipelineOptions): Promise<LoadedPipeline> {
  const { root, file, text, clock, limits = {}, known } = options;
  const bundled = isYamlFile(file)
    ? await loadYaml({ root, file, text, limits, checks: options.checks })
    : await loadBundle({ root, file, text, limits, clock });
  const { inputs } = bundled;
  if (!bundled.ok) return { ok: false, problems: bundled.problems, retry: false, inputs };
  const { bundle } = bundled;
  if (known?.bundle.hash === bundle.hash && known.file === file) return { ok: true, version: known, inputs };
  let read: ReadExportsResult;
  try {
    read = await options.readExports(bundle, file);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    const problem = createError(file, `the sandbox could not read the script: ${reason}`, "it is tried again soon");
    return { ok: false, problems: [problem], retry: true, inputs };
  }
  const checked = checkExports(read, bundle, file, options.checks);
  if (!checked.ok) return { ok: false, problems: checked.problems, retry: false, inputs };
  return { ok: true, version: { bundle, config: checked.config, file, loadedAt: clock.now() }, inputs };
}

type CheckedExports =
  | { readonly ok: true; readonly config: PipelineConfig }
  | { readonly ok: false; readonly problems: readonly Problem[] };

function checkExports(
  read: ReadExportsResult,
  bundle: Bundle,
  file: string,
  checks: ConfigChecks | undefined,
): CheckedExports {
  if (!read.ok) {
    const place = read.line === null ? null : { line: read.line, column: read.column ?? 1 };
    return { ok: false, problems: [createError(read.file ?? file, read.message, read.hint, place)] };
  }
  const { exports } = read;
  const parsed = parsePipelineConfig(exports.config, checks);
  const problems = exports.pipeline === "function" ? [] : [describeMissing(exports, file)];
  if (!parsed.ok) {
    const source = findAuthorSource(bundle, file);
    for (const { field, message, hint } of parsed.problems) {
      problems.push(createError(file, message, hint, source === null ? null : locateConfigField(file, source, field)));
    }
  }
  return parsed.ok && problems.length === 0 ? { ok: true, config: parsed.config } : { ok: false, problems };
}

function describeMissing({ pipeline, names }: ScriptExports, file: string): Problem {
  const hint = "write: export const pipeline = async () => { … }";
  if (names.includes("pipeline"))
    return createError(file, `pipeline must be a function; its type is ${pipeline}`, hint);
  if (names.length === 0) return createError(file, "the file exports nothing; pipeline is missing", hint);
  const shown = names.slice(0, 10).join(", ");
  const near = names.includes("default") ? "default" : didYouMean("pipeline", names);
  const better =
    near === "default" ? "export the function by name: export { pipeline }" : `rename "${near}" to "pipeline"`;
  return createError(file, `exports ${shown}; pipeline is missing`, near === undefined ? hint : better);
}
