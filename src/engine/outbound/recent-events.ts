// Events that are being sent: read many at once, for their neighbours are sent next, and all endpoints are sent the same.

import type { EventRecord } from "../../core/event.ts";
import type { Store } from "../../store/store.ts";

/** A read costs about the same for one and for these: the writer has just changed what the reader knew. */
const readAtOnce = 32;
const keptEvents = 256;

export class RecentEvents {
  readonly #store: Pick<Store, "events">;
  /** By their places, those that were read first first. */
  readonly #kept = new Map<number, EventRecord>();

  constructor(store: Pick<Store, "events">) {
    this.#store = store;
  }

  /** Undefined where there is none at this place. */
  async find(seq: number): Promise<EventRecord | undefined> {
    const known = this.#kept.get(seq);
    if (known !== undefined) return known;
    const [first, ...next] = await this.#store.events.after(seq - 1, readAtOnce);
    if (first?.seq !== seq) return undefined;
    for (const event of [first, ...next]) if (!this.#kept.has(event.seq)) this.#kept.set(event.seq, event);
    for (const kept of this.#kept.keys()) {
      if (this.#kept.size <= keptEvents) break;
      this.#kept.delete(kept);
    }
    return first;
  }
}
