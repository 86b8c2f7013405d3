// What has happened, for those who ask and those who follow: nobody reads events as long as nobody does.

import { AppError } from "../../core/app-error.ts";
import type { Clock } from "../../core/clock.ts";
import type { EventRecord } from "../../core/event.ts";
import type { EventFilter, EventPage, EventQuery } from "../../store/store.ts";
import type { CommittedStore } from "./committed-store.ts";

export interface FollowEventsOptions extends EventFilter {
  /** Only what was recorded after the event of this id; absent: from now on. */
  readonly after?: string;
  readonly signal: AbortSignal;
}

export interface EventVerbs {
  /** Newest first. @throws {AppError} BAD_REQUEST when the cursor is not one of ours. */
  list(query: EventQuery): Promise<EventPage>;
  /** @throws {AppError} EVENT_NOT_FOUND. */
  get(id: string): Promise<EventRecord>;
  /** Each event once it is durable, in order, until the signal. @throws {AppError} VALIDATION_FAILED for what is no id. */
  follow(options: FollowEventsOptions): Promise<AsyncIterable<EventRecord>>;
}

/** A reader that is slow holds no more than this. */
const readAtOnce = 100;
/** Where few are for it, others are not held up by its looking. */
const lookedAtOnce = 5000;
/** Where much happens, a follower reads much at a time instead of often. */
const gatherMs = 20;

export class EventDesk implements EventVerbs {
  readonly #store: CommittedStore;
  readonly #clock: Pick<Clock, "after">;

  constructor({ store, clock }: { readonly store: CommittedStore; readonly clock: Pick<Clock, "after"> }) {
    this.#store = store;
    this.#clock = clock;
  }

  list: EventVerbs["list"] = async (query) => await this.#store.events.list(query);

  get: EventVerbs["get"] = async (id) => {
    const found = await this.#store.events.find(id);
    if (found !== undefined) return found;
    throw new AppError("EVENT_NOT_FOUND", `there is no event ${JSON.stringify(id.slice(0, 100))}`, {
      hint: "`runner events` lists them; old ones are removed (--retention, --retention-events)",
    });
  };

  follow: EventVerbs["follow"] = async ({ after, signal, ...filter }) => {
    const { events } = this.#store;
    return this.#follow(filter, after === undefined ? await events.newestSeq() : await this.#placeOf(after), signal);
  };

  /** Of one that is gone by now, or was made by a server whose database is gone, the time tells the place. */
  async #placeOf(id: string): Promise<number> {
    const { events } = this.#store;
    const [, time] = /^evt_([0-9a-f]{12})[0-9a-f]{16}$/.exec(id) ?? [];
    if (time === undefined) {
      throw new AppError("VALIDATION_FAILED", `${JSON.stringify(id.slice(0, 100))} is not the id of an event`, {
        hint: "go on after an event by its id, as evt_ and 28 hexadecimal digits",
      });
    }
    const found = await events.find(id);
    return found?.seq ?? (await events.firstToKeep(Number.parseInt(time, 16), Number.MAX_SAFE_INTEGER)) - 1;
  }

  async *#follow(filter: EventFilter, place: number, signal: AbortSignal): AsyncGenerator<EventRecord> {
    let afterSeq = place;
    let news = Promise.withResolvers<void>();
    const wake = (): void => news.resolve();
    const stopListening = this.#store.onCommitted(wake);
    signal.addEventListener("abort", wake, { once: true });
    try {
      while (!signal.aborted) {
        // Before it reads: what comes meanwhile is read the next time.
        news = Promise.withResolvers();
        const newestSeq = await this.#store.events.newestSeq();
        const upToSeq = Math.min(newestSeq, afterSeq + lookedAtOnce);
        const found = await this.#store.events.between({ ...filter, afterSeq, upToSeq, limit: readAtOnce });
        yield* found;
        afterSeq = found.length < readAtOnce ? Math.max(afterSeq, upToSeq) : (found.at(-1)?.seq ?? afterSeq);
        if (found.length === readAtOnce) continue;
        if (upToSeq >= newestSeq) await news.promise;
        await this.#pause(signal);
      }
    } finally {
      stopListening();
      signal.removeEventListener("abort", wake);
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => this.#clock.after(gatherMs, resolve));
  }
}
