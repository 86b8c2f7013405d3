// Answers by the name of what is called: one for every call, or a list of which each call takes the next.

import { didYouMean } from "../../core/did-you-mean.ts";
import type { JsonValue } from "../../core/json.ts";
import { inside, readEntries } from "./read-table.ts";

export type Found<Answer> =
  | { readonly type: "answer"; readonly answer: Answer }
  /** Its list has been used up; so many it had. */
  | { readonly type: "used_up"; readonly count: number }
  /** `meant`: a name in the table that is much like it. */
  | { readonly type: "missing"; readonly meant: string | undefined };

interface Entry<Answer> {
  readonly answers: readonly Answer[];
  readonly isList: boolean;
  taken: number;
}

export class NamedAnswers<Answer> {
  readonly #entries: ReadonlyMap<string, Entry<Answer>>;

  private constructor(entries: ReadonlyMap<string, Entry<Answer>>) {
    this.#entries = entries;
  }

  /** @throws {AppError} VALIDATION_FAILED. */
  static read<Answer>(
    place: string,
    value: JsonValue | undefined,
    readAnswer: (place: string, value: JsonValue) => Answer,
  ): NamedAnswers<Answer> {
    const entries = readEntries(place, value).map(([name, given]): [string, Entry<Answer>] => {
      const at = inside(place, name);
      const isList = Array.isArray(given);
      const list: readonly JsonValue[] = isList ? (given as readonly JsonValue[]) : [given];
      const answers = list.map((item, index) => readAnswer(isList ? `${at}[${index}]` : at, item));
      return [name, { answers, isList, taken: 0 }];
    });
    return new NamedAnswers(new Map(entries));
  }

  /** The next answer for any of these names, the first that is there; one that ends with a star stands for a beginning. */
  take(...names: readonly string[]): Found<Answer> {
    const entry = this.#find(names);
    if (entry === undefined) {
      const known = [...this.#entries.keys()];
      return {
        type: "missing",
        meant: names.map((name) => didYouMean(name, known)).find((meant) => meant !== undefined),
      };
    }
    const { answers, isList } = entry;
    const answer = isList ? answers[entry.taken] : answers[0];
    entry.taken++;
    return answer === undefined ? { type: "used_up", count: answers.length } : { type: "answer", answer };
  }

  has(name: string): boolean {
    return this.#find([name]) !== undefined;
  }

  /** Names of which no answer was taken. */
  get unused(): readonly string[] {
    return [...this.#entries].flatMap(([name, { taken }]) => (taken === 0 ? [name] : []));
  }

  #find(names: readonly string[]): Entry<Answer> | undefined {
    const exact = names.find((name) => this.#entries.has(name));
    if (exact !== undefined) return this.#entries.get(exact);
    const patterns = [...this.#entries.keys()].filter(
      (key) => key.endsWith("*") && names.some((name) => name.startsWith(key.slice(0, -1))),
    );
    // The longest says most about it.
    const best = patterns.toSorted((a, b) => b.length - a.length)[0];
    return best === undefined ? undefined : this.#entries.get(best);
  }
}
