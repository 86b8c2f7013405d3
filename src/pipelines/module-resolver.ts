// From an import to the file it means, without ever leaving the pipelines folder: no tsconfig, no NODE_PATH, no
// package outside `node_modules` below the root.

import { posix } from "node:path";
import { findReplacement, isBuiltInModule } from "./built-in-modules.ts";
import type { Found, ModuleReader } from "./module-reader.ts";
import {
  findBrowserReplacement,
  findInternalTarget,
  findTargets,
  type ImportKind,
  type PackageManifest,
  parseManifest,
} from "./package-manifest.ts";

export type Resolution =
  /** A real path below the root. */
  | { readonly type: "file"; readonly path: string }
  /** The package says that there is nothing here for a sandbox. */
  | { readonly type: "empty" }
  | { readonly type: "refused"; readonly message: string; readonly hint: string | null };

/** Loaders by extension; a file of another kind is no module. */
export const moduleLoaders: Readonly<Record<string, "ts" | "tsx" | "js" | "jsx" | "json">> = {
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
  ".js": "js",
  ".mjs": "js",
  ".cjs": "js",
  ".jsx": "jsx",
  ".json": "json",
};

const authorExtensions = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json"];
const packageExtensions = [".js", ".mjs", ".cjs", ".json", ".jsx", ".ts", ".tsx", ".mts", ".cts"];
/** TypeScript's convention: an import of "./x.js" may mean "./x.ts". */
const sourceExtensions: Readonly<Record<string, readonly string[]>> = {
  ".js": [".ts", ".tsx"],
  ".mjs": [".mts"],
  ".cjs": [".cts"],
  ".jsx": [".tsx"],
};
const maxRedirects = 8;

/** Whether a path below the root belongs to an npm package rather than to the author. */
export function isInPackage(path: string): boolean {
  return path.split("/").includes("node_modules");
}

/** The name of the package a path belongs to. */
export function packageNameOf(path: string): string {
  const [scope = "", name = ""] = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length).split("/");
  return scope.startsWith("@") ? `${scope}/${name}` : scope;
}

export class ModuleResolver {
  readonly #reader: ModuleReader;

  constructor(reader: ModuleReader) {
    this.#reader = reader;
  }

  /** What `specifier` means in the file `importer`, a real path below the root. */
  async resolve(specifier: string, importer: string, kind: ImportKind, redirects = 0): Promise<Resolution> {
    if (redirects > maxRedirects) return refuse(`cannot import "${specifier}": its package refers to itself`);
    const unusable = refuseForm(specifier);
    if (unusable) return unusable;
    if (/^\.{1,2}(?:\/|$)/.test(specifier)) return this.#resolveRelative(specifier, importer, kind, redirects);
    const scope = isInPackage(importer) ? await this.#findScope(importer) : undefined;
    if (specifier.startsWith("#")) {
      const target = scope ? findInternalTarget(scope.manifest, specifier, kind) : null;
      if (!scope || target === null) return refuse(`cannot import "${specifier}": no package.json maps it`);
      return this.resolve(target, `${scope.folder}/package.json`, kind, redirects + 1);
    }
    const replacement = scope ? findBrowserReplacement(scope.manifest, specifier) : undefined;
    if (replacement === false) return { type: "empty" };
    if (scope && replacement !== undefined && replacement !== specifier) {
      return this.resolve(replacement, `${scope.folder}/package.json`, kind, redirects + 1);
    }
    return this.#resolvePackage(specifier, importer, kind, redirects);
  }

  async #resolveRelative(
    specifier: string,
    importer: string,
    kind: ImportKind,
    redirects: number,
  ): Promise<Resolution> {
    const path = posix.join(posix.dirname(importer), specifier);
    if (path === ".." || path.startsWith("../")) {
      return refuse(
        `cannot import "${specifier}": it is outside the pipelines folder`,
        "move the file into the pipelines folder, for example into lib/",
      );
    }
    const found = await this.#findModule(path, isInPackage(importer), kind, redirects);
    return found ?? refuse(`cannot find "${specifier}"`, "check the path; it is relative to the file that imports it");
  }

  async #resolvePackage(specifier: string, importer: string, kind: ImportKind, redirects: number): Promise<Resolution> {
    const [, name, rest] = /^((?:@[^/]+\/)?[^/]+)(?:\/(.*))?$/.exec(specifier) ?? [];
    const subpath = rest ? `./${rest}` : ".";
    for (let folder = posix.dirname(importer); name; folder = posix.dirname(folder)) {
      if (posix.basename(folder) !== "node_modules") {
        const candidate = posix.join(folder, "node_modules", name);
        const found = await this.#reader.find(candidate);
        if (found.type === "refused") return refuse(`cannot import "${specifier}": ${found.reason}`);
        if (found.type === "directory") return this.#resolveInPackage(found.path, specifier, subpath, kind, redirects);
      }
      if (folder === ".") break;
    }
    return refuseMissing(specifier, name ?? specifier, importer);
  }

  async #resolveInPackage(
    folder: string,
    specifier: string,
    subpath: string,
    kind: ImportKind,
    redirects: number,
  ): Promise<Resolution> {
    const manifest = await this.#readManifest(folder);
    const targets = findTargets(manifest ?? {}, subpath, kind);
    const message = `cannot import "${specifier}"`;
    if (targets === null) return refuse(`${message}: the package does not export it`);
    for (const target of targets) {
      const path = posix.join(folder, target);
      // An `exports` that leaves its package is broken, or an attempt at something.
      if (!path.startsWith(`${folder}/`)) return refuse(`${message}: its package.json leads outside the package`);
      const found = await this.#findModule(path, true, kind, redirects);
      if (found) return found;
    }
    return refuse(`${message}: ${folder} has no ${targets[0]}`, "install the package again");
  }

  /** The file of a path that may lack its extension or be a folder; undefined where there is none. */
  async #findModule(
    path: string,
    inPackage: boolean,
    kind: ImportKind,
    redirects: number,
  ): Promise<Resolution | undefined> {
    const replaced = inPackage ? await this.#replaceForBrowser(path, kind, redirects) : undefined;
    if (replaced) return replaced;
    const exact = await this.#reader.find(path);
    if (exact.type === "file" || exact.type === "refused") return this.#accept(path, exact, kind, redirects);
    const extension = posix.extname(path);
    const candidates = [
      ...(sourceExtensions[extension] ?? []).map((source) => path.slice(0, -extension.length) + source),
      ...(inPackage ? packageExtensions : authorExtensions).map((added) => path + added),
    ];
    for (const candidate of candidates) {
      const found = await this.#reader.find(candidate);
      if (found.type === "file" || found.type === "refused") return this.#accept(candidate, found, kind, redirects);
    }
    if (exact.type !== "directory" || posix.basename(path) === "index") return undefined;
    const manifest = inPackage ? await this.#readManifest(path) : undefined;
    for (const target of (manifest && findTargets({ ...manifest, exports: null }, ".", kind)) ?? ["./index"]) {
      const inside = posix.join(path, target);
      if (inside === path || redirects > maxRedirects) continue;
      const found = await this.#findModule(inside, inPackage, kind, redirects + 1);
      if (found) return found;
    }
    return undefined;
  }

  async #accept(asked: string, found: Found, kind: ImportKind, redirects: number): Promise<Resolution> {
    if (found.type !== "file") return refuse(`cannot import ${asked}: ${"reason" in found ? found.reason : ""}`);
    const extension = posix.extname(found.path);
    if (/\.d\.[cm]?ts$/.test(found.path)) return { type: "empty" };
    if (!(extension in moduleLoaders))
      return refuse(`cannot import ${asked}: ${describeForeign(extension)}`, foreignHint);
    const replaced = isInPackage(asked) ? await this.#replaceForBrowser(asked, kind, redirects) : undefined;
    return replaced ?? { type: "file", path: found.path };
  }

  async #replaceForBrowser(path: string, kind: ImportKind, redirects: number): Promise<Resolution | undefined> {
    const scope = await this.#findScope(path);
    if (!scope || !path.startsWith(`${scope.folder}/`)) return undefined;
    const name = `./${path.slice(scope.folder.length + 1)}`;
    const replacement = findBrowserReplacement(scope.manifest, name);
    if (replacement === undefined || replacement === name) return undefined;
    if (replacement === false) return { type: "empty" };
    if (redirects > maxRedirects) return undefined;
    const inside = posix.join(scope.folder, replacement);
    // Both forms are in use: "./browser.js" and "browser.js".
    const found = inside === path ? undefined : await this.#findModule(inside, true, kind, redirects + 1);
    return found ?? this.resolve(replacement, `${scope.folder}/package.json`, kind, redirects + 1);
  }

  /** The package a file belongs to: the nearest package.json above it, below its node_modules. */
  async #findScope(path: string): Promise<{ readonly folder: string; readonly manifest: PackageManifest } | undefined> {
    for (let folder = posix.dirname(path); isInPackage(folder); folder = posix.dirname(folder)) {
      if (posix.basename(folder) === "node_modules") return undefined;
      const manifest = await this.#readManifest(folder);
      if (manifest) return { folder, manifest };
    }
    return undefined;
  }

  async #readManifest(folder: string): Promise<PackageManifest | undefined> {
    const found = await this.#reader.find(`${folder}/package.json`);
    if (found.type !== "file") return undefined;
    const read = await this.#reader.read(found.path);
    return read.ok ? parseManifest(read.text) : {};
  }
}

function refuse(message: string, hint: string | null = null): Resolution {
  return { type: "refused", message, hint };
}

function refuseForm(specifier: string): Resolution | undefined {
  const insideHint = "copy the file into the pipelines folder and import it by a relative path";
  if (specifier === "") return refuse("an import needs a path or the name of a package");
  if (isBuiltInModule(specifier) && /^(?:node|bun):/.test(specifier)) return refuseBuiltIn(specifier);
  if (/^[a-zA-Z][a-zA-Z\d+.-]*:/.test(specifier))
    return refuse(`cannot import "${specifier}": addresses are not loaded`, insideHint);
  if (specifier.startsWith("/") || specifier.includes("\\")) {
    return refuse(
      `cannot import "${specifier}": only relative paths inside the pipelines folder are loaded`,
      insideHint,
    );
  }
  return undefined;
}

function refuseBuiltIn(specifier: string): Resolution {
  return refuse(`cannot import "${specifier}": it does not exist in the sandbox`, findReplacement(specifier));
}

function refuseMissing(specifier: string, name: string, importer: string): Resolution {
  if (isBuiltInModule(specifier)) return refuseBuiltIn(specifier);
  if (/^(?:@|~|src)\//.test(specifier)) {
    return refuse(
      `cannot import "${specifier}": no such package`,
      "tsconfig paths are not used; write a relative import",
    );
  }
  const hint = isInPackage(importer)
    ? `it belongs to the dependencies of ${packageNameOf(importer)}; install them in the pipelines folder`
    : `run "bun add ${name}" in the pipelines folder, or write "./${specifier}" if it is your own file`;
  return refuse(`cannot import "${specifier}": it is not in node_modules of the pipelines folder`, hint);
}

const foreignHint = "put data into a .json file or export it from a .ts file; do the rest in a process step";

function describeForeign(extension: string): string {
  if (extension === ".node") return "native addons do not run in the sandbox";
  if (extension === ".wasm") return "WebAssembly does not run in the sandbox";
  return `only .ts, .js and .json files are loaded, not ${extension || "files without an extension"}`;
}
