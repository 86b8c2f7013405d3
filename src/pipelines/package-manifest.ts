// Which file of an npm package an import means: `exports`, `imports`, `browser`, `module` and `main` of package.json.

import { posix } from "node:path";

export interface PackageManifest {
  readonly exports?: unknown;
  readonly imports?: unknown;
  readonly browser?: unknown;
  readonly module?: unknown;
  readonly main?: unknown;
}

export type ImportKind = "import" | "require";

/** A manifest's text as a value; an empty one where it is no JSON object. */
export function parseManifest(text: string): PackageManifest {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

/**
 * Targets of a subpath ("." or "./x") in the order to try them, each relative to the package ("./dist/x.js"); null where
 * the package says that the subpath is not to be imported.
 */
export function findTargets(manifest: PackageManifest, subpath: string, kind: ImportKind): readonly string[] | null {
  if (manifest.exports !== undefined && manifest.exports !== null) {
    const { exports } = manifest;
    const mapped =
      isRecord(exports) && Object.keys(exports).some((key) => key.startsWith(".")) ? exports : { ".": exports };
    const target = matchMap(mapped, subpath, kind);
    return target === null ? null : [target];
  }
  if (subpath !== ".") return [subpath];
  const { browser, module, main } = manifest;
  const fields = kind === "require" ? [browser, main, module] : [browser, module, main];
  return [...fields.filter((field): field is string => typeof field === "string"), "./index"].map(asRelative);
}

/** Target of a "#name" import inside a package: a path of the package or another package; null where there is none. */
export function findInternalTarget(manifest: PackageManifest, name: string, kind: ImportKind): string | null {
  return isRecord(manifest.imports) ? matchMap(manifest.imports, name, kind) : null;
}

/**
 * What the `browser` field puts in the place of a file or package: another name, `false` for an empty module, undefined
 * where it says nothing. `name` is "./lib/x.js" or a package.
 */
export function findBrowserReplacement(manifest: PackageManifest, name: string): string | false | undefined {
  const { browser } = manifest;
  if (!isRecord(browser)) return undefined;
  const names = name.startsWith("./") ? [name, name.replace(/\.(?:js|cjs|mjs|json)$/, ""), name.slice(2)] : [name];
  for (const candidate of names) {
    const value = Object.hasOwn(browser, candidate) ? browser[candidate] : undefined;
    if (value === false || typeof value === "string") return value;
  }
  return undefined;
}

/** https://nodejs.org/api/packages.html#subpath-patterns: an exact key, else the longest pattern that fits. */
function matchMap(map: Readonly<Record<string, unknown>>, name: string, kind: ImportKind): string | null {
  if (Object.hasOwn(map, name) && !name.includes("*")) return chooseTarget(map[name], "", kind);
  let best: { readonly key: string; readonly rest: string } | undefined;
  for (const key of Object.keys(map)) {
    const star = key.indexOf("*");
    // A key that ends in a slash is the older way to write the pattern "key*".
    if (star < 0 && !key.endsWith("/")) continue;
    const [prefix, suffix] = star < 0 ? [key, ""] : [key.slice(0, star), key.slice(star + 1)];
    if (!name.startsWith(prefix) || !name.endsWith(suffix) || name.length < prefix.length + suffix.length) continue;
    const rest = name.slice(prefix.length, name.length - suffix.length);
    if (!best || key.length > best.key.length) best = { key, rest };
  }
  if (!best) return null;
  const target = chooseTarget(map[best.key], best.rest, kind);
  return target?.endsWith("/") ? target + best.rest : target;
}

const conditions: Readonly<Record<ImportKind, ReadonlySet<string>>> = {
  import: new Set(["import", "module", "browser", "default"]),
  require: new Set(["require", "module", "browser", "default"]),
};

function chooseTarget(value: unknown, rest: string, kind: ImportKind, depth = 0): string | null {
  if (depth > 16) return null;
  if (typeof value === "string") return value.replaceAll("*", () => rest);
  const choices = Array.isArray(value)
    ? (value as readonly unknown[])
    : isRecord(value)
      ? Object.keys(value).flatMap((condition) => (conditions[kind].has(condition) ? [value[condition]] : []))
      : [];
  for (const choice of choices) {
    const target = chooseTarget(choice, rest, kind, depth + 1);
    if (target !== null) return target;
  }
  return null;
}

function asRelative(path: string): string {
  return `./${posix.normalize(path).replace(/^\.?\//, "")}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
