// One run inside a sandbox process: its instance, its host operations, and the messages about it.

import type { JsonValue } from "../../core/json.ts";
import { maxValueLength } from "../../core/value-length.ts";
import type { EngineError, QuickJSInstance } from "../instance/quickjs-instance.ts";
import {
  type Answer,
  type ConsoleLine,
  type GuestCall,
  type GuestDelivery,
  type GuestEnd,
  type GuestSpec,
  type GuestTurn,
  type FromSandbox,
  type InspectedExports,
  isTold,
  type LimitCode,
  type ThrownError,
} from "../protocol.ts";
import { checkCall } from "./check-call.ts";
import { CpuBudget } from "./cpu-budget.ts";
import {
  flushAfterLength,
  flushAfterMs,
  maxConsoleLength,
  maxConsoleLineLength,
  maxConsoleLines,
  maxJournalEntries,
  maxObservedLength,
  maxOutstandingCalls,
  maxOutstandingLength,
} from "./guest-limits.ts";
import { answerCondition, answerValue, type ExpressionLanguage, type ExpressionQuestion } from "./guest-expressions.ts";
import { ObservedValueSource } from "./observed-values.ts";
import { decodeText, hmac, parseUrl } from "./pure-operations.ts";
import { encodeBody, plainBody, withoutBody } from "./request-body.ts";
import { SetTime } from "./set-time.ts";
import { textsOf } from "./thrown-error.ts";
import type * as Yaml from "./yaml-operations.ts";

/** Loaded with the first YAML: most processes never see any. */
function loadYaml(): typeof Yaml {
  return require("./yaml-operations.ts") as typeof Yaml;
}

/** What a guest needs of its process. */
export interface GuestSurroundings {
  readonly send: (message: FromSandbox) => void;
  /** Waits for the control process's answer to an `ask`. */
  readonly readAnswer: () => Answer;
  readonly language: ExpressionLanguage;
  readonly now: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
  /** CPU time of this process in milliseconds. */
  readonly cpuNow: () => number;
}

export class Guest {
  readonly #id: number;
  readonly #spec: GuestSpec;
  readonly #instance: QuickJSInstance;
  readonly #around: GuestSurroundings;
  readonly #time: Pick<GuestSurroundings, "now" | "randomBytes">;
  readonly #observed: ObservedValueSource;
  readonly #cpu: CpuBudget;
  /** Number of an outstanding call → length of its arguments. */
  readonly #outstanding = new Map<number, number>();
  #outstandingLength = 0;
  #calls = 0;
  #consoleLines = 0;
  #consoleLength = 0;
  #newCalls: GuestCall[] = [];
  #newConsole: ConsoleLine[] = [];
  #newLength = 0;
  #flushAt = 0;
  #end: GuestEnd | null = null;
  #settled = false;
  /** Settled with an error or a limit: deliveries no longer enter the guest. */
  #ended = false;
  /** Set by a limit: the guest is stopped at the next opportunity, whatever it catches. */
  #doom: GuestEnd | null = null;

  constructor(id: number, spec: GuestSpec, instance: QuickJSInstance, around: GuestSurroundings) {
    this.#id = id;
    this.#spec = spec;
    this.#instance = instance;
    this.#around = around;
    this.#time = spec.atMs === undefined ? around : new SetTime(spec.atMs, spec.seed);
    const { now, randomBytes } = this.#time;
    this.#observed = new ObservedValueSource(spec.replay.observations, now, randomBytes);
    const { cpuPerDeliveryMs, cpuTotalMs } = spec.limits;
    this.#cpu = new CpuBudget(cpuPerDeliveryMs, cpuTotalMs, spec.replay.cpuUsedMs, around.cpuNow);
    instance.bind({
      host: (operation, payload) => this.#host(operation, payload),
      interrupt: () => this.#interrupted(),
    });
  }

  /** False once a limit has hit: the instance is not to be used again. */
  get clean(): boolean {
    return this.#doom === null;
  }

  /** Nothing can come any more: the script has settled and no call is waiting. */
  get finished(): boolean {
    return this.#settled && this.#outstanding.size === 0;
  }

  /** The first turn. */
  open(code: string): void {
    const { context, request, mode, seed } = this.#spec;
    this.#turn(() => {
      const init = { type: "init", context, request: request && withoutBody(request), seed };
      const failed = this.#instance.receive(JSON.stringify(init));
      return failed ?? this.#instance.evaluate(code, `${context.pipelineID}`, mode);
    });
  }

  deliver(delivery: GuestDelivery, atMs?: number): void {
    if (atMs !== undefined && this.#time instanceof SetTime) this.#time.set(atMs);
    if (delivery.type === "result") this.#settleOutstanding(delivery.call);
    else if (delivery.type === "cancel") this.#forgetOutstanding();
    this.#turn(() => this.#instance.receive(JSON.stringify(delivery)));
  }

  /** Runs one delivery and then the job queue dry, and reports. */
  #turn(action: () => EngineError | null): void {
    this.#cpu.begin(this.#calls >= this.#spec.replay.calls);
    this.#flushAt = performance.now() + flushAfterMs;
    if (!this.#ended) {
      const failed = action() ?? this.#instance.drainJobs();
      const end = this.#doom ?? (failed ? this.#endOf(failed) : null);
      if (end !== null) this.#end = end;
    }
    this.#cpu.end();
    this.#flush(true);
  }

  #flush(done: boolean): void {
    const turn: GuestTurn = {
      type: "turn",
      guest: this.#id,
      done,
      calls: this.#newCalls,
      console: this.#newConsole,
      observed: this.#observed.takeNew(),
      end: done ? this.#end : null,
      cpuMs: Math.ceil(this.#cpu.deliveryMs),
    };
    this.#newCalls = [];
    this.#newConsole = [];
    this.#newLength = 0;
    if (turn.end !== null) {
      this.#settled = true;
      this.#ended = turn.end.type !== "returned";
      this.#end = null;
    }
    this.#around.send(turn);
  }

  /** Lets a guest that computes for long be heard before its turn is over. */
  #flushIfDue(): void {
    if (this.#newLength < flushAfterLength && performance.now() < this.#flushAt) return;
    this.#flush(false);
    this.#flushAt = performance.now() + flushAfterMs;
  }

  #interrupted(): boolean {
    if (this.#doom !== null) return true;
    const exceeded = this.#cpu.exceeded();
    if (exceeded === null) return false;
    this.#doom = { type: "limit", code: "CPU_LIMIT", message: exceeded, stack: "" };
    return true;
  }

  #host(operation: string, payload: string): string | number | undefined {
    if (operation === "is_over") return this.#doom === null ? 0 : 1;
    if (this.#doom !== null) throw new Error(this.#doom.type === "limit" ? this.#doom.message : "the run has ended");
    switch (operation) {
      case "clock":
        return this.#clock();
      case "random":
        return this.#random(Number(payload));
      case "console":
        return this.#console(payload);
      case "call":
        return this.#call(payload);
      case "ask":
        return this.#ask(payload);
      case "condition":
        return answerCondition(this.#around.language, this.#question(payload));
      case "expression":
        return answerValue(this.#around.language, this.#question(payload));
      case "body":
        return plainBody(this.#spec.request);
      case "body_json":
        return JSON.stringify(this.#spec.request?.body ?? "");
      case "body_base64":
        return encodeBody(this.#spec.request);
      case "parse_url":
        return parseUrl(payload);
      case "hmac":
        return hmac(payload);
      case "decode_text":
        return decodeText(payload);
      case "yaml_parse":
        return loadYaml().parseYaml(payload);
      case "yaml_stringify":
        return loadYaml().stringifyYaml(payload);
      case "settle":
        return this.#settle(payload);
      case "unknown_call":
        return this.#unknownCall(Number(payload));
      default:
        throw new Error(`unknown host operation ${JSON.stringify(operation)}`);
    }
  }

  #clock(): number {
    const now = this.#observed.readClock();
    this.#checkObserved();
    return now;
  }

  #checkObserved(): void {
    if (this.#observed.length <= maxObservedLength) return;
    throw this.#stop("JOURNAL_LIMIT", "the clock and random values that the run asked for are over 4 MiB", "");
  }

  #random(count: number): string {
    if (!Number.isInteger(count) || count < 0 || count > 65_536) throw new RangeError("random: 0 to 65,536 bytes");
    const text = this.#observed.random(count);
    this.#checkObserved();
    this.#newLength += text.length;
    this.#flushIfDue();
    return text;
  }

  #console(payload: string): undefined {
    const { level, text } = JSON.parse(payload) as Pick<ConsoleLine, "level" | "text">;
    const full = this.#consoleLines >= maxConsoleLines || this.#consoleLength >= maxConsoleLength;
    if (full && this.#consoleLength === Number.POSITIVE_INFINITY) return;
    const shown = full
      ? "[further console output of this run is not kept: over 10,000 lines or 4 MiB]"
      : String(text).slice(0, maxConsoleLineLength);
    // The marker is the last line: an infinite length keeps all later lines out.
    this.#consoleLength = full ? Number.POSITIVE_INFINITY : this.#consoleLength + shown.length;
    const number = ++this.#consoleLines;
    if (number > this.#spec.replay.consoleLines) {
      const at = Math.trunc(this.#time.now());
      const afterCall = this.#calls;
      this.#newConsole.push({ number, afterCall, at, level: full ? "warn" : consoleLevel(level), text: shown });
      this.#newLength += shown.length;
    }
    this.#flushIfDue();
  }

  #call(payload: string): number {
    const made = this.#makeCall(payload);
    if (!isTold(made.kind)) {
      this.#outstanding.set(made.number, payload.length);
      this.#outstandingLength += payload.length;
    }
    const { size } = this.#outstanding;
    if (size > maxOutstandingCalls) {
      throw this.#stop(
        "CALL_LIMIT",
        `the script has over ${maxOutstandingCalls} host calls waiting at once`,
        made.stack,
      );
    }
    if (this.#outstandingLength > maxOutstandingLength) {
      throw this.#stop("CALL_LIMIT", "the arguments of the waiting host calls are over 16 MiB together", made.stack);
    }
    this.#newCalls.push(made);
    this.#newLength += payload.length;
    this.#flushIfDue();
    return made.number;
  }

  #ask(payload: string): string {
    const call = this.#makeCall(payload);
    // What the guest did before it asked must be known, and durable, before the answer is made.
    this.#flush(false);
    this.#around.send({ type: "ask", guest: this.#id, call });
    return JSON.stringify(this.#around.readAnswer());
  }

  #makeCall(payload: string): GuestCall {
    const raw = JSON.parse(payload) as GuestCall;
    checkCall(raw);
    const { kind, name, args, stack } = raw;
    if (payload.length > maxValueLength) {
      throw this.#stop("VALUE_TOO_LARGE", `the arguments of ${name} are over 1 MiB`, String(stack));
    }
    if (this.#calls >= maxJournalEntries) {
      throw this.#stop("JOURNAL_LIMIT", `the run made over ${maxJournalEntries} host calls`, String(stack));
    }
    const argsHash = new Bun.CryptoHasher("sha256").update(JSON.stringify(args)).digest("base64url");
    return { number: ++this.#calls, kind, name, args, argsHash, stack: String(stack) };
  }

  #settleOutstanding(call: number): void {
    this.#outstandingLength -= this.#outstanding.get(call) ?? 0;
    this.#outstanding.delete(call);
  }

  #forgetOutstanding(): void {
    this.#outstanding.clear();
    this.#outstandingLength = 0;
  }

  #question(expression: string): ExpressionQuestion {
    return { expression, request: this.#spec.request, now: () => this.#clock() };
  }

  #unknownCall(call: number): undefined {
    // A timer that was cleared while its result was under way is no divergence; a call never made is.
    if (call <= this.#calls) return;
    const message = `the result of host call ${call} has arrived, but the script has made only ${this.#calls} this time`;
    this.#doom = { type: "diverged", message, stack: "" };
    throw new Error(message);
  }

  #settle(payload: string): undefined {
    if (payload.length > maxValueLength) {
      throw this.#stop("VALUE_TOO_LARGE", "the value returned by pipeline is over 1 MiB as JSON", "");
    }
    const outcome = JSON.parse(payload) as { ok: boolean; value?: JsonValue; error?: ThrownError };
    if (!outcome.ok) {
      const error = textsOf(outcome.error);
      this.#end = this.#limitOf(error) ?? { type: "threw", error };
    } else if (this.#spec.mode !== "run") {
      this.#end = { type: "inspected", exports: outcome.value as unknown as InspectedExports };
    } else {
      this.#end = { type: "returned", value: outcome.value ?? null };
    }
  }

  #stop(code: LimitCode, message: string, stack: string): Error {
    this.#doom = { type: "limit", code, message, stack };
    return new Error(message);
  }

  /** An error of the engine as the end of the run. */
  #endOf(error: EngineError): GuestEnd {
    const limit = this.#limitOf(error);
    if (limit !== null) return limit;
    if (error.name === "EngineFailure") {
      const message = `the script left the sandbox unusable (${error.message})`;
      this.#doom = { type: "limit", code: "SANDBOX_FAILED", message, stack: "" };
      return this.#doom;
    }
    return { type: "threw", error: { ...error, code: null, hint: null } };
  }

  /** Out of memory and out of stack, however deep in the script they were met. */
  #limitOf(error: { readonly name: string; readonly message: string; readonly stack: string }): GuestEnd | null {
    const stack = error.stack;
    const engineFailed = error.name === "EngineFailure";
    // With no memory left even for the error object, QuickJS throws null.
    const nothingThrown = error.name === "" && error.message === "null was thrown";
    if (/out of memory/i.test(error.message) || ((engineFailed || nothingThrown) && this.#instance.memoryExhausted)) {
      const mebibytes = Math.floor(this.#instance.memoryBytes / 1024 / 1024);
      this.#doom = {
        type: "limit",
        code: "MEMORY_LIMIT",
        message: `the script needed over ${mebibytes} MiB of memory`,
        stack,
      };
      return this.#doom;
    }
    if (/stack overflow/i.test(error.message) || (engineFailed && /call stack/i.test(error.message))) {
      this.#doom = {
        type: "limit",
        code: "STACK_LIMIT",
        message: "the script's calls or data are nested too deeply",
        stack,
      };
      return this.#doom;
    }
    return null;
  }
}

function consoleLevel(level: unknown): ConsoleLine["level"] {
  return level === "debug" || level === "warn" || level === "error" ? level : "info";
}
