// Host calls as promises: numbers them, keeps those without a result, settles them when a delivery comes.

import type { Ending } from "./ending.ts";
import { defineGlobal, host, hostText, parseJson, stringifyJson } from "./host.ts";

export type OutputListener = (stream: "stdout" | "stderr", text: string) => void;

export interface CallFailure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** What a waiting call is rejected with when the run is cancelled or over its time. */
export class CancelledError extends Error {
  override readonly name = "CancelledError";
  readonly code: string;

  constructor(message = "the run was cancelled", code = "RUN_CANCELLED") {
    super(message);
    this.code = code;
  }
}

interface PendingCall {
  readonly resolve: (value: unknown) => void;
  /** Null: nobody waits for it, as for a timer. */
  readonly reject: ((error: Error) => void) | null;
  readonly onOutput: OutputListener | undefined;
  /** Where the script made the call: an error that comes back later points there. */
  readonly calledAt: string;
  readonly ending?: Ending | undefined;
  /** Called when it has its result. */
  readonly unfollow?: (() => void) | undefined;
}

const pending = new Map<number, PendingCall>();
let cancelled = false;

/** True once the run was asked to end. */
export function isCancelled(): boolean {
  return cancelled;
}

export interface CallOptions {
  readonly onOutput?: OutputListener | undefined;
  /** Ends the call before its time: rejected with the reason, once the host has ended what it began. */
  readonly ending?: Ending | undefined;
}

/** Makes an asynchronous host call; rejects with an Error that carries the host's code and the caller's stack. */
export function call(kind: string, name: string, args: unknown, options: CallOptions = {}): Promise<unknown> {
  const { onOutput, ending } = options;
  const calledAt = stackHere();
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  if (ending?.isOver === true) {
    reject(ending.reason as Error);
    return promise;
  }
  const number = host("call", encodeCall(kind, name, args, calledAt)) as number;
  const unfollow = ending?.follow(() => notify("abort", "signal", { call: number }));
  pending.set(number, { resolve, reject, onOutput, calledAt, ending, unfollow });
  return promise;
}

/** Makes a call that is never answered. Returns its number. */
export function notify(kind: string, name: string, args: unknown): number {
  return host("call", encodeCall(kind, name, args, stackHere())) as number;
}

/** Makes a call whose result comes by a callback instead of a promise. Returns its number. */
export function callBack(kind: string, name: string, args: unknown, done: () => void): number {
  const number = notify(kind, name, args);
  pending.set(number, { resolve: done, reject: null, onOutput: undefined, calledAt: "" });
  return number;
}

/** Forgets a call: its result, should one still come, is not delivered. */
export function abandon(number: number): boolean {
  return pending.delete(number);
}

/** Makes a synchronous host call: the sandbox process waits for the answer. */
export function ask(kind: string, name: string, args: unknown): unknown {
  const calledAt = stackHere();
  const answer = parseJson(hostText("ask", encodeCall(kind, name, args, calledAt)));
  if (answer.ok) return answer.value;
  throw errorAt(answer.error, calledAt);
}

/** Settles the call a result is for. Abandoned timers are gone, so an unknown number is told to the host. */
export function deliverResult(number: number, ok: boolean, value: unknown, failure: CallFailure): void {
  const waiting = pending.get(number);
  if (waiting === undefined) {
    host("unknown_call", String(number));
    return;
  }
  pending.delete(number);
  waiting.unfollow?.();
  if (waiting.ending?.isOver === true) waiting.reject?.(waiting.ending.reason as Error);
  else if (ok) waiting.resolve(value);
  else if (waiting.reject === null) waiting.resolve(undefined);
  else waiting.reject(errorAt(failure, waiting.calledAt));
}

/** Rejects every waiting call; timers do not go off any more. Calls made from now on are as ever. */
export function deliverCancel(code: string, message: string): void {
  cancelled = true;
  const rejected = [...pending.values()];
  pending.clear();
  for (const { reject, calledAt, unfollow } of rejected) {
    unfollow?.();
    const error = new CancelledError(message, code);
    error.stack = calledAt;
    reject?.(error);
  }
}

export function installCancelledError(): void {
  defineGlobal("CancelledError", CancelledError);
}

/** Hands a piece of output to the script; an error it throws there fails the call. */
export function deliverOutput(number: number, stream: "stdout" | "stderr", text: string): void {
  const waiting = pending.get(number);
  if (waiting?.onOutput === undefined) return;
  try {
    waiting.onOutput(stream, text);
  } catch (thrown) {
    pending.set(number, { ...waiting, onOutput: undefined });
    waiting.reject?.(thrown as Error);
  }
}

function encodeCall(kind: string, name: string, args: unknown, stack: string): string {
  return stringifyJson({ kind, name, args: args === undefined ? null : args, stack });
}

/** Where the script is: for an error that comes later and is to point there. */
export function stackHere(): string {
  return new Error().stack ?? "";
}

/** An error with a code that points to where the script made its call. */
export function errorAt(failure: CallFailure, calledAt: string): Error {
  const error = new Error(failure.message);
  Object.assign(error, { code: failure.code }, failure.hint === undefined ? {} : { hint: failure.hint });
  error.stack = calledAt;
  return error;
}
