// A script executed for itself alone, turn by turn: whoever plays it makes up what comes back, and nothing is done.

import { AppError } from "../../core/app-error.ts";
import type {
  Answer,
  GuestCall,
  GuestDelivery,
  GuestEnd,
  GuestHandle,
  GuestSpec,
  GuestTurn,
  SandboxPool,
} from "../../sandbox/sandbox.ts";
import type { Bundle } from "../../store/store.ts";

/** What a script has done since the last of these. */
export type PlayedPart = Pick<GuestTurn, "calls" | "console">;

export interface GuestPlayerOptions {
  readonly pool: SandboxPool;
  readonly bundle: Bundle;
  readonly spec: GuestSpec;
  /** Called for each part in its order, one after the other. */
  readonly onPart: (part: PlayedPart) => Promise<void> | void;
  /** A synchronous call; the script stands still until it is answered. */
  readonly onAsk: (call: GuestCall) => Promise<Answer> | Answer;
}

export class GuestPlayer {
  readonly #options: GuestPlayerOptions;
  #guest: GuestHandle | null = null;
  #failure: AppError | null = null;
  #turn = Promise.withResolvers<GuestEnd | null>();
  /** What is done with the parts so far. */
  #parts: Promise<void> = Promise.resolve();

  constructor(options: GuestPlayerOptions) {
    this.#options = options;
  }

  /**
   * The first turn; resolves with the end of the script where that is it.
   * @throws {AppError} SANDBOX_FAILED, CPU_LIMIT, and what the callbacks throw.
   */
  async open(): Promise<GuestEnd | null> {
    const { pool, bundle, spec } = this.#options;
    const fail = (code: "SANDBOX_FAILED" | "CPU_LIMIT", message: string): void => {
      this.#failure = new AppError(code, message);
      this.#turn.reject(this.#failure);
    };
    this.#guest = pool.open(bundle, spec, {
      onTurn: (turn) => this.#take(turn),
      onAsk: async (call) => await this.#answer(call),
      onMoved: () => fail("SANDBOX_FAILED", "the process that executed the script has died; try it again"),
      onFailed: fail,
    });
    return await this.#turn.promise;
  }

  /** The turn of one delivery, as {@link open}. @param atMs the time from then on. */
  async deliver(delivery: GuestDelivery, atMs: number): Promise<GuestEnd | null> {
    if (this.#failure !== null) throw this.#failure;
    this.#turn = Promise.withResolvers();
    void this.#guest?.deliver(delivery, atMs);
    return await this.#turn.promise;
  }

  close(): void {
    this.#guest?.close();
  }

  #take({ calls, console, done, end }: GuestTurn): void {
    const turn = this.#turn;
    this.#parts = this.#parts.then(async () => {
      await this.#options.onPart({ calls, console });
      if (done) turn.resolve(end);
    });
    this.#parts.catch((thrown: unknown) => turn.reject(thrown));
  }

  async #answer(call: GuestCall): Promise<Answer> {
    try {
      await this.#parts;
      return await this.#options.onAsk(call);
    } catch (thrown) {
      this.#turn.reject(thrown);
      return { ok: false, error: { code: "INTERNAL", message: "nobody answers any more" } };
    }
  }
}
