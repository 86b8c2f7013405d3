// What a step finds where it stands: the job it is of, its local vars, its artifacts, and until when it may go on.

import type { JsonValue } from "../../../core/json.ts";
import type { Artifacts } from "./artifacts.ts";
import type { JobContext } from "./job-context.ts";
import { script } from "./script-globals.ts";

export class Scope {
  readonly job: JobContext;
  readonly artifacts: Artifacts;
  /** Milliseconds since the Unix epoch; null: no limit. */
  readonly deadline: number | null;
  /** Ends what goes on; null: nothing does. */
  readonly signal: AbortSignal | null;
  /** Behind the names of its steps: which of several `across` it is, and at which try. */
  readonly suffix: string;
  readonly #locals: Map<string, JsonValue>;
  readonly #parent: Scope | null;

  constructor(
    job: JobContext,
    artifacts: Artifacts,
    options: { readonly parent?: Scope } & Partial<Pick<Scope, "deadline" | "signal" | "suffix">> = {},
    locals: Map<string, JsonValue> = new Map(),
  ) {
    this.job = job;
    this.artifacts = artifacts;
    this.#parent = options.parent ?? null;
    this.deadline = options.deadline ?? null;
    this.signal = options.signal ?? null;
    this.suffix = options.suffix ?? "";
    this.#locals = locals;
  }

  /** The same with less time. */
  until(deadline: number): Scope {
    return this.#with({ deadline: Math.min(this.deadline ?? deadline, deadline) });
  }

  /** The same, ended by one more signal. */
  endedBy(given: AbortSignal): Scope {
    return this.#with({ signal: this.signal === null ? given : script.AbortSignal.any([this.signal, given]) });
  }

  /** The same at a later try, which the names of its steps tell. */
  attempt(number: number): Scope {
    return number === 1 ? this : this.#with({ suffix: `${this.suffix} (attempt ${number})` });
  }

  /** The same without a limit: what runs behind a step has its own time, and nothing ends it. */
  unlimited(): Scope {
    return this.#with({ deadline: null, signal: null });
  }

  /** With a var of its own, and artifacts that nobody outside sees. */
  inside(name: string, value: JsonValue): Scope {
    const { job, deadline, signal } = this;
    const shown = typeof value === "string" ? value : JSON.stringify(value);
    const suffix = `${this.suffix} (${name}=${shown.length > 40 ? `${shown.slice(0, 39)}…` : shown})`;
    return new Scope(job, this.artifacts.fork(), { parent: this, deadline, signal, suffix }, new Map([[name, value]]));
  }

  #with(changes: Partial<Pick<Scope, "deadline" | "signal" | "suffix">>): Scope {
    const { job, artifacts, deadline, signal, suffix } = this;
    return new Scope(job, artifacts, { parent: this, deadline, signal, suffix, ...changes }, this.#locals);
  }

  setLocal(name: string, value: JsonValue): void {
    this.#locals.set(name, value);
  }

  /** Undefined where there is none. */
  findLocal(name: string): JsonValue | undefined {
    return this.#locals.has(name) ? this.#locals.get(name) : this.#parent?.findLocal(name);
  }

  /** As steps are called in the run. */
  stepName(name: string, maxLength = 200): string {
    return `${this.job.name}/${name}${this.suffix}`.slice(0, maxLength);
  }
}
