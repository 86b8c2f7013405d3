// The rules of DESIGN.md §6 and §7 as a pure function: files in, violations out.

import { posix } from "node:path";
import { findCycles } from "./find-cycles.ts";
import { findImports, type Import } from "./find-imports.ts";
import {
  abilityOwners,
  doorsBeside,
  forbiddenNames,
  importableOutside,
  layers,
  maxLines,
  neverTakenApart,
  packageOwners,
  wiring,
  withoutDoor,
} from "./layers.ts";
import { tokenize } from "./tokenize.ts";

export interface SourceFile {
  /** Below src/, with slashes: `store/store.ts`. */
  readonly path: string;
  readonly source: string;
}

interface Edge extends Import {
  readonly from: string;
  /** Below src/, or beginning with `../`; null where it is a package. */
  readonly to: string | null;
  readonly packageName: string | null;
}

/** Folder below src/, or the file's own name where it stands directly in src/. */
function unitOf(path: string): string {
  const folder = Object.keys(doorsBeside).find((name) => doorsBeside[name] === path);
  return folder ?? path.split("/")[0] ?? path;
}

function doorOf(unit: string): string {
  return doorsBeside[unit] ?? `${unit}/${unit}.ts`;
}

function rankOf(unit: string): number {
  return layers.findIndex((row) => row.includes(unit));
}

/** Path below src/; one that leads out of it begins with `../`. */
function resolve(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier);
}

function packageOf(specifier: string): string {
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? specifier);
}

function edgesOf({ path, source }: SourceFile): Edge[] {
  return findImports(source).map((found) => {
    const { specifier } = found;
    const isPath = specifier !== null && /^\.{0,2}\//.test(specifier);
    const to = isPath ? resolve(path, specifier) : null;
    return { ...found, from: path, to, packageName: specifier === null || isPath ? null : packageOf(specifier) };
  });
}

function at(edge: Edge): string {
  return `${edge.from}:${String(edge.line)}`;
}

/** What is wrong with an import between two files of src/. */
function checkEdge(edge: Edge, paths: ReadonlySet<string>): string[] {
  if (edge.specifier === null) return [`${at(edge)} imports something computed; name the file`];
  if (edge.to === null || importableOutside.includes(edge.to)) return [];
  if (/^(\.\.)?\//.test(edge.to)) return [`${at(edge)} imports ${edge.specifier}, which is outside src/`];
  if (!paths.has(edge.to)) {
    return edge.to.endsWith(".ts") ? [`${at(edge)} imports ${edge.specifier}, which does not exist`] : [];
  }
  const [from, to] = [unitOf(edge.from), unitOf(edge.to)];
  if (from === to) return [];
  const found: string[] = [];
  if (rankOf(to) === rankOf(from)) found.push(`${at(edge)} imports its sibling ${edge.to}`);
  else if (rankOf(to) < rankOf(from)) found.push(`${at(edge)} imports upwards: ${edge.to} stands above ${from}`);
  const isDoor = !edge.to.includes("/") || edge.to === doorOf(to) || withoutDoor.includes(to);
  if (!isDoor && !wiring.includes(edge.from)) {
    found.push(`${at(edge)} reaches past the door ${doorOf(to)} to ${edge.to}`);
  }
  return found;
}

function checkPackages(edges: readonly Edge[]): string[] {
  const found: string[] = [];
  const usedIn = new Map<string, string>();
  for (const edge of edges) {
    const name = edge.packageName;
    if (name === null || /^(node|bun):/.test(name) || name === "bun") continue;
    const owner = packageOwners.find(({ of }) => of.test(name));
    const place = owner?.places.find((candidate) => edge.from.startsWith(candidate));
    const first = usedIn.get(name);
    if (owner === undefined)
      found.push(`${at(edge)} imports ${name}, which has no owner in test/architecture/layers.ts`);
    else if (place === undefined)
      found.push(`${at(edge)} imports ${name}, which belongs to ${owner.places.join(" or ")}`);
    else if (first !== undefined && first !== place && owner.each !== true) {
      found.push(`${at(edge)} imports ${name}, which ${first} uses already`);
    } else usedIn.set(name, place);
  }
  return found;
}

/** Abilities by module and by global name. */
function checkAbilities({ path, source }: SourceFile, edges: readonly Edge[]): string[] {
  const found: string[] = [];
  const tokens = tokenize(source);
  for (const { name, words, modules, places } of abilityOwners) {
    if (places.some((place) => path.startsWith(place))) continue;
    const uses = tokens.filter((_, index) =>
      words.some((texts) => texts.every((text, offset) => tokens[index + offset]?.text === text)),
    );
    const imported = edges.filter((edge) => modules.includes(edge.specifier ?? ""));
    for (const { line } of [...uses, ...imported]) {
      found.push(`${path}:${String(line)} uses ${name}, which belongs to ${places.join(" and ")}`);
    }
  }
  tokens.forEach((token, index) => {
    if (token.kind !== "word" || !neverTakenApart.includes(token.text) || tokens[index - 1]?.text === ".") return;
    const isWhole = ![".", "("].includes(tokens[index + 1]?.text ?? "");
    const isTakenApart = isWhole && tokens[index - 1]?.text === "=" && tokens[index - 2]?.text === "}";
    const isIndexed =
      tokens[index + 1]?.text === "[" || (tokens[index + 1]?.text === "?" && tokens[index + 2]?.text === ".");
    if (isTakenApart || isIndexed) {
      found.push(`${path}:${String(token.line)} takes ${token.text} apart; write ${token.text}.name where it is used`);
    }
  });
  for (const edge of edges.filter(({ specifier }) => specifier === "bun")) {
    if (!edge.typeOnly) found.push(`${at(edge)} imports from "bun"; write Bun.name where it is used`);
  }
  return found;
}

function checkFile({ path, source }: SourceFile): string[] {
  const found: string[] = [];
  const names = path.replace(/\.[^/]*$/, "").split("/");
  if (rankOf(unitOf(path)) === -1) found.push(`${path} stands in no layer of test/architecture/layers.ts`);
  const forbidden = names.find((name) => forbiddenNames.includes(name));
  if (forbidden !== undefined) found.push(`${path} is named ${forbidden}, which says nothing of what is in it`);
  const lines = source.split("\n");
  const count = source.endsWith("\n") ? lines.length - 1 : lines.length;
  if (count > maxLines) found.push(`${path} has ${String(count)} lines, more than ${String(maxLines)}`);
  const first = lines[0]?.startsWith("#!") === true ? lines[1] : lines[0];
  if (!/^\/[/*]/.test(first ?? "")) found.push(`${path} does not begin with a comment on what is in it`);
  lines.forEach((line, index) => {
    const mark = /\b(?:TODO|FIXME)\b/.exec(line)?.[0];
    if (mark !== undefined) found.push(`${path}:${String(index + 1)} says ${mark}; do it or write an issue`);
  });
  return found;
}

/** The contract stands at the door and the door hands out what fulfils it: a type taken from one's own door is no cycle. */
function isContract(edge: Edge): boolean {
  return edge.typeOnly && edge.to === doorOf(unitOf(edge.from));
}

/** One sentence per violation, each beginning with the place. */
export function checkArchitecture(files: readonly SourceFile[]): readonly string[] {
  const paths = new Set(files.map(({ path }) => path));
  const edges = files.flatMap(edgesOf);
  const graph = new Map<string, string[]>(files.map(({ path }) => [path, []]));
  for (const edge of edges) {
    if (edge.to !== null && paths.has(edge.to) && !isContract(edge)) graph.get(edge.from)?.push(edge.to);
  }
  return [
    ...files.flatMap(checkFile),
    ...edges.flatMap((edge) => checkEdge(edge, paths)),
    ...checkPackages(edges),
    ...files.flatMap((file) =>
      checkAbilities(
        file,
        edges.filter((edge) => edge.from === file.path),
      ),
    ),
    ...findCycles(graph).map((cycle) => `${cycle.join(" → ")} is a cycle`),
  ];
}
