// `YAML`, also as `yaml`: read and written by the host, as plain JSON data.

import { defineGlobal, hostText, parseJson, stringifyJson } from "./host.ts";

interface YamlAnswer {
  readonly value?: unknown;
  readonly error?: string;
  readonly line?: number;
  readonly column?: number;
}

const maxTextLength = 1024 * 1024;

function parseAs(
  name: string,
  text: unknown,
  question: { readonly all: boolean; readonly asWritten?: boolean },
): unknown {
  if (typeof text !== "string")
    throw new TypeError(`${name}: takes a text, not ${text === null ? "null" : typeof text}`);
  if (text.length > maxTextLength) throw new RangeError(`${name}: the text is over 1 MiB`);
  const answer = parseJson(hostText("yaml_parse", stringifyJson({ text, ...question }))) as YamlAnswer;
  if (answer.error === undefined) return answer.value;
  const { line, column } = answer;
  const place = line === undefined ? "" : ` at line ${line}, column ${column ?? 1}`;
  throw Object.assign(new SyntaxError(`${name}: ${answer.error}${place}`), { line, column });
}

function stringify(value: unknown): string {
  let json: string | undefined;
  try {
    json = stringifyJson(value) as string | undefined;
  } catch (thrown) {
    throw new TypeError(`YAML.stringify: ${thrown instanceof Error ? thrown.message : "the value is no JSON data"}`);
  }
  if (json === undefined) throw new TypeError(`YAML.stringify: a value of type ${typeof value} is no JSON data`);
  if (json.length > maxTextLength) throw new RangeError("YAML.stringify: the value is over 1 MiB as JSON");
  const answer = parseJson(hostText("yaml_stringify", json)) as YamlAnswer;
  if (answer.error !== undefined) throw new TypeError(`YAML.stringify: ${answer.error}`);
  return answer.value as string;
}

export function installYaml(): void {
  const yaml = {
    // What else stands there, as in `texts.map(YAML.parse)`, is let be.
    parse: (text: unknown, options?: { readonly asWritten?: unknown } | null) =>
      parseAs("YAML.parse", text, { all: false, asWritten: options?.asWritten === true }),
    parseAll: (text: unknown) => parseAs("YAML.parseAll", text, { all: true }),
    stringify,
  };
  defineGlobal("YAML", yaml);
  defineGlobal("yaml", yaml);
}
