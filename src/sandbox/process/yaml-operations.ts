// YAML to JSON and back, for scripts. Their texts may be hostile: whatever is done here ends in about a second.

import {
  Composer,
  Document,
  Lexer,
  LineCounter,
  type ParsedNode,
  Parser,
  Scalar,
  visit,
  type YAMLParseError,
} from "yaml";
import type { JsonValue } from "../../core/json.ts";
import { YamlData, YamlProblem } from "./yaml-data.ts";

interface ParseQuestion {
  readonly text: string;
  /** Every document of the text, as a list. */
  readonly all: boolean;
  /** Whole numbers that would be printed otherwise are texts. */
  readonly asWritten?: boolean;
}

type ParsedDocument = Document.Parsed<ParsedNode>;

/** Real files have about 150,000 a MiB; a text of brackets alone has as many as characters, and takes seconds. */
const maxTokens = 300_000;
/** Each takes as long as dozens of tokens. */
const maxDocuments = 10_000;
/** Both ways. */
const maxDepth = 100;
/** Collections, and what is open beside them. */
const maxOpen = maxDepth + 2;
/** The library takes some microseconds for each. */
const maxValues = 200_000;
const maxMessageLength = 300;
const maxOutputLength = 4 * 1024 * 1024;
/** Where the library folds a text it may lose characters of it. */
const notFolded = { lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER };

/** `{ value }`, or `{ error, line?, column? }`, as JSON. */
export function parseYaml(payload: string): string {
  const { text, all, asWritten = false } = JSON.parse(payload) as ParseQuestion;
  const lines = new LineCounter();
  try {
    const documents = compose(text, lines);
    const second = documents[1];
    if (second !== undefined && !all) {
      throw new YamlProblem("the text has several documents; use YAML.parseAll", second.range[0]);
    }
    const data = new YamlData(maxDepth, asWritten);
    const values = documents.map(({ contents }) => data.read(contents));
    return JSON.stringify({ value: all ? values : (values[0] ?? null) });
  } catch (thrown) {
    return describe(thrown, lines);
  }
}

/** `{ value }`, a text, or `{ error }`, as JSON. */
export function stringifyYaml(payload: string): string {
  try {
    const data = JSON.parse(payload) as JsonValue;
    new OutputMeter().add(data);
    // What YAML 1.1 takes for something else is quoted: "yes", "0o7", "1:30".
    const document = new Document(data, { compat: "yaml-1.1" });
    visit(document, {
      Scalar: (_key, node) => {
        if (needsQuotes(node, node === document.contents)) node.type = Scalar.QUOTE_DOUBLE;
      },
    });
    return JSON.stringify({ value: document.toString(notFolded) });
  } catch (thrown) {
    return describe(thrown);
  }
}

/** The documents of the text up to the first error. By hand, because the library itself has no limits. */
function compose(text: string, lines: LineCounter): readonly ParsedDocument[] {
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  // The library compares each key with all before it; the reader looks for duplicates itself.
  const composer = new Composer({ version: "1.2", uniqueKeys: false, prettyErrors: false, logLevel: "silent" });
  const documents: ParsedDocument[] = [];
  const take = (composed: Iterable<ParsedDocument>): void => {
    for (const document of composed) {
      const [error] = document.errors;
      if (error !== undefined) throw problemOf(error);
      documents.push(document);
      if (documents.length > maxDocuments) {
        throw new YamlProblem(`the text has over ${maxDocuments} documents`, parser.offset);
      }
    }
  };
  let tokens = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (++tokens > maxTokens) throw new YamlProblem(`the text has over ${maxTokens} tokens`, parser.offset);
    for (const token of parser.next(lexeme)) {
      // The library would go on, and gather one for each bracket that is out of place.
      if (token.type === "error")
        throw new YamlProblem(`${token.message}: ${JSON.stringify(token.source)}`, token.offset);
      take(composer.next(token));
    }
    if (parser.stack.length > maxOpen) throw tooDeep(parser.offset);
  }
  for (const token of parser.end()) take(composer.next(token));
  take(composer.end());
  const [error] = composer.streamInfo().errors;
  if (error !== undefined) throw problemOf(error);
  return documents;
}

/** The library writes these texts as blocks or bare, and they are read back as others. */
function needsQuotes({ value }: Scalar, isRoot: boolean): boolean {
  if (typeof value !== "string") return false;
  if (!isRoot) return /^\s*\n\s*$/.test(value);
  return value.startsWith("\uFEFF") || (value.includes("\n") && /^\s*( |$)/.test(value));
}

function problemOf({ message, pos: [offset] }: YAMLParseError): YamlProblem {
  return new YamlProblem(message, offset);
}

function tooDeep(offset?: number): YamlProblem {
  return new YamlProblem(`the data is nested over ${maxDepth} levels deep`, offset);
}

function describe(thrown: unknown, lines?: LineCounter): string {
  // Some messages of the library repeat the text, which may be one long word.
  const error = (thrown instanceof Error ? thrown.message : "it cannot be read").slice(0, maxMessageLength);
  if (!(thrown instanceof YamlProblem) || thrown.offset === undefined || lines === undefined) {
    return JSON.stringify({ error });
  }
  const { line, col } = lines.linePos(thrown.offset);
  return JSON.stringify({ error, line: Math.max(1, line), column: Math.max(1, col) });
}

/** How much YAML a value will be. Every line is indented, and a line may hold a single digit. */
class OutputMeter {
  #length = 0;
  #values = 0;

  /** @throws {YamlProblem} */
  add(data: JsonValue | undefined, depth = 0): void {
    if (depth > maxDepth) throw tooDeep();
    if (++this.#values > maxValues) throw new YamlProblem(`the data has over ${maxValues} values`);
    if (typeof data === "object" && data !== null) {
      for (const [key, value] of Object.entries(data)) {
        this.#length += 2 * depth + (Array.isArray(data) ? 2 : key.length + 2);
        this.add(value, depth + 1);
      }
      return;
    }
    const text = String(data);
    this.#length += text.length + (text.split("\n").length - 1) * 2 * depth;
    if (this.#length > maxOutputLength) throw new YamlProblem("the text would be over 4 MiB");
  }
}
