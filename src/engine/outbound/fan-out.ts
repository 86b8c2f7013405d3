// Makes deliveries of events: reads what has happened since, asks who wants it, and records both in one transaction.

import { toAppError } from "../../core/app-error.ts";
import type { Clock } from "../../core/clock.ts";
import type { Delivery, DestinationState } from "../../core/delivery.ts";
import type { EventRecord } from "../../core/event.ts";
import type { Store, Write } from "../../store/store.ts";
import type { Logger } from "../../telemetry/telemetry.ts";
import type { CommittedStore } from "../events/committed-store.ts";
import type { Subscription } from "./destination.ts";
import type { Destinations } from "./destinations.ts";

export interface FanOutOptions {
  readonly store: Pick<Store, "commit" | "events" | "outbound"> & Pick<CommittedStore, "onCommitted">;
  readonly clock: Clock;
  readonly logger: Pick<Logger, "error">;
  readonly destinations: Destinations;
  readonly newDeliveryId: () => string;
  /** There is something for these to be sent. */
  readonly onPending: (destinations: ReadonlySet<string>) => void;
}

interface Receiver {
  readonly subscription: Subscription;
  readonly state: DestinationState;
}

interface Wanted {
  readonly event: EventRecord;
  /** Its id. */
  readonly destination: string;
}

/** Read at once; other work comes between. */
const eventsAtOnce = 500;
/** Of one transaction. */
const deliveriesAtOnce = 500;
/** What is committed within this time is looked at together. */
const gatherMs = 5;
const retryMs = 1000;
/** Conditions may be dear: then others have their turn before all that was read is looked at, and by all. */
const longestTurnMs = 20;
/** Events that nobody wants move the place on record only now and then: reading them again would do no harm. */
const unrecordedEvents = 5000;

export class FanOut {
  readonly #options: FanOutOptions;
  #stopListening: (() => void) | null = null;
  #stopTimer: (() => void) | null = null;
  #passing: Promise<void> | null = null;
  /** There may be more than the pass under way has seen. */
  #more = false;
  #stopped = true;
  /** All events up to this place have their deliveries; on record is that of an earlier one, maybe. */
  #seq = 0;
  #recordedSeq = 0;
  /** What was looked at already is not to be looked at again: others may want it by now. */
  #mustRecord = false;

  constructor(options: FanOutOptions) {
    this.#options = options;
  }

  /** Goes on where the last life ended. */
  async start(): Promise<void> {
    this.#seq = this.#recordedSeq = await this.#options.store.outbound.fannedOutTo();
    this.#stopped = false;
    this.update();
  }

  /** The destinations have changed: where there are none that want anything, nobody listens. */
  update(): void {
    if (this.#stopped) return;
    const isNeeded = this.#receivers().length > 0;
    const isUnrecorded = this.#seq > this.#recordedSeq;
    if (isUnrecorded) this.#mustRecord = true;
    const isNew = isNeeded && this.#stopListening === null;
    if (isNew) this.#stopListening = this.#options.store.onCommitted(() => this.#poke());
    if (!isNeeded) {
      this.#stopListening?.();
      this.#stopListening = null;
    }
    if (isNew || isUnrecorded) this.#poke();
  }

  /** Resolves when nothing more is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopListening?.();
    this.#stopTimer?.();
    await this.#passing;
    // What cannot be recorded is looked at again in the next life.
    if (this.#seq > this.#recordedSeq) await this.#record(this.#seq, []).catch(() => undefined);
  }

  #poke(): void {
    if (this.#passing !== null) this.#more = true;
    else if (this.#stopTimer === null) this.#plan(gatherMs);
  }

  #plan(delayMs: number): void {
    if (this.#stopped) return;
    this.#stopTimer = this.#options.clock.after(delayMs, () => {
      this.#stopTimer = null;
      this.#more = false;
      this.#passing = this.#tryPass().then((isDone) => {
        this.#passing = null;
        if (!isDone) this.#plan(retryMs);
        else if (this.#more) this.#plan(gatherMs);
      });
    });
  }

  /** False where it failed. */
  async #tryPass(): Promise<boolean> {
    try {
      while (!this.#stopped && (await this.#takeSome())) await nextTurn();
      return true;
    } catch (thrown) {
      const error = toAppError(thrown);
      // A disk that fails is told of by the store itself.
      if (!error.class.retryable) this.#options.logger.error("events could not be read", { error: error.message });
      return false;
    }
  }

  /** The place from which on events have still to be looked at. */
  get neededFrom(): number {
    const starts = this.#receivers().map(({ state }) => state.afterSeq);
    // What happened before there was anybody to tell is nobody's.
    return Math.max(this.#seq, Math.min(...starts)) + 1;
  }

  /** False where nothing was left. */
  async #takeSome(): Promise<boolean> {
    const { store, clock } = this.#options;
    if (this.#mustRecord) await this.#record(this.#seq, []);
    const from = this.neededFrom - 1;
    if (from === Number.POSITIVE_INFINITY) return false;
    const events = await store.events.after(from, eventsAtOnce);
    if (events.length === 0) return false;
    const receivers = this.#receivers();
    const startedAt = clock.elapsed();
    const wanted: Wanted[] = [];
    let seq = from;
    for (const event of events) {
      const wanting = await this.#wantingOf(event, receivers);
      // Looked at anew in the next life.
      if (this.#stopped) return false;
      wanted.push(...wanting.map((destination) => ({ event, destination })));
      ({ seq } = event);
      if (wanted.length >= deliveriesAtOnce || clock.elapsed() - startedAt >= longestTurnMs) break;
    }
    const deliveries = wanted.flatMap((each) => this.#deliveryOf(each));
    await this.#record(seq, deliveries);
    const pending = deliveries.filter(({ status }) => status === "pending").map(({ destination }) => destination);
    if (pending.length > 0) this.#options.onPending(new Set(pending));
    return seq !== events.at(-1)?.seq || events.length === eventsAtOnce;
  }

  /** As they are now. */
  #receivers(): readonly Receiver[] {
    const { destinations } = this.#options;
    return destinations.list().flatMap((subscription) => {
      const state = subscription.isOff ? undefined : destinations.findState(subscription.destination.id);
      return state === undefined ? [] : [{ subscription, state }];
    });
  }

  async #record(seq: number, deliveries: readonly Delivery[]): Promise<void> {
    const isDue = this.#mustRecord || this.#stopped || seq - this.#recordedSeq >= unrecordedEvents;
    if (deliveries.length > 0 || isDue) {
      const creates = deliveries.map((delivery): Write => ({ type: "delivery.create", delivery }));
      await this.#options.store.commit([...creates, { type: "outbox.put", seq }]);
      this.#recordedSeq = seq;
      this.#mustRecord = false;
    }
    this.#seq = seq;
  }

  /** The ids of the destinations that want it. */
  async #wantingOf(event: EventRecord, receivers: readonly Receiver[]): Promise<readonly string[]> {
    const { clock } = this.#options;
    const wanting: string[] = [];
    let turnAt = clock.elapsed();
    for (const { subscription, state } of receivers) {
      if (event.seq <= state.afterSeq) continue;
      if (clock.elapsed() - turnAt >= longestTurnMs) {
        await nextTurn();
        if (this.#stopped) break;
        turnAt = clock.elapsed();
      }
      if (subscription.wants(event)) wanting.push(subscription.destination.id);
    }
    return wanting;
  }

  /** By what its destination is by now; none where that is gone. */
  #deliveryOf({ event, destination }: Wanted): readonly Delivery[] {
    const { clock, newDeliveryId, destinations } = this.#options;
    const state = destinations.findState(destination);
    if (state === undefined) return [];
    const now = clock.now();
    // What a disabled one is not sent is kept, and can be sent when it is well again.
    const next =
      state.disabledAt === null
        ? ({ status: "pending", nextAttemptAt: now, finishedAt: null } as const)
        : ({ status: "failed", nextAttemptAt: null, finishedAt: now } as const);
    const { seq: eventSeq, id: eventId, type: eventType } = event;
    const known = { destination, eventSeq, eventId, eventType, createdAt: now };
    return [{ id: newDeliveryId(), ...known, attempts: 0, earlierAttempts: 0, ...next }];
  }
}

async function nextTurn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
