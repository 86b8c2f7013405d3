// A past run executed again against its journal, with the script of then or a changed one: nothing is done, nothing kept.

import { AppError, type ErrorCode } from "../../core/app-error.ts";
import type { CallRecord, DeliveryRecord, JournalHead, JournalRecord } from "../../core/journal-record.ts";
import {
  type Answer,
  findAuthorPosition,
  type GuestCall,
  type GuestDelivery,
  type GuestEnd,
  type GuestSpec,
  type ObservedValues,
  type SandboxPool,
} from "../../sandbox/sandbox.ts";
import { type Bundle, journalFormat } from "../../store/store.ts";
import { guestLimits, nothingKnown } from "../guest-limits.ts";
import { GuestPlayer, type PlayedPart } from "../rehearsal/guest-player.ts";
import { isNamed } from "../mask-secrets.ts";
import { endOfGuest } from "../run-end.ts";
import { toGuestAfter } from "../to-guest-after.ts";
import { compareValues } from "./compare-arguments.ts";
import { describeAnswer } from "./describe-answer.ts";
import { JournalSource } from "./journal-source.ts";
import type { Place, ReplayDifference, ReplayedEnd, ReplayEvent, ReplayReport } from "./replay-report.ts";

export interface ReplayOptions {
  readonly pool: SandboxPool;
  readonly journal: AsyncIterable<JournalRecord>;
  /** A changed script; absent: the one that the run had, which the journal must come with. */
  readonly bundle?: Bundle;
  /** Called for each in its order. */
  readonly onEvent: (event: ReplayEvent) => Promise<void> | void;
}

/** @throws {AppError} VALIDATION_FAILED, RUN_INCOMPATIBLE, SANDBOX_FAILED, and what reading the journal throws. */
export async function replayRun(options: ReplayOptions): Promise<ReplayReport> {
  const source = await JournalSource.open(options.journal);
  try {
    checkHead(source.head);
    return await new Replay(options, source).run();
  } finally {
    await source.close();
  }
}

function checkHead({ run, format }: JournalHead): void {
  if (run.startedAt === null) {
    throw new AppError(
      "VALIDATION_FAILED",
      `run ${run.id} is ${run.status}: it has not begun, so there is nothing to replay`,
    );
  }
  if (format === journalFormat) return;
  throw new AppError(
    "RUN_INCOMPATIBLE",
    `run ${run.id} was recorded in the journal format ${format}; this program replays format ${journalFormat} only`,
    { hint: "use the version of runner that recorded it" },
  );
}

/** How the host alone ends a run: a script that is executed again does not come to such an end by itself. */
const endsOfHost: readonly ErrorCode[] = [
  "NEVER_SETTLES",
  "NONDETERMINISTIC",
  "INTERNAL",
  "RUN_INCOMPATIBLE",
  "SANDBOX_FAILED",
  "CPU_LIMIT",
];

class Replay {
  readonly #options: ReplayOptions;
  readonly #source: JournalSource;
  readonly #bundle: Bundle;
  readonly #player: GuestPlayer;
  readonly #differences: ReplayDifference[] = [];
  /** Host calls that the script has made. */
  #made = 0;
  #nowMs: number;
  #end: GuestEnd | null = null;
  /** Nothing that follows can be answered. */
  #isLost = false;

  constructor(options: ReplayOptions, source: JournalSource) {
    const { head } = source;
    const bundle = options.bundle ?? head.bundle;
    if (bundle === null) throw new AppError("VALIDATION_FAILED", "the journal came without its script");
    this.#options = options;
    this.#source = source;
    this.#bundle = bundle;
    this.#nowMs = head.run.startedAt ?? head.run.createdAt;
    this.#player = new GuestPlayer({
      pool: options.pool,
      bundle,
      spec: this.#spec(),
      onPart: async (part) => await this.#takePart(part),
      onAsk: async (call) => await this.#answer(call),
    });
  }

  async run(): Promise<ReplayReport> {
    const { head } = this.#source;
    try {
      this.#note(await this.#player.open());
      while (!this.#isOver()) {
        const delivery = await this.#source.nextDelivery();
        if (delivery === null) break;
        const message = await this.#messageOf(delivery);
        if (message !== null) this.#note(await this.#player.deliver(message, this.#nowMs));
      }
    } finally {
      this.#player.close();
    }
    const end = this.#endNow();
    if (!this.#isLost) await this.#compareEnd(end);
    const { id: runId, pipeline, status } = head.run;
    return { runId, pipeline, status, calls: this.#made, differences: this.#differences, end };
  }

  #spec(): GuestSpec {
    const { head, observed } = this.#source;
    const { run, params, args, targetJobs, request, seed, scriptRunId, after, memoryBytes } = head;
    const observations = observed.map(({ values }) => values as unknown as ObservedValues);
    return {
      bundleHash: this.#bundle.hash,
      mode: "run",
      seed,
      context: {
        runID: scriptRunId,
        pipelineID: run.pipeline,
        triggeredBy: run.triggeredBy,
        driverName: "local",
        args,
        targetJobs,
        params,
        rerunOf: run.rerunOf,
        after: after && toGuestAfter(after),
      },
      request,
      limits: guestLimits(memoryBytes),
      replay: { ...nothingKnown, observations },
      atMs: this.#nowMs,
    };
  }

  /** A script that has returned may still have steps under way; one that has thrown hears of nothing any more. */
  #isOver(): boolean {
    return this.#isLost || (this.#end !== null && this.#end.type !== "returned");
  }

  #note(end: GuestEnd | null): void {
    this.#end ??= end;
  }

  async #takePart({ calls, console }: PlayedPart): Promise<void> {
    const lines = [...console];
    const showLines = async (before: number): Promise<void> => {
      while (lines[0] !== undefined && lines[0].afterCall < before) {
        const { level, text } = lines[0];
        lines.shift();
        if (!this.#isLost) await this.#options.onEvent({ type: "console", level, text });
      }
    };
    for (const call of calls) {
      await showLines(call.number);
      if (!this.#isLost) await this.#takeCall(call);
    }
    await showLines(Number.POSITIVE_INFINITY);
  }

  /** The record of a call as it is made; undefined where there is none, or another. */
  async #takeCall(call: GuestCall): Promise<CallRecord | undefined> {
    const { number, kind, name } = call;
    this.#made = number;
    const record = await this.#source.findCall(number);
    const place = this.#placeOf(call);
    if (record !== undefined && (record.kind !== kind || !isNamed(record.name, name))) {
      this.#isLost = true;
      const recorded = { kind: record.kind, name: record.name };
      await this.#differ({ type: "call", number, recorded, now: { kind, name }, place });
      return undefined;
    }
    const answer = record === undefined ? null : describeAnswer(record);
    await this.#options.onEvent({ type: "call", call: { number, kind, name, place, answer } });
    if (record === undefined) {
      if (this.#endedByScript()) await this.#differ({ type: "extra", number, now: { kind, name }, place });
      return undefined;
    }
    this.#nowMs = Math.max(this.#nowMs, record.startedAt);
    if (record.argsHash !== call.argsHash) {
      const changes = compareValues(record.args, call.args);
      await this.#differ({ type: "arguments", number, call: { kind, name }, changes, place });
    }
    return record;
  }

  async #answer(call: GuestCall): Promise<Answer> {
    const record = this.#isLost ? undefined : await this.#takeCall(call);
    if (record?.outcome) return record.outcome;
    // The script cannot go on without an answer, and there is none.
    this.#isLost = true;
    return { ok: false, error: { code: "NONDETERMINISTIC", message: "the journal has no answer to this call" } };
  }

  async #messageOf(delivery: DeliveryRecord): Promise<GuestDelivery | null> {
    if (delivery.what === "cancel") {
      const { code, message } = this.#source.head.cancel ?? { code: "RUN_CANCELLED", message: "the run was cancelled" };
      return { type: "cancel", code, message };
    }
    const { call } = delivery;
    const record = await this.#source.findCall(call);
    if (call > this.#made) {
      this.#isLost = true;
      await this.#differMissing(this.#made + 1);
      return null;
    }
    if (delivery.what === "output") return { type: "output", call, stream: delivery.stream, text: delivery.text };
    this.#source.forget(call);
    return record?.outcome ? { type: "result", call, ...record.outcome } : null;
  }

  async #differMissing(number: number): Promise<void> {
    const record = await this.#source.findCall(number);
    const recorded = { kind: record?.kind ?? "", name: record?.name ?? "" };
    await this.#differ({ type: "missing", number, recorded });
  }

  async #differ(difference: ReplayDifference): Promise<void> {
    this.#differences.push(difference);
    await this.#options.onEvent({ type: "difference", difference });
  }

  #endNow(): ReplayedEnd {
    return this.#end === null ? { status: "waiting", result: null, error: null } : endOfGuest(this.#end, this.#bundle);
  }

  /** True where the recorded run came to its end by what its script did. */
  #endedByScript(): boolean {
    const { status, error } = this.#source.head.run;
    return status === "succeeded" || (status === "failed" && error !== null && !endsOfHost.includes(error.code));
  }

  async #compareEnd(now: ReplayedEnd): Promise<void> {
    const [missing] = (await this.#source.leftCalls()).filter(({ number }) => number > this.#made);
    if (missing !== undefined) {
      const { number, kind, name } = missing;
      await this.#differ({ type: "missing", number, recorded: { kind, name } });
    }
    if (!this.#endedByScript() || (this.#end === null && this.#differences.length > 0)) return;
    const { status, result, error } = this.#source.head.run;
    const isSame =
      now.status === status &&
      JSON.stringify(now.result) === JSON.stringify(result) &&
      now.error?.code === error?.code &&
      now.error?.message === error?.message;
    if (!isSame) await this.#differ({ type: "end", recorded: { status, result, error }, now });
  }

  #placeOf({ stack }: GuestCall): Place | null {
    const position = findAuthorPosition(stack, this.#bundle.hash, this.#bundle.sourceMap);
    return position && { file: position.file, line: position.line };
  }
}
