// The bundler's only way to files: every import is resolved and every module read here, or refused with its place.

import type { BunPlugin, PluginBuilder } from "bun";
import { posix } from "node:path";
import { findReplacement, isBuiltInModule } from "./built-in-modules.ts";
import { type FoundImport, scanImports } from "./import-scan.ts";
import type { ModuleReader } from "./module-reader.ts";
import { isInPackage, moduleLoaders, ModuleResolver, packageNameOf } from "./module-resolver.ts";
import { findNodeNames } from "./node-names.ts";
import { createError, type Problem } from "./pipeline.ts";

/** Modules are named by their path below the root in a namespace of their own, so that Bun never looks for them itself. */
export const moduleNamespace = "pipelines";
const emptyNamespace = "pipelines-empty";
/** Thrown into the bundler where the problem is already noted. */
export const notedMessage = "refused: see the problems noted";

const noFolder = "a script is bundled and has no folder; name files in full";
const macroMessage = "macros are not supported: they would run inside the server while it loads the file";

interface Asked {
  readonly path: string;
  readonly importer: string;
  readonly kind: string;
}

export class BundlePlugin implements BunPlugin {
  readonly name = "pipelines";
  readonly problems: Problem[] = [];
  readonly #reader: ModuleReader;
  readonly #resolver: ModuleResolver;
  #stopped = false;

  constructor(reader: ModuleReader) {
    this.#reader = reader;
    this.#resolver = new ModuleResolver(reader);
  }

  /** Refuses everything from now on: a build that took too long cannot be cancelled otherwise. */
  stop(): void {
    this.#stopped = true;
  }

  // Bun calls it without `this`.
  readonly setup = (build: PluginBuilder): void => {
    build.onResolve({ filter: /^/ }, (asked) => this.#resolve(asked));
    build.onLoad({ filter: /^/, namespace: emptyNamespace }, () => ({
      contents: "module.exports = {};",
      loader: "js",
    }));
    build.onLoad({ filter: /^/, namespace: moduleNamespace }, ({ path }) => this.#load(path));
    // Nothing should come here; if something does, it must not be read.
    build.onLoad({ filter: /^/ }, ({ path }) => this.#refuse(createError(path, "it is outside the pipelines folder")));
  };

  async #resolve(asked: Asked): Promise<{ path: string; namespace: string }> {
    if (this.#stopped) throw new Error(notedMessage);
    if (asked.kind === "entry-point-build") return { path: asked.path, namespace: moduleNamespace };
    const calls = asked.kind.startsWith("require");
    if (calls && !isInPackage(asked.importer)) {
      const message = `require("${asked.path}") is not supported in a pipeline`;
      const hint = isBuiltInModule(asked.path) ? findReplacement(asked.path) : `write: import … from "${asked.path}"`;
      return this.#refuseImport(asked, message, hint);
    }
    const resolution = await this.#resolver.resolve(asked.path, asked.importer, calls ? "require" : "import");
    if (resolution.type === "file") return { path: resolution.path, namespace: moduleNamespace };
    if (resolution.type === "empty") return { path: "empty", namespace: emptyNamespace };
    const { message, hint } = resolution;
    if (!isInPackage(asked.importer)) return this.#refuseImport(asked, message, hint);
    return this.#refuseImport(
      asked,
      `the package ${packageNameOf(asked.importer)} does not run here: ${message}`,
      hint,
    );
  }

  async #load(path: string): Promise<{ contents: string; loader: "ts" | "tsx" | "js" | "jsx" | "json" }> {
    if (this.#stopped) throw new Error(notedMessage);
    const read = await this.#reader.read(path);
    if (!read.ok) return this.#refuse(createError(path, `cannot read ${path}: ${read.reason}`));
    const loader = moduleLoaders[posix.extname(path)] ?? "js";
    const refused = loader === "json" ? [] : findRefused(path, read.text);
    this.problems.push(...refused);
    // The other refusals let the bundler go on and find more; a macro is not even shown to it.
    if (refused.some(({ message }) => message === macroMessage)) throw new Error(notedMessage);
    return { contents: read.text, loader };
  }

  async #refuseImport(asked: Asked, message: string, hint: string | null): Promise<never> {
    const read = await this.#reader.read(asked.importer);
    const place = read.ok ? locate(asked, read.text) : null;
    return this.#refuse(createError(asked.importer, message, hint, place));
  }

  #refuse(problem: Problem): never {
    this.problems.push(problem);
    throw new Error(notedMessage);
  }
}

function locate(asked: Asked, source: string): FoundImport | null {
  const kind = asked.kind === "dynamic-import" ? "dynamic" : asked.kind.startsWith("require") ? "require" : "static";
  const same = scanImports(source).filter((found) => found.specifier === asked.path && !found.typeOnly);
  return same.find((found) => found.kind === kind) ?? same[0] ?? null;
}

/** What the bundler does not show to its plugins: attributes, macros, computed imports. */
function findRefused(path: string, source: string): Problem[] {
  const inPackage = isInPackage(path);
  // Packages are large and rarely have these; their computed imports fail when they run.
  if (inPackage && !/\b(?:with|assert)\s*\{|\bwith\s*:|["'](?:macro|bun):/.test(source)) return [];
  const imports = scanImports(source).flatMap((found) => {
    const refusal = refuseFound(found, inPackage);
    return refusal ? [createError(path, refusal.message, refusal.hint, found)] : [];
  });
  const names = inPackage ? [] : findNodeNames(source);
  return [
    ...imports,
    ...names.map((found) => createError(path, `${found.name} does not exist in a pipeline`, noFolder, found)),
  ];
}

function refuseFound(found: FoundImport, inPackage: boolean): { message: string; hint: string } | undefined {
  const { specifier, attribute, typeOnly } = found;
  if (typeOnly) return undefined;
  if (attribute === "macro" || specifier?.startsWith("macro:")) {
    const hint = 'import it without `with { type: "macro" }`: it then runs in the sandbox';
    return { message: macroMessage, hint };
  }
  if (specifier?.startsWith("bun:")) {
    return {
      message: `cannot import "${specifier}": it does not exist in the sandbox`,
      hint: findReplacement(specifier),
    };
  }
  const json = attribute === "json" && (specifier === null || specifier.endsWith(".json"));
  if (attribute !== null && !json) {
    const message = `an import with { type: ${JSON.stringify(attribute)} } is not supported`;
    return { message, hint: 'export the data from a .ts file, or import a ".json" file' };
  }
  if (specifier !== null || inPackage) return undefined;
  const call = found.kind === "dynamic" ? "import" : "require";
  const hint = "import every file by a fixed path at the top of the script and choose between them in code";
  return { message: `${call}() of a computed path is not supported: a pipeline is bundled when it is loaded`, hint };
}
