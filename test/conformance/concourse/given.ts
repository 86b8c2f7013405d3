// What files of this suite say of their runs: `# given:` is what a run begins with, and how it ends where that is no success.

import type { JsonValue } from "../../../src/core/json.ts";

export interface Given {
  /** "succeeded" without it. */
  readonly status?: string;
  readonly error?: string;
  readonly line?: number;
  readonly request?: { readonly body?: string; readonly headers?: Readonly<Record<string, string>> };
  readonly params?: Readonly<Record<string, JsonValue>>;
  readonly target?: readonly string[];
  readonly vars?: Readonly<Record<string, JsonValue>>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** The run is cancelled when this step runs. */
  readonly cancelAt?: string;
  /** Gates, and what they are answered with. */
  readonly gates?: Readonly<Record<string, boolean>>;
  /** So many runs at once, all of which must end so. */
  readonly runs?: number;
  /** First its resources are checked so often, each time after these commits were pushed to the var `repository`. */
  readonly checks?: readonly (readonly string[])[];
  /** The runs that those checks begin, in order, and how each ends. */
  readonly begun?: readonly string[];
  /** What the target `team` is told. */
  readonly notified?: readonly string[];
  /** Names of its steps, in the order they began. */
  readonly steps?: readonly string[];
  /** Pipelines that the run has set, and how a run of each ends: they have assertions of their own. */
  readonly then?: Readonly<Record<string, string>>;
  /** Job → its status at the end, and behind a colon what is said of it. */
  readonly jobs?: Readonly<Record<string, string>>;
}

export function givenOf(text: string): Given {
  const line = /^# given: (.*)$/m.exec(text)?.[1];
  return line === undefined ? {} : (JSON.parse(line) as Given);
}
