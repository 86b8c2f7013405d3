// One script and everything it imports as one module with a source map; nothing is executed and nothing outside the
// pipelines folder is read.

import type { BuildArtifact, BuildConfig, BuildOutput } from "bun";
import { realpath } from "node:fs/promises";
import { posix } from "node:path";
import type { Bundle } from "../core/bundle.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { BundlePlugin, moduleNamespace, notedMessage } from "./bundle-plugin.ts";
import { maxPipelineFileBytes } from "../core/pipeline-file.ts";
import { describeFileError, ModuleReader, type ReadLimits } from "./module-reader.ts";
import { createError, type Problem } from "./pipeline.ts";
import { sealBundle, type SourceMap } from "./seal-bundle.ts";

export type { Bundle } from "../core/bundle.ts";

export interface BundleLimits extends ReadLimits {
  readonly maxBundleBytes: number;
  readonly timeoutMs: number;
}

export interface BundleOptions {
  /** The pipelines folder; may be a symlink. */
  readonly root: string;
  /** Path below it, with extension. */
  readonly file: string;
  /** What to load instead of what the file holds; it need not exist then. */
  readonly text?: string | undefined;
  readonly limits?: Partial<BundleLimits>;
  readonly clock?: Clock;
}

/** `inputs`: every path looked at, below the root, with its stamp: when none has changed, neither has the result. */
export type BundleResult = { readonly inputs: ReadonlyMap<string, string> } & (
  { readonly ok: true; readonly bundle: Bundle } | { readonly ok: false; readonly problems: readonly Problem[] }
);

const defaultLimits: BundleLimits = {
  maxFileBytes: maxPipelineFileBytes,
  maxFiles: 1000,
  maxBundleBytes: 4 * 1024 ** 2,
  timeoutMs: 10_000,
};
const maxProblems = 50;

/** Bundles one file. Never rejects: whatever is wrong is a problem. */
export async function loadBundle(options: BundleOptions): Promise<BundleResult> {
  const { file, text, clock = systemClock } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const fail = (inputs: ReadonlyMap<string, string>, ...problems: readonly Problem[]): BundleResult => ({
    ok: false,
    problems: sortProblems(problems),
    inputs,
  });
  let root: string;
  try {
    root = await realpath(options.root);
  } catch (thrown) {
    return fail(new Map(), createError(file, `cannot read the folder ${options.root}: ${describeFileError(thrown)}`));
  }
  const reader = new ModuleReader(root, limits, text === undefined ? null : { path: posix.normalize(file), text });
  const entry = await findEntry(reader, file);
  if (typeof entry !== "string") return fail(reader.inputs, entry);
  const plugin = new BundlePlugin(reader);
  const output = await withTimeout(build(entry, plugin), limits.timeoutMs, clock);
  plugin.stop();
  if (output === "late") return fail(reader.inputs, createError(file, `bundling took over ${limits.timeoutMs} ms`));
  // A refused import exports nothing, which the bundler reports once more.
  const isConsequence = ({ message }: Problem): boolean =>
    plugin.problems.length > 0 && message.startsWith("No matching export");
  const logged = readLogs(output, file).filter((problem) => !isConsequence(problem));
  const problems = [...plugin.problems, ...logged];
  const [code, sourceMap] = output.success ? await readOutputs(output) : [];
  if (problems.length > 0 || code === undefined || sourceMap === undefined) {
    return fail(reader.inputs, ...(problems.length > 0 ? problems : [createError(file, "the bundler gave no result")]));
  }
  const bundle = finish(code, sourceMap);
  const bytes = Buffer.byteLength(bundle.code);
  if (bytes <= limits.maxBundleBytes) return { ok: true, bundle, inputs: reader.inputs };
  const message = `the script with all its imports has ${bytes} bytes; at most ${limits.maxBundleBytes} are allowed`;
  return fail(reader.inputs, createError(file, message, "import fewer or smaller packages"));
}

async function findEntry(reader: ModuleReader, file: string): Promise<string | Problem> {
  const path = posix.normalize(file);
  if (posix.isAbsolute(path) || path === ".." || path.startsWith("../")) {
    return createError(file, `cannot load ${file}: it is outside the pipelines folder`);
  }
  const found = await reader.find(path);
  if (found.type === "file") return found.path;
  const reasons = { absent: "it does not exist", directory: "it is a folder" } as const;
  return createError(file, `cannot load ${file}: ${found.type === "refused" ? found.reason : reasons[found.type]}`);
}

async function build(entry: string, plugin: BundlePlugin): Promise<BuildOutput> {
  // `macros` is missing from Bun's types. Without it a macro would run here, in the server, unseen by the plugin.
  const config: BuildConfig & { readonly macros: false } = {
    entrypoints: [entry],
    // Where Bun would look for a tsconfig.json and count names from; the modules themselves are in no folder.
    root: "/",
    target: "browser",
    format: "esm",
    macros: false,
    env: "disable",
    // Else the server's own NODE_ENV would be written into the bundle.
    define: { "process.env.NODE_ENV": '"production"' },
    jsx: { runtime: "automatic", development: false },
    packages: "bundle",
    splitting: false,
    sourcemap: "external",
    minify: false,
    throw: false,
    plugins: [plugin],
  };
  return Bun.build(config);
}

function withTimeout<T>(work: Promise<T>, timeoutMs: number, clock: Clock): Promise<T | "late"> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(timeoutMs, () => resolve("late"));
    void work.then(resolve, reject).finally(cancel);
  });
}

function readLogs(output: BuildOutput, file: string): Problem[] {
  return output.logs.flatMap((log) => {
    if (log.level !== "error" || log.message === notedMessage) return [];
    const { position } = log;
    const place = position && position.line > 0 ? { line: position.line, column: Math.max(1, position.column) } : null;
    return [createError(position?.file || file, log.message, null, place)];
  });
}

async function readOutputs(output: BuildOutput): Promise<readonly (string | undefined)[]> {
  const find = (kind: BuildArtifact["kind"]): Promise<string> | undefined =>
    output.outputs.find((artifact) => artifact.kind === kind)?.text();
  return [await find("entry-point"), await find("sourcemap")];
}

function finish(code: string, sourceMap: string): Bundle {
  const { version, sources, sourcesContent, names, mappings } = JSON.parse(sourceMap) as SourceMap;
  const own = sources.map((source) => source.replace(`${moduleNamespace}:`, ""));
  const bare = code.replace(/\n*\/\/# debugId=\w+\s*$/, "");
  return sealBundle(bare, { version, sources: own, sourcesContent, names, mappings });
}

function sortProblems(problems: readonly Problem[]): Problem[] {
  return [...problems]
    .sort((a, b) => a.file.localeCompare(b.file) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))
    .slice(0, maxProblems);
}
