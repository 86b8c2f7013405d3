// One attempt of one delivery: sends its event, and records what came of it together with what that means.

import { toAppError } from "../../core/app-error.ts";
import type { Clock } from "../../core/clock.ts";
import type { Delivery, DestinationState } from "../../core/delivery.ts";
import { eventId } from "../../core/event.ts";
import type { Store, Write } from "../../store/store.ts";
import type { Logger } from "../../telemetry/telemetry.ts";
import { awaitStore } from "../await-store.ts";
import { CountedWarning } from "../counted-warning.ts";
import type { Subscription } from "./destination.ts";
import type { Destinations } from "./destinations.ts";
import { Gathering } from "./gathering.ts";
import { judgeAttempt, type Verdict } from "./judge-attempt.ts";
import { RecentEvents } from "./recent-events.ts";

export interface DeliveryAttemptsOptions {
  readonly store: Pick<Store, "commit" | "events">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly destinations: Pick<Destinations, "find" | "findState" | "noteState">;
  /** Null: no destination is disabled for failing long. */
  readonly disableAfterMs: number | null;
  readonly randomBytes: (count: number) => Uint8Array;
}

interface MakeOptions {
  /** Ends it; nothing is recorded then, and it is made again in the next life. */
  readonly signal: AbortSignal;
  /** It was sent, or could not be, and is to be recorded now. */
  readonly onSent?: () => void;
}

const tellGivenUpEveryMs = 10_000;

export class DeliveryAttempts {
  readonly #options: DeliveryAttemptsOptions;
  readonly #events: RecentEvents;
  readonly #gathering: Gathering;
  /** States that are on their way into the store. */
  readonly #coming = new Map<string, DestinationState>();
  readonly #givenUp = new Map<string, CountedWarning>();

  constructor(options: DeliveryAttemptsOptions) {
    this.#options = options;
    this.#events = new RecentEvents(options.store);
    this.#gathering = new Gathering(options.clock);
  }

  /** The delivery as it is then; null where nothing is recorded. Never rejects. */
  async make(subscription: Subscription, delivery: Delivery, options: MakeOptions): Promise<Delivery | null> {
    const { signal } = options;
    let onSent: (() => void) | undefined = options.onSent;
    const sent = (): void => {
      onSent?.();
      onSent = undefined;
    };
    try {
      const { clock } = this.#options;
      const event = await this.#events.find(delivery.eventSeq);
      if (event?.id !== delivery.eventId) throw new Error(`the event ${delivery.eventId} is not on record`);
      const startedAt = clock.now();
      const numbered = { id: delivery.id, attempt: delivery.attempts + 1 };
      const made = await subscription.destination.attempt(event, numbered, signal);
      if (signal.aborted && made.outcome.type === "failed") return null;
      const verdict = this.#judge(subscription, delivery, { made, startedAt, endedAt: clock.now() });
      const recording = this.#record(verdict, signal);
      sent();
      await recording;
      return verdict.delivery;
    } catch (thrown) {
      const error = toAppError(thrown);
      // A disk that fails is told of by the store itself.
      if (!error.class.retryable) {
        const fields = { destination: delivery.destination, delivery: delivery.id, error: error.message };
        this.#options.logger.error("an attempt of a delivery could not be recorded", fields);
      }
      return null;
    } finally {
      sent();
    }
  }

  /** Tells what was not told yet. */
  close(): void {
    for (const warning of this.#givenUp.values()) warning.close();
  }

  #judge(
    { destination, mayBeDisabled }: Subscription,
    delivery: Delivery,
    given: Pick<Parameters<typeof judgeAttempt>[0], "made" | "startedAt" | "endedAt">,
  ): Verdict {
    const { destinations, disableAfterMs } = this.#options;
    const { id, retryDelaysMs } = destination;
    const state = this.#coming.get(id) ?? destinations.findState(id);
    const verdict = judgeAttempt({
      ...given,
      delivery,
      retryDelaysMs,
      mayBeDisabled,
      disableAfterMs,
      state: state ?? removedState(id),
    });
    if (state !== undefined) return verdict;
    // It was removed meanwhile.
    const ended = { status: "cancelled", nextAttemptAt: null, finishedAt: given.endedAt } as const;
    const isOver = verdict.delivery.status === "delivered";
    return { ...verdict, news: [], delivery: isOver ? verdict.delivery : { ...verdict.delivery, ...ended } };
  }

  async #record(verdict: Verdict, signal: AbortSignal): Promise<void> {
    const { store, clock, destinations } = this.#options;
    const { attempt, delivery } = verdict;
    const id = delivery.destination;
    const known = this.#coming.get(id) ?? destinations.findState(id);
    const isChanged = known !== undefined && verdict.state !== known;
    if (isChanged) this.#coming.set(id, verdict.state);
    const writes: readonly Write[] = [
      { type: "delivery.attempt", deliveryId: delivery.id, attempt },
      { type: "delivery.put", delivery },
      ...(isChanged ? [{ type: "destination.put", state: verdict.state } as const, ...this.#newsOf(verdict)] : []),
    ];
    try {
      await this.#gathering.turn();
      await awaitStore(
        clock,
        async () => {
          await store.commit(writes);
        },
        () => signal.aborted,
      );
      if (isChanged) destinations.noteState(verdict.state);
    } finally {
      if (isChanged && this.#coming.get(id) === verdict.state) this.#coming.delete(id);
    }
    this.#tell(verdict);
  }

  #newsOf({ news, state, disableAt, attempt, problem }: Verdict): readonly Write[] {
    const { randomBytes } = this.#options;
    const at = attempt.at + attempt.durationMs;
    const { failingSince, disabledReason } = state;
    const failing = {
      endpoint_id: state.id,
      failing_since: failingSince === null ? null : toText(failingSince),
      status: attempt.status,
      error: problem,
    };
    const make = (type: string, data: Record<string, string | number | null>): Write => ({
      type: "event.put",
      event: { id: eventId(at, randomBytes(8)), type, createdAt: at, runId: null, pipeline: null, target: null, data },
    });
    const until = disableAt === null ? null : toText(disableAt);
    return news.flatMap((each) => {
      if (each === "failing") return [make("endpoint.failing", { ...failing, disable_at: until })];
      return each === "disabled" ? [make("endpoint.disabled", { ...failing, reason: disabledReason })] : [];
    });
  }

  #tell({ news, state, disableAt, delivery, problem }: Verdict): void {
    const { logger } = this.#options;
    const { id: destination, failingSince } = state;
    const since = failingSince === null ? undefined : toText(failingSince);
    if (news.includes("failing")) {
      const until = disableAt === null ? undefined : toText(disableAt);
      logger.warn("all that is sent there fails", { destination, since, disable_at: until, problem });
    }
    if (news.includes("disabled")) {
      const what = "an endpoint was disabled: it is sent nothing until";
      logger.warn(`${what} \`runner webhooks set ${destination} --enable\``, { destination, since, problem });
    }
    if (news.includes("recovered")) logger.info("what is sent there arrives again", { destination });
    if (delivery.status === "failed") this.#warningOf(destination).add();
  }

  #warningOf(destination: string): CountedWarning {
    const known = this.#givenUp.get(destination);
    if (known !== undefined) return known;
    const { clock, logger } = this.#options;
    const tell = (deliveries: number): void => {
      this.#givenUp.delete(destination);
      logger.warn("deliveries were given up, and are kept as failed", { destination, deliveries });
    };
    const warning = new CountedWarning({ clock, everyMs: tellGivenUpEveryMs, tell });
    this.#givenUp.set(destination, warning);
    return warning;
  }
}

function removedState(id: string): DestinationState {
  return { id, afterSeq: 0, failingSince: null, failingToldAt: null, disabledAt: null, disabledReason: null };
}

function toText(time: number): string {
  return new Date(time).toISOString();
}
