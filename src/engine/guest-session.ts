// A run's place in the sandbox: opens its guest, hands it deliveries in order, and executes it again where that is lost.

import { toAppError } from "../core/app-error.ts";
import type { JsonValue } from "../core/json.ts";
import type {
  Answer,
  GuestCall,
  GuestDelivery,
  GuestHandle,
  GuestReplay,
  GuestRequest,
  GuestTurn,
  ObservedValues,
} from "../sandbox/sandbox.ts";
import type { CallOutcome, CancelRequest, Delivery, Journal, NewRun } from "../store/store.ts";
import { awaitStore } from "./await-store.ts";
import { guestLimits, nothingKnown } from "./guest-limits.ts";
import type { JournalView } from "./journal-view.ts";
import { readDelivered } from "./read-delivered.ts";
import { failedEnd, type RunEnd } from "./run-end.ts";
import type { PinnedVersion, RunParts } from "./run-parts.ts";
import { toGuestAfter } from "./to-guest-after.ts";

export interface GuestSessionOptions {
  readonly parts: Pick<RunParts, "store" | "pool" | "clock">;
  readonly run: NewRun;
  readonly version: PinnedVersion;
  readonly request: GuestRequest | null;
  readonly journal: JournalView;
  /** Resolves when all that the run has done so far is durable. */
  readonly settled: () => Promise<void>;
  /** Why the run is to end; asked only where its journal says that it is. */
  readonly findCancel: () => CancelRequest | null;
  /** `afterSeq` is the delivery whose turn it is, 0 for the first turn. */
  readonly onTurn: (turn: GuestTurn, afterSeq: number) => void;
  readonly onAsk: (call: GuestCall, afterSeq: number) => Promise<Answer>;
  /** Called once, with what an earlier life has left, before its script is executed again. */
  readonly onLoaded: (journal: Journal) => void;
  /** Called once, when a script that an earlier life began has come as far as that life had. */
  readonly onCaughtUp: () => void;
  readonly onFailed: (end: RunEnd) => void;
}

interface HeldDelivery {
  readonly seq: number;
  readonly delivery: GuestDelivery;
  readonly done: () => void;
}

const runOver: Answer = { ok: false, error: { code: "RUN_CANCELLED", message: "the run has ended" } };

export class GuestSession {
  readonly #options: GuestSessionOptions;
  #guest: GuestHandle | null = null;
  /** Counts placements, so that what an earlier one still says is not taken for this one's. */
  #placement = 0;
  /** The deliveries whose turns are not done, in their order; 0 stands for the opening. */
  #owed: number[] = [];
  /** Deliveries that become durable while the script is executed again. */
  #held: HeldDelivery[] | null = null;
  #resuming = false;
  /** The journal of the earlier life is known. */
  #isLoaded = false;
  /** Out of memory until the next delivery. */
  #suspended = false;
  #cpuUsedMs = 0;
  #closed = false;

  constructor(options: GuestSessionOptions) {
    this.#options = options;
  }

  /** True while the guest may still do something by itself. */
  get busy(): boolean {
    return this.#owed.length > 0 || this.#held !== null || this.#resuming;
  }

  /** True until a script that an earlier life began has come as far as that life had. */
  get resuming(): boolean {
    return this.#resuming;
  }

  start(): void {
    this.#open(nothingKnown);
  }

  /** Goes on with a script that an earlier life of the run began. */
  resume(): void {
    this.#resuming = true;
    void this.#replay();
  }

  /** Hands over what has just become durable, or keeps it until a replay has caught up. */
  hand(seq: number, delivery: GuestDelivery): Promise<void> {
    if (this.#suspended) {
      this.#suspended = false;
      void this.#replay();
    }
    const held = this.#held;
    if (held === null) return this.#send(seq, delivery);
    return new Promise((done) => held.push({ seq, delivery, done }));
  }

  /** Lets the guest leave memory until there is something for it. */
  suspend(): void {
    if (this.busy || this.#closed || this.#guest === null) return;
    this.#placement++;
    this.#guest.close();
    this.#guest = null;
    this.#suspended = true;
  }

  close(): void {
    this.#closed = true;
    this.#resuming = false;
    this.#placement++;
    this.#guest?.close();
    this.#guest = null;
    for (const { done } of this.#held ?? []) done();
    this.#held = null;
  }

  #open(replay: GuestReplay): void {
    const { parts, run, version, request, onAsk, onFailed } = this.#options;
    const placement = ++this.#placement;
    const current = (): boolean => placement === this.#placement;
    this.#owed = [0];
    const context = {
      runID: run.scriptRunId,
      pipelineID: run.pipeline,
      triggeredBy: run.triggeredBy,
      driverName: "local",
      args: run.args,
      targetJobs: run.targetJobs,
      params: run.params,
      rerunOf: run.rerunOf,
      after: run.after && toGuestAfter(run.after),
    };
    const limits = guestLimits(version.config.memoryBytes);
    const bundleHash = version.bundle.hash;
    const spec = { bundleHash, mode: "run", seed: run.seed, context, request, limits, replay } as const;
    this.#guest = parts.pool.open(version.bundle, spec, {
      onTurn: (turn) => {
        if (current()) this.#takeTurn(turn);
      },
      onAsk: async (call) => (current() ? await onAsk(call, this.#owed[0] ?? 0) : runOver),
      onMoved: () => {
        if (current()) void this.#replay();
      },
      onFailed: (code, message) => {
        if (current()) onFailed(failedEnd(code, message, version.bundle));
      },
    });
  }

  #takeTurn(turn: GuestTurn): void {
    const { version, onTurn, onFailed } = this.#options;
    const afterSeq = this.#owed[0] ?? 0;
    if (turn.done) {
      this.#owed.shift();
      this.#cpuUsedMs += turn.cpuMs;
    }
    try {
      onTurn(turn, afterSeq);
      this.#noticeCaughtUp();
    } catch (thrown) {
      onFailed(failedEnd("INTERNAL", `a turn could not be dealt with: ${toAppError(thrown).message}`, version.bundle));
    }
  }

  #noticeCaughtUp(): void {
    if (!this.#resuming || !this.#isLoaded || this.#owed.length > 0 || this.#held !== null) return;
    this.#resuming = false;
    this.#options.onCaughtUp();
  }

  /** Executes the script again in another process, answered from the journal. */
  async #replay(): Promise<void> {
    const { parts, run, version, journal: view, settled, onFailed } = this.#options;
    this.#held ??= [];
    this.#guest = null;
    const placement = ++this.#placement;
    const isOver = (): boolean => placement !== this.#placement || this.#closed;
    try {
      await settled();
      const journal = await awaitStore(parts.clock, async () => await parts.store.journal.load(run.id), isOver);
      if (isOver()) return;
      if (this.#resuming && !this.#isLoaded) {
        view.load(journal);
        this.#options.onLoaded(journal);
        this.#isLoaded = true;
      }
      view.beginReplay(journal);
      this.#open(this.#replayOf(journal));
      await this.#deliverAgain(journal);
    } catch (thrown) {
      const message = `the run could not be executed again: ${toAppError(thrown).message}`;
      if (!this.#closed) onFailed(failedEnd("INTERNAL", message, version.bundle));
    }
  }

  #replayOf({ calls, consoleLines, observations }: Journal): GuestReplay {
    return {
      calls: calls.length,
      consoleLines,
      observations: observations.map(({ values }: { values: JsonValue }) => values as unknown as ObservedValues),
      cpuUsedMs: this.#cpuUsedMs,
    };
  }

  async #deliverAgain(journal: Journal): Promise<void> {
    const placement = this.#placement;
    const outcomes = new Map(journal.calls.map((call) => [call.number, call.outcome]));
    let lastSeq = 0;
    for (const delivery of journal.deliveries) {
      lastSeq = delivery.seq;
      const message = await this.#messageOf(delivery, outcomes);
      if (placement !== this.#placement) return;
      if (message !== null) void this.#send(delivery.seq, message);
    }
    const held = this.#held ?? [];
    this.#held = null;
    for (const { seq, delivery, done } of held) {
      void this.#deliverHeld(seq, seq > lastSeq ? delivery : null, done);
    }
    this.#noticeCaughtUp();
  }

  /** What was delivered by the replay already only has to be reported as done. */
  async #deliverHeld(seq: number, delivery: GuestDelivery | null, done: () => void): Promise<void> {
    if (delivery !== null) await this.#send(seq, delivery);
    done();
  }

  async #messageOf(
    delivery: Delivery,
    outcomes: ReadonlyMap<number, CallOutcome | undefined>,
  ): Promise<GuestDelivery | null> {
    if (delivery.type === "cancel") return cancelDelivery(this.#options.findCancel());
    if (delivery.type === "result") {
      const outcome = outcomes.get(delivery.call);
      return outcome === undefined ? null : { type: "result", call: delivery.call, ...outcome };
    }
    const { parts, run } = this.#options;
    const { call, stream } = delivery;
    return { type: "output", call, stream, text: await readDelivered(parts.store, run.id, delivery) };
  }

  async #send(seq: number, delivery: GuestDelivery): Promise<void> {
    if (this.#guest === null) return;
    this.#owed.push(seq);
    await this.#guest.deliver(delivery);
  }
}

export function cancelDelivery(cancel: CancelRequest | null): GuestDelivery {
  const { code, message } = cancel ?? { code: "RUN_CANCELLED", message: "the run was cancelled" };
  return { type: "cancel", code, message };
}
