// `step`: a part of the script that is tried as a whole and seen as a step of the run. In a replay it is executed again
// like all of the script; what it came to is in the journal, and must be the same.

import { isWorthRetry, retryDelayMs, type RetryPolicy } from "../../core/retry.ts";
import { call, CancelledError, isCancelled, notify, stackHere } from "./calls.ts";
import { drawRandom } from "./clock.ts";
import { describeThrown } from "./describe-thrown.ts";
import { defineGlobal, parseJson, stringifyJson } from "./host.ts";
import { readJobOption } from "./jobs.ts";
import { findNoJson } from "./no-json.ts";
import { readPolicy } from "./retry-options.ts";
import { pause } from "./timers.ts";

const maxNameLength = 200;
const maxReasonLength = 1000;

type Tried =
  | { readonly ok: true; readonly value: unknown }
  /** `isLast`: the run was asked to end meanwhile, so trying again is of no use. */
  | { readonly ok: false; readonly thrown: unknown; readonly isLast: boolean };

function readName(name: unknown): string {
  if (typeof name === "string" && name !== "") return name.slice(0, maxNameLength);
  throw new TypeError(
    'step: takes a name and a function, as step("build", async () => { … }); for a command there is runtime.run',
  );
}

interface BlockOptions {
  readonly policy: RetryPolicy | null;
  readonly job: string | undefined;
}

function readOptions(caller: string, options: unknown): BlockOptions {
  if (options === undefined || options === null) return { policy: null, job: undefined };
  if (typeof options !== "object") throw new TypeError(`${caller}: the options must be an object, as { retry: 3 }`);
  const unknown = Object.keys(options).find((field) => field !== "retry" && field !== "job");
  if (unknown !== undefined) {
    throw new TypeError(`${caller}: unknown option ${stringifyJson(unknown)}; there are retry and job`);
  }
  const { retry, job } = options as { retry?: unknown; job?: unknown };
  return { policy: readPolicy(caller, retry), job: readJobOption(caller, job) };
}

async function step(givenName: unknown, body: unknown, options?: unknown): Promise<unknown> {
  const name = readName(givenName);
  const caller = `step ${stringifyJson(name)}`;
  if (typeof body !== "function") throw new TypeError(`${caller}: the second argument must be a function`);
  const { policy, job } = readOptions(caller, options);
  const calledAt = stackHere();
  const block = notify("block", name, { attempts: policy?.attempts ?? 1, job });
  const end = async (result: object): Promise<void> => void (await call("block_end", name, { block, ...result }));
  for (let attempt = 1; ; attempt++) {
    const tried = await tryOnce(body as () => unknown);
    if (tried.ok) {
      const noJson = findNoJson(tried.value);
      if (noJson === null) {
        await end({ status: "succeeded", value: tried.value });
        return copyOf(tried.value);
      }
      return await fail(Object.assign(new TypeError(`${caller}: ${noJson}`), { stack: calledAt }), end);
    }
    const delayMs = planNext(policy, attempt, tried);
    if (delayMs === null) return await fail(tried.thrown, end);
    notify("block_note", name, { block, delayMs, reason: reasonOf(tried.thrown) });
    const waited = await tryOnce(() => pause(delayMs));
    if (!waited.ok) return await fail(waited.thrown, end);
    notify("block_note", name, { block });
  }
}

async function tryOnce(body: () => unknown): Promise<Tried> {
  const before = isCancelled();
  try {
    return { ok: true, value: await body() };
  } catch (thrown) {
    return { ok: false, thrown, isLast: thrown instanceof CancelledError || isCancelled() !== before };
  }
}

/** Milliseconds until the next attempt; null where there is none. */
function planNext(policy: RetryPolicy | null, attempt: number, tried: Tried & { ok: false }): number | null {
  if (policy === null || tried.isLast || attempt >= policy.attempts) return null;
  return isWorthRetry(policy, codesOf(tried.thrown)) ? retryDelayMs(policy, attempt, drawRandom()) : null;
}

async function fail(thrown: unknown, end: (result: object) => Promise<void>): Promise<never> {
  await end({ status: thrown instanceof CancelledError ? "cancelled" : "failed", reason: reasonOf(thrown) });
  throw thrown;
}

/** What `on` of a policy may name. */
function codesOf(thrown: unknown): readonly (string | number)[] {
  const { code, name } = (typeof thrown === "object" && thrown !== null ? thrown : {}) as {
    readonly code?: unknown;
    readonly name?: unknown;
  };
  return [code, name].filter((each) => typeof each === "string" || typeof each === "number");
}

function reasonOf(thrown: unknown): string {
  const { name, message } = describeThrown(thrown);
  return (name === "" || name === "Error" ? message : `${name}: ${message}`).slice(0, maxReasonLength);
}

/** The value as a replay finds it in the journal. */
function copyOf(value: unknown): unknown {
  return value === undefined ? undefined : parseJson(stringifyJson(value));
}

export function installBlock(): void {
  defineGlobal("step", step);
}
