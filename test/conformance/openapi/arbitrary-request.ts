// Requests made from the description of an operation: some as described, some not.

import fc from "fast-check";
import { examplesOf, type Located, type Parameter } from "./described-api.ts";

export interface FuzzRequest {
  readonly method: string;
  /** With query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
  readonly authorized: boolean;
}

/** Texts that have broken servers. */
const nasty = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ maxLength: 40 }),
  fc.constantFrom(
    "0",
    "-1",
    "1e9",
    "9007199254740993",
    "null",
    "%00",
    "%ff",
    "../../etc/passwd",
    "__proto__",
    "' OR 1=1",
  ),
  fc.constantFrom("a".repeat(3000), "\u202E", "💥", "\uD800", "/", "//", "x/trigger/", "{}", "[]"),
);

const wellFormed = nasty.map((text) => text.toWellFormed());

/** What a header may hold on the wire. */
const headerText = fc.string({ maxLength: 30 }).map((text) => text.replaceAll(/[^\x21-\x7E]/g, "x"));

function fitting({ schema, example }: Parameter): fc.Arbitrary<string> {
  const values = Array.isArray(schema["enum"]) ? schema["enum"].map(String) : [];
  return fc.constantFrom(String(example), ...values);
}

/** A segment of a path as a client writes it; neither empty nor one that URLs resolve away. */
function segment(parameter: Parameter, known: readonly string[]): fc.Arbitrary<string> {
  const free = wellFormed.map((text) => encodeURIComponent(text)).filter((text) => !/^(\.|%2e){0,2}$/i.test(text));
  const good = fc.constantFrom(...known, String(parameter.example)).map((text) => encodeURIComponent(text));
  return fc.oneof({ weight: 3, arbitrary: good }, free, fc.constantFrom("%", "%ff", "a%2", "%zz"));
}

/** `known`: what exists, by the name of its parameter in paths. */
export function arbitraryRequest(
  { path, method, operation }: Located,
  known: Readonly<Record<string, readonly string[]>>,
): fc.Arbitrary<FuzzRequest> {
  const parameters = operation.parameters ?? [];
  const perPlace = (place: Parameter["in"], value: (parameter: Parameter) => fc.Arbitrary<string>) =>
    fc.record(
      Object.fromEntries(parameters.filter((each) => each.in === place).map((each) => [each.name, value(each)])),
      place === "path" ? {} : { requiredKeys: [] },
    ) as fc.Arbitrary<Record<string, string>>;
  return fc
    .record({
      inPath: perPlace("path", (each) => segment(each, known[each.name] ?? [])),
      query: perPlace("query", (each) => fc.oneof({ weight: 3, arbitrary: fitting(each) }, wellFormed)),
      headers: perPlace("header", (each) => fc.oneof({ weight: 3, arbitrary: fitting(each) }, headerText)),
      accept: fc.constantFrom(
        "*/*",
        "text/html",
        "application/json",
        "text/event-stream",
        "application/x-ndjson",
        ",;q=",
      ),
      site: fc.constantFrom(null, "same-origin", "cross-site", "none", "x"),
      body: arbitraryBody(operation.requestBody?.content ?? {}),
      authorized: fc.oneof({ weight: 8, arbitrary: fc.constant(true) }, fc.constant(false)),
    })
    .map(({ inPath, query, headers, accept, site, body, authorized }) => {
      const search = new URLSearchParams(query).toString();
      return {
        method,
        target: path.replaceAll(/\{(\w+)\}/g, (_, name: string) => inPath[name] ?? "x") + (search && `?${search}`),
        headers: { ...headers, accept, ...(site === null ? {} : { "sec-fetch-site": site }), ...body.headers },
        body: method === "GET" ? null : body.body,
        authorized,
      };
    });
}

/** The request that the description's own examples make. */
export function exampleRequest(
  { path, method, operation }: Located,
  known: Readonly<Record<string, readonly string[]>>,
): FuzzRequest {
  const parameters = operation.parameters ?? [];
  const valuesIn = (place: Parameter["in"]): Record<string, string> =>
    Object.fromEntries(parameters.filter((each) => each.in === place).map((each) => [each.name, String(each.example)]));
  const inPath = {
    ...valuesIn("path"),
    ...Object.fromEntries(Object.entries(known).map(([name, [value = ""]]) => [name, value])),
  };
  const [type, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  const [example] = media === undefined ? [] : examplesOf(media);
  return {
    method,
    target: `${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(inPath[name] ?? ""))}?${new URLSearchParams(valuesIn("query")).toString()}`,
    headers: { ...valuesIn("header"), ...(type === undefined ? {} : { "content-type": type }) },
    body: type === undefined || example === undefined ? null : encode(type, example),
    authorized: true,
  };
}

interface FuzzBody {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
}

function arbitraryBody(content: NonNullable<Located["operation"]["requestBody"]>["content"]): fc.Arbitrary<FuzzBody> {
  const types = [...Object.keys(content), "application/json", "text/plain", "multipart/form-data; boundary=x", "x"];
  const described = Object.entries(content).flatMap(([type, media]) =>
    examplesOf(media).map((example): FuzzBody => ({ headers: { "content-type": type }, body: encode(type, example) })),
  );
  const body = fc.oneof(
    fc.constant(null),
    fc.json({ maxDepth: 3 }),
    fc.json({ maxDepth: 1 }).map((text) => `{"params":${text},"args":${text}}`),
    fc.json({ maxDepth: 1 }).map((text) => `{"source":${text},"webhook_secret":${text}}`),
    fc.constantFrom("", "{", "[".repeat(5000), '{"params":{"__proto__":1}}', "token=&next=//evil"),
    fc.uint8Array({ maxLength: 200 }),
  );
  const free = fc
    .record({ type: fc.constantFrom(...types), encoding: fc.constantFrom(null, null, "gzip"), body })
    .map((each): FuzzBody => ({
      headers: { "content-type": each.type, ...(each.encoding === null ? {} : { "content-encoding": each.encoding }) },
      body: each.body,
    }));
  return described.length === 0 ? free : fc.oneof(fc.constantFrom(...described), free);
}

function encode(type: string, example: unknown): string {
  if (type.includes("urlencoded")) return new URLSearchParams(example as Record<string, string>).toString();
  return typeof example === "string" ? example : JSON.stringify(example);
}
