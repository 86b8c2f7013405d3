// What a run begins or goes on with, read back from the store.

import { AppError } from "../core/app-error.ts";
import type { InboundRequest } from "../core/inbound-request.ts";
import { isFinal } from "../core/run.ts";
import type { NewRun } from "../store/store.ts";
import { awaitStore } from "./await-store.ts";
import { findPinned, type Versions } from "./find-pinned.ts";
import type { EarlierRun, RunDriverOptions } from "./run-driver.ts";
import type { PinnedVersion, RunParts } from "./run-parts.ts";

/** What a driver is made of. */
export interface Beginning {
  readonly run: NewRun;
  readonly version: PinnedVersion;
  readonly request: InboundRequest | null;
  readonly onResponse: RunDriverOptions["onResponse"] | undefined;
  /** Null where nothing of the run has been done yet. */
  readonly earlier: EarlierRun | null;
}

export class BeginningLoader {
  readonly #parts: Pick<RunParts, "store" | "clock">;
  readonly #versions: Versions;
  readonly #isOver: () => boolean;

  /** Where the store cannot be read it is asked again, until `isOver`. */
  constructor(parts: Pick<RunParts, "store" | "clock">, versions: Versions, isOver: () => boolean) {
    this.#parts = parts;
    this.#versions = versions;
    this.#isOver = isOver;
  }

  /** A run as an earlier life left it. @throws {AppError} what keeps it from going on. */
  async load(id: string): Promise<Beginning> {
    const { store } = this.#parts;
    return await this.read(async () => {
      const kept = await store.runs.findKept(id);
      if (kept === undefined || isFinal(kept.status)) {
        throw new AppError("RUN_ALREADY_ENDED", `run ${id} has already ended`);
      }
      const version = await findPinned(store, this.#versions, kept);
      const request = kept.run.inboundId === null ? null : await this.loadRequest(kept.run.inboundId);
      const earlier = { ...kept, lastSeq: await store.logs.lastSeq(id) };
      return { run: kept.run, version, request, onResponse: undefined, earlier };
    });
  }

  async loadRequest(inboundId: string): Promise<InboundRequest | null> {
    const record = await this.read(async () => await this.#parts.store.inbound.find(inboundId));
    return record?.request ?? null;
  }

  async read<T>(load: () => Promise<T>): Promise<T> {
    return await awaitStore(this.#parts.clock, load, this.#isOver);
  }
}
