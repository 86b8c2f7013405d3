// The memory that the bodies of webhooks take together until they are answered: who sends them is not known yet.

import { AppError } from "../core/app-error.ts";

/** What one request holds. */
export interface HeldBytes {
  /** @throws {AppError} SERVER_BUSY where there is no room for them. */
  add(bytes: number): void;
  release(): void;
}

export class BodyBudget {
  readonly #maxBytes: number;
  #held = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  open(): HeldBytes {
    let own = 0;
    return {
      add: (bytes) => {
        if (this.#held + bytes > this.#maxBytes) {
          throw new AppError(
            "SERVER_BUSY",
            `the bodies of requests under way are over ${this.#maxBytes} bytes together`,
            {
              hint: "send the request again in a few seconds",
            },
          );
        }
        this.#held += bytes;
        own += bytes;
      },
      release: () => {
        this.#held -= own;
        own = 0;
      },
    };
  }
}
