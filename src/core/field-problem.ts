// Problems of a value's fields, collected while it is read, so that all are told at once.

import { AppError } from "./app-error.ts";
import { didYouMean } from "./did-you-mean.ts";

export interface FieldProblem {
  /** Path of the field: "params.target.enum". */
  readonly field: string;
  readonly message: string;
  readonly hint: string | null;
}

/** Each is told by its name, up to so many: whoever sends 100,000 of them gets no answer of 15 MB. */
const mostUnknown = 20;
/** More than anybody is told of: to find where each stands takes long in a file that has very many. */
const mostProblems = 1000;
/** Who has more problems is not told of all; to look for what was meant takes long where many names are known. */
const mostSought = 50;
const mostListed = 20;

export class FieldProblems {
  readonly list: FieldProblem[] = [];
  #sought = 0;

  add(field: string, message: string, hint: string | null = null): void {
    if (this.list.length < mostProblems) this.list.push({ field, message: `${field} ${message}`, hint });
  }

  /** The known name that a mistyped one may stand for. */
  findMeant(name: string, known: Iterable<string>): string | undefined {
    return ++this.#sought > mostSought ? undefined : didYouMean(name, known);
  }

  /** The fields of an object; undefined, and a problem, where the value is none. */
  readObject(field: string, value: unknown, hint: string): Readonly<Record<string, unknown>> | undefined {
    if (isPlainObject(value)) return value;
    this.add(field, `must be an object, not ${describeValue(value)}`, hint);
    return undefined;
  }

  /** Notes every field that is not known; those of `later` are named as not supported yet. An empty path is that of the whole. */
  refuseUnknown(path: string, value: object, known: readonly string[], later: readonly string[]): void {
    const unknown = Object.keys(value).filter((name) => !known.includes(name));
    const fieldOf = (name: string): string => (path === "" ? printName(name) : `${path}.${printName(name)}`);
    for (const name of unknown.slice(0, mostUnknown)) {
      const field = fieldOf(name);
      if (later.includes(name)) {
        this.add(field, "is not supported yet", "remove it; a later version of runner will know it");
        continue;
      }
      const near = this.findMeant(name, known);
      const others = known.length === 0 ? "none is known here" : `known here: ${known.join(", ")}`;
      this.add(field, "is unknown", near ? `did you mean "${near}"?` : others);
    }
    const rest = unknown.slice(mostUnknown);
    const [first] = rest;
    if (first !== undefined) this.add(fieldOf(first), `is unknown, as ${rest.length - 1} more are`);
  }
}

/** All of them in one, for whoever answers a request. */
export function fieldsInvalid(problems: readonly FieldProblem[]): AppError {
  const [first] = problems;
  const hint = problems.length === 1 ? first?.hint : null;
  return new AppError("FIELDS_INVALID", problems.map(({ message }) => message).join("; "), {
    details: { field: first?.field, problems },
    ...(hint ? { hint } : {}),
  });
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as it is named in a message: `the text "x"`, `the number 3`, `null`, `a list`. */
export function describeValue(value: unknown): string {
  if (typeof value === "string") return `the text ${shorten(JSON.stringify(value))}`;
  if (typeof value === "number" || typeof value === "boolean") return `the ${typeof value} ${value}`;
  if (Array.isArray(value)) return "a list";
  if (value === null || value === undefined) return String(value);
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** As a message lists them: not all of very many. */
export function listNames(names: Iterable<string>): string {
  const all = [...names];
  return all.length <= mostListed ? all.join(", ") : `${all.slice(0, mostListed).join(", ")}, …`;
}

function printName(name: string): string {
  return /^[\w-]{1,64}$/.test(name) ? name : shorten(JSON.stringify(name));
}

function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
