// What `fetch` resolves with. Its texts and data are there already: they are plain values that can also be awaited.

import { decodeBase64 } from "./base64.ts";
import { caseless } from "./caseless.ts";
import { hostText, parseJson } from "./host.ts";
import { encodeUtf8 } from "./text-encoding.ts";

/** The value of the host call. */
export interface AnswerValue {
  readonly url: string;
  readonly redirected: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text?: string;
  /** Where the body is not valid UTF-8. */
  readonly base64?: string;
}

export class FetchAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly ok: boolean;
  readonly url: string;
  readonly redirected: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly #name: string;
  readonly #text: string | undefined;
  readonly #base64: string;

  constructor(value: AnswerValue, name: string) {
    this.status = value.status;
    this.statusText = value.statusText;
    this.ok = value.status >= 200 && value.status <= 299;
    this.url = value.url;
    this.redirected = value.redirected;
    this.headers = readableHeaders(value.headers);
    this.#name = name;
    this.#text = value.text;
    this.#base64 = value.base64 ?? "";
  }

  /** The body as text; bytes that are not UTF-8 become U+FFFD. */
  text(): string {
    // Decoding here would take seconds for megabytes.
    const text = this.#text ?? (parseJson(hostText("decode_text", this.#base64)) as string);
    return text.startsWith("\uFEFF") ? text.slice(1) : text;
  }

  json(): unknown {
    const text = this.text();
    try {
      return parseJson(text);
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : "";
      const beginning = text.trim() === "" ? "it is empty" : `it begins with ${JSON.stringify(text.slice(0, 60))}`;
      throw new SyntaxError(
        `fetch: the answer of ${this.#name} (HTTP ${this.status}) is not JSON: ${beginning}; ${reason}`,
      );
    }
  }

  bytes(): Uint8Array {
    return this.#text === undefined ? decodeBase64(this.#base64) : encodeUtf8(this.#text);
  }

  arrayBuffer(): ArrayBufferLike {
    return this.bytes().buffer;
  }
}

/** A plain object with `get`, `has` and pairs besides, as the Headers of other runtimes have. */
function readableHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const find = (name: unknown): string | null => {
    const lower = String(name).toLowerCase();
    return Object.hasOwn(headers, lower) ? (headers[lower] ?? null) : null;
  };
  return caseless(headers, {
    get: find,
    has: (name: unknown) => find(name) !== null,
    [Symbol.iterator]: () => Object.entries(headers)[Symbol.iterator](),
  });
}
