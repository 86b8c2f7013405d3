// The part of Go's text/template that notifications of PocketCI's scripts are written in: fields of the context, a few
// functions, and `if`. https://pkg.go.dev/text/template

import { stringifyJson } from "./host.ts";

type Fields = Readonly<Record<string, unknown>>;

const functions: Readonly<Record<string, (...values: readonly unknown[]) => unknown>> = {
  upper: (value) => toText(value).toUpperCase(),
  lower: (value) => toText(value).toLowerCase(),
  title: (value) =>
    toText(value).replace(/(^|\s)(\S)/g, (_, before: string, first: string) => before + first.toUpperCase()),
  trim: (value) => toText(value).trim(),
  quote: (value) => stringifyJson(toText(value)),
  default: (otherwise, value) => (isTrue(value) ? value : otherwise),
  eq: (value, ...others) => others.some((other) => toText(other) === toText(value)),
  ne: (value, other) => toText(value) !== toText(other),
  not: (value) => !isTrue(value),
  and: (...values) => values.find((value) => !isTrue(value)) ?? values.at(-1),
  or: (...values) => values.find(isTrue) ?? values.at(-1),
};

/** What is written into the text, or what an `if` asks for. */
type Part =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "value"; readonly pipeline: string }
  | { readonly type: "if"; readonly branches: readonly Branch[] };

interface Branch {
  /** Null: that of `else`. */
  readonly condition: string | null;
  readonly parts: readonly Part[];
}

/** @throws {TypeError} for what is none, or more than is understood here. */
export function fillGoTemplate(template: string, context: Fields): string {
  const tokens = split(template);
  const parts = parse(tokens);
  if (tokens.length > 0) fail(`{{ ${tokens[0]?.action} }} belongs to no if`);
  return render(parts, context);
}

interface Token {
  readonly text: string;
  readonly action: string | null;
}

function split(template: string): Token[] {
  const tokens: Token[] = [];
  let rest = template;
  for (;;) {
    const open = rest.indexOf("{{");
    if (open === -1) break;
    const close = rest.indexOf("}}", open);
    if (close === -1) fail("{{ is never closed");
    const inner = rest.slice(open + 2, close);
    const before = rest.slice(0, open);
    rest = rest.slice(close + 2);
    if (inner.endsWith(" -")) rest = rest.trimStart();
    tokens.push({ text: inner.startsWith("- ") ? before.trimEnd() : before, action: null });
    tokens.push({ text: "", action: inner.replace(/^- | -$/g, "").trim() });
  }
  tokens.push({ text: rest, action: null });
  return tokens;
}

/** Takes tokens up to the `else` or `end` that is not its own. */
function parse(tokens: Token[]): readonly Part[] {
  const parts: Part[] = [];
  for (let token = tokens[0]; token !== undefined; token = tokens[0]) {
    const { text, action } = token;
    if (action !== null && /^(?:end|else\b.*)$/.test(action)) break;
    tokens.shift();
    if (action === null) parts.push({ type: "text", text });
    else if (action.startsWith("if ")) parts.push(parseIf(action.slice(3), tokens));
    else if (!action.startsWith("/*")) parts.push({ type: "value", pipeline: action });
  }
  return parts;
}

function parseIf(condition: string, tokens: Token[]): Part {
  const branches: Branch[] = [];
  for (let next: string | null = condition; ;) {
    branches.push({ condition: next, parts: parse(tokens) });
    const action = tokens.shift()?.action;
    if (action === "end") return { type: "if", branches };
    if (action === undefined || action === null) return fail("an if has no end");
    next = action.startsWith("else if ") ? action.slice("else if ".length) : null;
  }
}

function render(parts: readonly Part[], context: Fields): string {
  return parts
    .map((part) => {
      if (part.type === "text") return part.text;
      if (part.type === "value") return toText(evaluate(part.pipeline, context));
      const chosen = part.branches.find(({ condition }) => condition === null || isTrue(evaluate(condition, context)));
      return chosen === undefined ? "" : render(chosen.parts, context);
    })
    .join("");
}

/** `.Status | upper`: each value is the last argument of what follows. */
function evaluate(pipeline: string, context: Fields): unknown {
  const words = pipeline.match(/"(?:[^"\\]|\\.)*"|`[^`]*`|[|]|[^\s|]+/g) ?? [];
  let value: unknown;
  let stage: string[] = [];
  const run = (isFirst: boolean): void => {
    const [name = "", ...rest] = stage;
    const given = rest.map((word) => readWord(word, context));
    const known = Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (known !== undefined) value = known(...given, ...(isFirst ? [] : [value]));
    else if (isFirst && rest.length === 0) value = readWord(name, context);
    else fail(`{{ ${pipeline} }} is not understood: known are ${Object.keys(functions).join(", ")}, and if`);
    stage = [];
  };
  let isFirst = true;
  for (const word of words) {
    if (word !== "|") stage.push(word);
    else {
      run(isFirst);
      isFirst = false;
    }
  }
  run(isFirst);
  return value;
}

function readWord(word: string, context: Fields): unknown {
  if (word.startsWith("`")) return word.slice(1, -1);
  if (word.startsWith('"')) return JSON.parse(word) as string;
  if (/^-?\d+(?:\.\d+)?$/.test(word)) return Number(word);
  if (word === "true" || word === "false") return word === "true";
  if (!/^(?:\.\w+)+$/.test(word)) return fail(`{{ ${word} }} is not understood`);
  return word.slice(1).split(".").reduce<unknown>(readField, context);
}

/** Scripts write `pipelineName`, templates `.PipelineName`. */
function readField(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  const lower = name.toLowerCase();
  const key =
    Object.keys(value).find((each) => each === name) ?? Object.keys(value).find((each) => each.toLowerCase() === lower);
  return key === undefined ? undefined : (value as Fields)[key];
}

function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

function toText(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? stringifyJson(value) : String(value);
}

function fail(message: string): never {
  throw new TypeError(`notify: the template of the message: ${message}`);
}
