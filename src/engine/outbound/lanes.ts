// A lane for each destination: they begin and end with it, and what was pending for one that is gone ends too.

import { toAppError } from "../../core/app-error.ts";
import type { Clock } from "../../core/clock.ts";
import type { Store } from "../../store/store.ts";
import type { Logger } from "../../telemetry/telemetry.ts";
import { awaitStore } from "../await-store.ts";
import { RateLimiter } from "../rate-limiter.ts";
import type { DeliveryAttempts } from "./delivery-attempts.ts";
import type { Subscription } from "./destination.ts";
import type { Destinations } from "./destinations.ts";
import { Lane } from "./lane.ts";

export interface LanesOptions {
  readonly store: Pick<Store, "commit" | "outbound">;
  readonly clock: Clock;
  readonly logger: Pick<Logger, "error">;
  readonly attempts: Pick<DeliveryAttempts, "make">;
  readonly destinations: Pick<Destinations, "list" | "find" | "findState">;
}

export class Lanes {
  readonly #options: LanesOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #limiter: RateLimiter;
  readonly #abort = new AbortController();
  /** Disabled ones whose pending deliveries were given up. */
  readonly #givenUp = new Set<string>();
  readonly #work = new Set<Promise<void>>();

  constructor(options: LanesOptions) {
    this.#options = options;
    this.#limiter = new RateLimiter(options.clock);
  }

  /** Goes on with what an earlier life left. */
  async start(): Promise<void> {
    const { store, destinations } = this.#options;
    for (const id of await store.outbound.destinationsWithPending()) {
      if (destinations.find(id) === undefined) this.#do(this.#endPending(id, "delivery.cancel_pending"));
    }
    for (const { destination } of destinations.list()) this.update(destination.id);
  }

  /** Something is pending for these, among them some that were removed just before it was made, maybe. */
  poke(ids: Iterable<string>): void {
    for (const id of ids) {
      const lane = this.#lanes.get(id);
      if (lane === undefined) this.#do(this.#endPending(id, "delivery.cancel_pending"));
      else lane.poke();
    }
  }

  /** A destination has changed, or what is known of it; the others are not troubled: there may be many. */
  update(id: string): void {
    if (this.#abort.signal.aborted) return;
    const known = this.#lanes.get(id);
    if (this.#options.destinations.find(id) === undefined) {
      if (known !== undefined) this.#remove(id, known);
      return;
    }
    const lane = known ?? this.#add(id);
    if (this.#isDisabled(id)) this.#giveUp(id, lane);
    else this.#givenUp.delete(id);
    lane.poke();
  }

  /** Keeps a delivery from being sent until it is let go; false where it is being sent. */
  async hold(destination: string, delivery: string): Promise<boolean> {
    return (await this.#lanes.get(destination)?.hold(delivery)) ?? true;
  }

  letGo(destination: string, delivery: string): void {
    this.#lanes.get(destination)?.letGo(delivery);
  }

  /** Ends every attempt that takes longer than the time there is. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Begins nothing more; what is not on record within this time is sent again in the next life. */
  async stop(graceMs: number): Promise<void> {
    for (const lane of this.#lanes.values()) lane.stop();
    const settled = Promise.all([...this.#lanes.values()].map(async (lane) => await lane.settle()));
    const grace = Promise.withResolvers<void>();
    const stopTimer = this.#options.clock.after(graceMs, () => grace.resolve());
    await Promise.race([settled, grace.promise]);
    stopTimer();
    this.#abort.abort();
    await settled;
    await Promise.all(this.#work);
  }

  #add(id: string): Lane {
    const { store, clock, attempts, destinations, logger } = this.#options;
    const findActive = (): Subscription | undefined => {
      const subscription = destinations.find(id);
      return subscription === undefined || subscription.isOff || this.#isDisabled(id) ? undefined : subscription;
    };
    const onTrouble = (thrown: unknown): void => {
      const error = toAppError(thrown);
      // A disk that fails is told of by the store itself.
      if (!error.class.retryable) logger.error("deliveries could not be read", { endpoint: id, error: error.message });
    };
    const { signal } = this.#abort;
    const lane = new Lane({ id, store, clock, attempts, limiter: this.#limiter, findActive, signal, onTrouble });
    this.#lanes.set(id, lane);
    return lane;
  }

  #remove(id: string, lane: Lane): void {
    this.#lanes.delete(id);
    this.#givenUp.delete(id);
    lane.stop();
    this.#do(lane.settle().then(async () => await this.#endPending(id, "delivery.cancel_pending")));
  }

  #giveUp(id: string, lane: Lane): void {
    if (this.#givenUp.has(id)) return;
    this.#givenUp.add(id);
    lane.forget();
    this.#do(lane.settle().then(async () => await this.#endPending(id, "delivery.fail_pending")));
  }

  #isDisabled(id: string): boolean {
    return (this.#options.destinations.findState(id)?.disabledAt ?? null) !== null;
  }

  /** Piece by piece, as long as there is a reason to. */
  async #endPending(id: string, type: "delivery.cancel_pending" | "delivery.fail_pending"): Promise<void> {
    const { store, clock, destinations } = this.#options;
    const isOver = (): boolean => this.#abort.signal.aborted;
    const isMeant = (): boolean =>
      !isOver() && (type === "delivery.fail_pending" ? this.#isDisabled(id) : destinations.find(id) === undefined);
    while (isMeant() && (await store.outbound.pending(id, 1)).length > 0) {
      await awaitStore(
        clock,
        async () => {
          await store.commit([{ type, destination: id, at: clock.now() }]);
        },
        isOver,
      );
    }
  }

  /** What fails is done in the next life. */
  #do(work: Promise<void>): void {
    const end = async (): Promise<void> => {
      try {
        await work;
      } catch (thrown) {
        const error = toAppError(thrown);
        const fields = { error: error.message };
        if (!error.class.retryable) this.#options.logger.error("deliveries could not be ended", fields);
      }
      this.#work.delete(ended);
    };
    const ended = end();
    this.#work.add(ended);
  }
}
