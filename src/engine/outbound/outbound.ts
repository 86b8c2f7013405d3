// Everything that leaves the server by itself: events to whoever wants them, each by its lane.

import type { Clock } from "../../core/clock.ts";
import type { Store } from "../../store/store.ts";
import type { Logger } from "../../telemetry/telemetry.ts";
import type { CommittedStore } from "../events/committed-store.ts";
import { DeliveryAttempts } from "./delivery-attempts.ts";
import { StandardDeliveryDesk } from "./delivery-desk.ts";
import type { DeliveryDesk } from "./delivery-desk-contract.ts";
import type { DestinationSource } from "./destination.ts";
import { Destinations } from "./destinations.ts";
import { FanOut } from "./fan-out.ts";
import { Lanes } from "./lanes.ts";

export interface OutboundOptions {
  readonly parts: {
    readonly store: Pick<Store, "commit" | "events" | "outbound"> & Pick<CommittedStore, "onCommitted">;
    readonly clock: Clock;
    readonly logger: Logger;
  };
  readonly sources: readonly DestinationSource[];
  /** An endpoint that has failed for so long is disabled; null: none is. */
  readonly disableAfterMs: number | null;
  /** Ids in order of time, as UUIDv7. */
  readonly newId: () => string;
  readonly randomBytes: (count: number) => Uint8Array;
}

/** Attempts under way when the server stops may take this long; what takes longer is sent again. */
const stopGraceMs = 2000;

export class Outbound {
  readonly desk: DeliveryDesk;
  readonly #destinations: Destinations;
  readonly #attempts: DeliveryAttempts;
  readonly #lanes: Lanes;
  readonly #fanOut: FanOut;

  constructor({ parts, sources, disableAfterMs, newId, randomBytes }: OutboundOptions) {
    const { store, clock, logger } = parts;
    const destinations = new Destinations(sources);
    const newDeliveryId = (): string => `dlv_${newId().replaceAll("-", "")}`;
    const attempts = new DeliveryAttempts({ store, clock, logger, destinations, disableAfterMs, randomBytes });
    const lanes = new Lanes({ store, clock, logger, attempts, destinations });
    const onPending = (ids: ReadonlySet<string>): void => lanes.poke(ids);
    this.#fanOut = new FanOut({ store, clock, logger, destinations, newDeliveryId, onPending });
    this.desk = new StandardDeliveryDesk({ store, clock, destinations, lanes, attempts, newDeliveryId, randomBytes });
    [this.#destinations, this.#attempts, this.#lanes] = [destinations, attempts, lanes];
  }

  /** The place from which on events have still to be looked at, for deliveries. */
  get eventsNeededFrom(): number {
    return this.#fanOut.neededFrom;
  }

  async start(): Promise<void> {
    this.#destinations.onChange((id) => {
      this.#lanes.update(id);
      this.#fanOut.update();
    });
    await this.#lanes.start();
    await this.#fanOut.start();
  }

  async stop(): Promise<void> {
    this.#destinations.close();
    await this.#fanOut.stop();
    await this.#lanes.stop(stopGraceMs);
    this.#attempts.close();
  }
}
