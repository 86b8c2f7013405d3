// `AbortController` and `AbortSignal`, with which a script ends what it has begun, as in browsers:
// https://dom.spec.whatwg.org/#aborting-ongoing-activities.

import { Ending } from "./ending.ts";
import { defineGlobal, stringifyJson } from "./host.ts";
import { callAfter } from "./timers.ts";

interface AbortEvent {
  readonly type: "abort";
  readonly target: AbortSignal;
  readonly currentTarget: AbortSignal;
}

type Listener = ((event: AbortEvent) => unknown) | { handleEvent(event: AbortEvent): unknown };

/** Set by the class, which alone may look inside. */
let findEnding: (given: unknown) => Ending | null;

class AbortSignal {
  onabort: ((event: AbortEvent) => unknown) | null = null;
  readonly #ending = new Ending(() => this.#dispatch());
  #listeners: Listener[] = [];

  get aborted(): boolean {
    return this.#ending.isOver;
  }

  get reason(): unknown {
    return this.#ending.reason;
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  /** It happens once, so there is nothing to remove a listener for that was told. */
  addEventListener(type: unknown, listener: Listener | null): void {
    if (type !== "abort" || listener === null || this.aborted || this.#listeners.includes(listener)) return;
    this.#listeners.push(listener);
  }

  removeEventListener(type: unknown, listener: Listener): void {
    if (type === "abort") this.#listeners = this.#listeners.filter((each) => each !== listener);
  }

  static abort(reason: unknown = abortError()): AbortSignal {
    const signal = new AbortSignal();
    signal.#ending.end(reason);
    return signal;
  }

  static timeout(delayMs: unknown): AbortSignal {
    const signal = new AbortSignal();
    callAfter(delayMs, () => signal.#ending.end(namedError("TimeoutError", "the operation timed out")));
    return signal;
  }

  static any(signals: Iterable<unknown>): AbortSignal {
    const signal = new AbortSignal();
    for (const each of [...signals].map((given) => endingOf("AbortSignal.any", given))) {
      const end = (): void => signal.#ending.end(each.reason);
      if (each.isOver) end();
      else each.follow(end);
    }
    return signal;
  }

  static {
    findEnding = (given) => (typeof given === "object" && given !== null && #ending in given ? given.#ending : null);
  }

  /** Each is told; of what they throw the first is passed on. */
  #dispatch(): void {
    const event: AbortEvent = { type: "abort", target: this, currentTarget: this };
    const thrown: unknown[] = [];
    for (const listener of [this.onabort, ...this.#listeners]) {
      try {
        if (typeof listener === "function") listener.call(this, event);
        else listener?.handleEvent(event);
      } catch (reason) {
        thrown.push(reason);
      }
    }
    this.#listeners = [];
    if (thrown.length > 0) throw thrown[0];
  }
}

class AbortController {
  readonly signal = new AbortSignal();

  abort(reason: unknown = abortError()): void {
    findEnding(this.signal)?.end(reason);
  }
}

function abortError(): Error {
  return namedError("AbortError", "the operation was aborted");
}

function namedError(name: string, message: string): Error {
  return Object.defineProperty(new Error(message), "name", { value: name, writable: true, configurable: true });
}

/** @throws {TypeError} for what is no AbortSignal. */
function endingOf(caller: string, given: unknown): Ending {
  const ending = findEnding(given);
  if (ending !== null) return ending;
  const found = stringifyJson(given) ?? typeof given;
  throw new TypeError(`${caller}: signal must be an AbortSignal, as new AbortController().signal, not ${found}`);
}

/** The option `signal` of a function. @throws {TypeError} for what is no AbortSignal. */
export function readSignal(caller: string, given: unknown): Ending | undefined {
  return given === undefined || given === null ? undefined : endingOf(caller, given);
}

export function installAbort(): void {
  defineGlobal("AbortController", AbortController);
  defineGlobal("AbortSignal", AbortSignal);
}
