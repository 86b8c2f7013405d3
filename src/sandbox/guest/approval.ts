// `approval`: the run waits until somebody decides. `runtime.gate` and `pipeline.gate`: the same, but a denial throws.

import { isNewsName, maxNewsText } from "../../core/news-name.ts";
import { readSignal } from "./abort.ts";
import { call, errorAt, stackHere } from "./calls.ts";
import { defineGlobal, stringifyJson } from "./host.ts";
import { readJobOption } from "./jobs.ts";
import { readOptions, readText, readTimeout } from "./known-options.ts";

interface Decision {
  readonly approved: boolean;
  readonly by: string;
  readonly comment: string | null;
}

const fields = ["name", "message", "timeout", "onTimeout", "signal", "job"] as const;
const outcomes: readonly unknown[] = ["deny", "approve", "fail"];

/** Takes a name and options, or options with the name among them. */
function ask(caller: string, given: unknown, more: unknown, usualOutcome: string): Promise<unknown> {
  const isNamed = typeof given === "string";
  const example = '{ name: "deploy", message: "deploy to production?", timeout: "4h" }';
  const options = readOptions(caller, isNamed ? (more ?? {}) : given, fields, example);
  const { onTimeout = usualOutcome } = options;
  const name = isNamed ? given : options.name;
  if (typeof name !== "string" || !isNewsName(name)) {
    throw new TypeError(`${caller}: name must be a text of 1 to 100 characters, as ${example}`);
  }
  if (!outcomes.includes(onTimeout)) {
    const found = stringifyJson(onTimeout) ?? typeof onTimeout;
    throw new TypeError(`${caller}: onTimeout must be "deny", "approve" or "fail", not ${found}`);
  }
  const message = readText(caller, "message", options.message, maxNewsText);
  const timeout = readTimeout(caller, options.timeout);
  const ending = readSignal(caller, options.signal);
  return call("approval", name, { message, timeout, onTimeout, job: readJobOption(caller, options.job) }, { ending });
}

async function approval(given: unknown, more?: unknown): Promise<unknown> {
  return await ask("approval", given, more, "deny");
}

export async function gate(given: unknown, more?: unknown): Promise<Decision> {
  const calledAt = stackHere();
  const decision = (await ask("gate", given, more, "fail")) as Decision;
  if (decision.approved) return decision;
  const name = typeof given === "string" ? given : (given as { name: string }).name;
  const comment = decision.comment === null ? "" : `: ${decision.comment}`;
  const message = `gate ${stringifyJson(name)} was denied by ${decision.by}${comment}`;
  throw errorAt({ code: "APPROVAL_DENIED", message }, calledAt);
}

/** In a script that exports a function named `pipeline` that name is the function: it has the gate, too. */
export function addGate(exported: object): void {
  if (!Object.isExtensible(exported) || "gate" in exported) return;
  Object.defineProperty(exported, "gate", { value: gate, writable: true, configurable: true, enumerable: false });
}

export function installApproval(): void {
  defineGlobal("approval", approval);
  defineGlobal("pipeline", { gate });
}
