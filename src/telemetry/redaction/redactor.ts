// Masks the secrets that this server knows in what is stored or sent.

import { Buffer } from "node:buffer";
import type { JsonValue } from "../../core/json.ts";
import { maskSpans } from "./mask-spans.ts";
import { PatternSearch } from "./pattern-search.ts";
import { RedactionStream } from "./redaction-stream.ts";
import { secretForms, shortestSecret } from "./secret-forms.ts";

/** Of one place, as `secret:NAME`: what runs still use may be older than what is there now. */
const keptValues = 8;

export class Redactor {
  /** By where they are from, the newest last. */
  readonly #values = new Map<string, string[]>();
  #search: PatternSearch | null = null;
  /** A number in JSON may be a secret, where one looks like that. */
  #hasNumbers = false;

  /** From now on the value is masked; too short ones are not. `source` is where it is from, as `env:NAME`. */
  add(source: string, value: string): void {
    const known = this.#values.get(source);
    if (value.length < shortestSecret || known?.at(-1) === value) return;
    const values = [...(known ?? []).filter((each) => each !== value), value];
    this.#values.set(source, values.slice(-keptValues));
    this.#search = null;
  }

  /** The text itself where there is nothing to mask. */
  text(text: string): string {
    const search = this.#current();
    if (search.isEmpty || text.length < shortestSecret) return text;
    const bytes = Buffer.from(text);
    const spans = search.find(bytes);
    return spans.length === 0 ? text : Buffer.from(maskSpans(bytes, spans)).toString();
  }

  /** The bytes themselves where there is nothing to mask. */
  bytes(bytes: Uint8Array): Uint8Array {
    return maskSpans(bytes, this.#current().find(bytes));
  }

  /** The same value with every text in it masked, names of fields too. */
  json<Value extends JsonValue | undefined>(value: Value): Value {
    return (this.#current().isEmpty ? value : this.#maskJson(value)) as Value;
  }

  /** For output that comes piece by piece. */
  stream(): RedactionStream {
    return new RedactionStream(() => this.#current());
  }

  #maskJson(value: JsonValue | undefined): JsonValue | undefined {
    if (typeof value === "string") return this.text(value);
    if (typeof value === "number") return this.#maskNumber(value);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map((each) => this.#maskJson(each) ?? null);
    const entries = Object.entries(value).map(([name, each]) => [this.text(name), this.#maskJson(each)]);
    return Object.fromEntries(entries) as JsonValue;
  }

  #maskNumber(value: number): JsonValue {
    if (!this.#hasNumbers) return value;
    const text = String(value);
    const masked = this.text(text);
    return masked === text ? value : masked;
  }

  #current(): PatternSearch {
    if (this.#search !== null) return this.#search;
    const values = [...new Set([...this.#values.values()].flat())];
    this.#hasNumbers = values.some((value) => /^[-+.\de]+$/i.test(value));
    this.#search = new PatternSearch(values.flatMap(secretForms));
    return this.#search;
  }
}
