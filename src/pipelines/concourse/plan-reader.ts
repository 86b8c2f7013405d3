// What the parts of a compiler share: the problems found so far, where things stand, and how fields are read.

import { parseDuration } from "../../core/duration.ts";
import { describeValue, FieldProblems, listNames } from "../../core/field-problem.ts";
import { dropEmpty } from "./drop-empty.ts";
import type { JsonObject, Place, StepPlan, Template } from "./plan.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** A step as it stands in the file. */
export interface StepSource {
  readonly path: string;
  readonly given: Fields;
}

export interface PlanReaderOptions {
  readonly placeOf: (collection: object) => Place;
  /** What is wrong with a text as a condition on a webhook. */
  readonly checkCondition: (condition: string) => string | null;
}

const maxSteps = 5000;
/** As `app @github` or `test-it!`: Concourse takes any. Without what is a path, a pattern or a shell's. */
const namePattern = /^(?![\s.-])[^\p{Cc}\p{Cs}/\\"`$*?[\]{}<>|;]{1,128}(?<!\s)$/u;

export class PlanReader {
  readonly problems = new FieldProblems();
  /** What leaves the file in force. */
  readonly warnings = new FieldProblems();
  readonly checkCondition: PlanReaderOptions["checkCondition"];
  readonly #placeOf: PlanReaderOptions["placeOf"];
  /** What was given in the file → as it stands there. */
  readonly #originals = new WeakMap<object, object>();
  #jobNames: readonly string[] = [];
  readonly #sources = new WeakMap<StepPlan, StepSource>();
  #steps = 0;

  constructor({ placeOf, checkCondition }: PlanReaderOptions) {
    this.#placeOf = placeOf;
    this.checkCondition = checkCondition;
  }

  placeOf(given: object): Place {
    return this.#placeOf(this.#originals.get(given) ?? given);
  }

  /** Told before any job is read: patterns stand for those that they fit. */
  knowJobs(names: readonly string[]): void {
    this.#jobNames = names;
  }

  /** Names of jobs, each once, and patterns as `unit-*`, of all those that they fit. */
  jobs(field: string, value: unknown, hint: string): readonly string[] {
    const named = this.list(field, value, hint).flatMap((each, index) => {
      const at = `${field}[${index}]`;
      if (typeof each !== "string" || !/[*?[{]/.test(each)) return [this.name(at, each)];
      const pattern = new Bun.Glob(each);
      const fitting = this.#jobNames.filter((name) => pattern.match(name));
      if (fitting.length === 0) {
        this.problems.add(at, `fits no job: ${describeValue(each)}`, `it has: ${listNames(this.#jobNames)}`);
      }
      return fitting;
    });
    return [...new Set(named)];
  }

  /** Notes where a step is from. */
  keep<T extends StepPlan>(step: T, source: StepSource): T {
    this.#sources.set(step, source);
    return step;
  }

  sourceOf(step: StepPlan): StepSource {
    return this.#sources.get(step) ?? { path: "", given: {} };
  }

  /** False, and a problem, for the first step that is too many. */
  countStep(path: string): boolean {
    if (++this.#steps === maxSteps + 1)
      this.problems.add(path, `is one step too many; at most ${maxSteps} are allowed`);
    return this.#steps <= maxSteps;
  }

  list(field: string, value: unknown, hint: string): readonly unknown[] {
    if (Array.isArray(value)) return value as readonly unknown[];
    this.problems.add(field, value === undefined ? "is missing" : `must be a list, not ${describeValue(value)}`, hint);
    return [];
  }

  object(field: string, value: unknown, hint: string): Fields | undefined {
    if (value !== undefined) return this.problems.readObject(field, value, hint);
    this.problems.add(field, "is missing", hint);
    return undefined;
  }

  /** The same without keys that have nothing behind them, but for those in `needed`. */
  fields(field: string, value: unknown, hint: string, needed: readonly string[] = []): Fields | undefined {
    const given = this.object(field, value, hint);
    if (given === undefined) return undefined;
    const kept = dropEmpty(given, needed);
    this.#originals.set(kept, given);
    return kept;
  }

  data(field: string, value: unknown): JsonObject {
    // `params:` with nothing below it.
    if (value === null) return {};
    return (this.problems.readObject(field, value, "write name: value") ?? {}) as JsonObject;
  }

  text(field: string, value: unknown, hint: string | null = null): string {
    if (typeof value === "string" && value !== "") return value;
    const message = value === "" ? "must not be empty" : `must be a text, not ${describeValue(value)}`;
    this.problems.add(field, value === undefined ? "is missing" : message, hint);
    return "";
  }

  /** A plain name: without vars, which are not known yet when it is needed. */
  name(field: string, value: unknown): string {
    const text = this.text(field, value);
    if (text === "") return "";
    if (text.includes("((")) {
      this.problems.add(
        field,
        `must be a plain name, not ${describeValue(text)}`,
        "vars are filled in only when a step begins",
      );
    } else if (!namePattern.test(text)) {
      const rule = 'at most 128 characters, no . - or space first, and none of / \\ " ` $ * ? [ ] { } < > | ;';
      this.problems.add(field, `cannot be ${describeValue(text)}`, rule);
    }
    return text;
  }

  /** A name that is needed only when its step begins: vars may stand in it, as those of `across`. */
  nameTemplate(field: string, value: unknown): string {
    return isTemplate(value) ? value : this.name(field, value);
  }

  names(field: string, value: unknown, hint: string): readonly string[] {
    return this.list(field, value, hint).map((each, index) => this.name(`${field}[${index}]`, each));
  }

  texts(field: string, value: unknown, hint: string): readonly string[] {
    return this.list(field, value, hint).map((each, index) => this.text(`${field}[${index}]`, each));
  }

  flag(field: string, value: unknown): boolean | undefined {
    if (value === undefined || typeof value === "boolean") return value;
    const meant = typeof value === "string" ? oldFlags.get(value.toLowerCase()) : undefined;
    const hint = meant === undefined ? null : `write ${meant}`;
    this.problems.add(field, `must be true or false, not ${describeValue(value)}`, hint);
    return undefined;
  }

  flagTemplate(field: string, value: unknown): Template<boolean> | undefined {
    return isTemplate(value) ? value : this.flag(field, value);
  }

  /** A whole number from 1. */
  count(field: string, value: unknown): number | undefined {
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 1) return value;
    this.problems.add(field, `must be a whole number from 1, not ${describeValue(value)}`);
    return undefined;
  }

  /** The same, where 0 is no limit, as in Concourse. */
  limit(field: string, value: unknown): number | undefined {
    return value === 0 ? undefined : this.count(field, value);
  }

  countTemplate(field: string, value: unknown): Template<number> | undefined {
    return isTemplate(value) ? value : this.count(field, value);
  }

  duration(field: string, value: unknown): string | undefined {
    if (value === undefined || isDuration(value)) return value as string | undefined;
    this.problems.add(field, `must be a duration, not ${describeValue(value)}`, durationHint);
    return undefined;
  }

  durationTemplate(field: string, value: unknown): string | undefined {
    return isTemplate(value) ? value : this.duration(field, value);
  }

  choice<T extends string>(field: string, value: unknown, known: readonly T[]): T | undefined {
    const found = known.find((each) => each === value);
    if (value !== undefined && found === undefined) {
      this.problems.add(field, `cannot be ${describeValue(value)}`, `known are ${known.join(", ")}`);
    }
    return found;
  }
}

const durationHint = 'write for example "90s", "5m" or "1h30m"';

/** Flags of YAML 1.1, which are texts in YAML 1.2. */
const oldFlags: ReadonlyMap<string, boolean> = new Map([
  ["yes", true],
  ["on", true],
  ["no", false],
  ["off", false],
]);

/** A text that becomes a value of another type when its vars are filled in. */
function isTemplate(value: unknown): value is string {
  return typeof value === "string" && value.includes("((");
}

/** A number says no unit: in Go it would be nanoseconds, in a script milliseconds, and seconds are meant. */
function isDuration(value: unknown): boolean {
  try {
    return typeof value === "string" && parseDuration(value) > 0;
  } catch {
    return false;
  }
}

/** Without the fields that are undefined. */
export function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
