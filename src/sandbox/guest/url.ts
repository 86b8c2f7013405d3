// `URL` and `URLSearchParams`: parsing is the host's (WHATWG URL Standard), the objects are made here.

import { defineGlobal, hostText, parseJson, stringifyJson } from "./host.ts";

const parts = ["protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash"] as const;
type Part = (typeof parts)[number];
type ParsedUrl = Readonly<Record<Part | "href" | "origin", string>>;

/** Asks the host; `set` changes one part of the URL first. */
function parseUrl(
  url: string,
  base: string | undefined,
  set?: readonly [part: Part | "href", value: string],
): ParsedUrl {
  const answer = parseJson(hostText("parse_url", stringifyJson({ url, base, set }))) as ParsedUrl | null;
  if (answer === null) throw new TypeError(`${stringifyJson(url)} is not a valid URL`);
  return answer;
}

type Pair = [name: string, value: string];

class GuestURLSearchParams {
  #pairs: Pair[];
  #changed: (() => void) | undefined;

  constructor(init: unknown = "") {
    this.#pairs = pairsOf(init);
  }

  /** Ties the parameters to a URL: `changed` is called after each change. */
  static tied(search: string, changed: () => void): GuestURLSearchParams {
    const params = new GuestURLSearchParams(search);
    params.#changed = changed;
    return params;
  }

  replaceAll(search: string): void {
    this.#pairs = pairsOf(search);
  }

  get size(): number {
    return this.#pairs.length;
  }
  append(name: string, value: string): void {
    this.#pairs.push([String(name), String(value)]);
    this.#changed?.();
  }
  delete(name: string, value?: string): void {
    this.#pairs = this.#pairs.filter((pair) => pair[0] !== name || (value !== undefined && pair[1] !== value));
    this.#changed?.();
  }
  get(name: string): string | null {
    return this.#pairs.find((pair) => pair[0] === name)?.[1] ?? null;
  }
  getAll(name: string): string[] {
    return this.#pairs.filter((pair) => pair[0] === name).map((pair) => pair[1]);
  }
  has(name: string, value?: string): boolean {
    return this.#pairs.some((pair) => pair[0] === name && (value === undefined || pair[1] === value));
  }
  set(name: string, value: string): void {
    const first = this.#pairs.findIndex((pair) => pair[0] === name);
    if (first === -1) this.#pairs.push([String(name), String(value)]);
    else {
      const kept: Pair = [String(name), String(value)];
      this.#pairs = this.#pairs.flatMap((pair, index) => (index === first ? [kept] : pair[0] === name ? [] : [pair]));
    }
    this.#changed?.();
  }
  sort(): void {
    this.#pairs.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
    this.#changed?.();
  }
  forEach(callback: (value: string, name: string, params: GuestURLSearchParams) => void): void {
    for (const [name, value] of this.#pairs) callback(value, name, this);
  }
  *entries(): Generator<Pair> {
    yield* this.#pairs.map(([name, value]): Pair => [name, value]);
  }
  *keys(): Generator<string> {
    for (const [name] of this.#pairs) yield name;
  }
  *values(): Generator<string> {
    for (const [, value] of this.#pairs) yield value;
  }
  [Symbol.iterator](): Generator<Pair> {
    return this.entries();
  }
  toString(): string {
    return this.#pairs.map(([name, value]) => `${encodeForm(name)}=${encodeForm(value)}`).join("&");
  }
}

function pairsOf(init: unknown): Pair[] {
  if (typeof init === "object" && init !== null) {
    const list =
      Symbol.iterator in init
        ? [...(init as Iterable<Iterable<unknown>>)].map((pair) => [...pair])
        : Object.entries(init);
    return list.map(([name, value]): Pair => [String(name), String(value)]);
  }
  const text = String(init).replace(/^\?/, "");
  return text
    .split("&")
    .filter((part) => part !== "")
    .map((part): Pair => {
      const equals = part.indexOf("=");
      return equals === -1
        ? [decodeForm(part), ""]
        : [decodeForm(part.slice(0, equals)), decodeForm(part.slice(equals + 1))];
    });
}

function decodeForm(text: string): string {
  const spaced = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

// application/x-www-form-urlencoded percent-encode set: everything but ASCII letters, digits and *-._
function encodeForm(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replaceAll(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}

class GuestURL {
  #parsed: ParsedUrl;
  readonly searchParams: GuestURLSearchParams;

  constructor(url: unknown, base?: unknown) {
    this.#parsed = parseUrl(String(url), base === undefined ? undefined : String(base));
    this.searchParams = GuestURLSearchParams.tied(this.#parsed.search, () => {
      this.#parsed = parseUrl(this.#parsed.href, undefined, ["search", this.searchParams.toString()]);
    });
  }

  static canParse(url: unknown, base?: unknown): boolean {
    return GuestURL.parse(url, base) !== null;
  }
  static parse(url: unknown, base?: unknown): GuestURL | null {
    try {
      return new GuestURL(url, base);
    } catch {
      return null;
    }
  }

  part(name: Part | "href" | "origin"): string {
    return this.#parsed[name];
  }
  change(name: Part | "href", value: string): void {
    this.#parsed = parseUrl(this.#parsed.href, undefined, [name, value]);
    if (name === "search" || name === "href") this.searchParams.replaceAll(this.#parsed.search);
  }
  toString(): string {
    return this.#parsed.href;
  }
  toJSON(): string {
    return this.#parsed.href;
  }
}

export function installUrl(): void {
  for (const name of [...parts, "href"] as const) {
    Object.defineProperty(GuestURL.prototype, name, {
      get(this: GuestURL) {
        return this.part(name);
      },
      set(this: GuestURL, value: unknown) {
        this.change(name, String(value));
      },
      enumerable: true,
      configurable: true,
    });
  }
  Object.defineProperty(GuestURL.prototype, "origin", {
    get(this: GuestURL) {
      return this.part("origin");
    },
    enumerable: true,
    configurable: true,
  });
  defineGlobal("URL", GuestURL);
  defineGlobal("URLSearchParams", GuestURLSearchParams);
}
