// The memory that the bodies of webhooks take together until they are answered: nobody is believed yet, so no sender
// may take all of it.

import { AppError } from "../core/app-error.ts";
import { isLoopback, parseIpAddress, siteKey } from "../core/ip-address.ts";

/** What one request holds. */
export interface HeldBytes {
  /** @throws {AppError} SERVER_BUSY where there is no room for them. */
  add(bytes: number): void;
  release(): void;
}

/** Of the whole, for one sender. */
const senderShare = 1 / 4;

export class BodyBudget {
  readonly #maxBytes: number;
  #held = 0;
  /** Sender → what its requests hold. */
  readonly #heldBy = new Map<string, number>();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @param sender as {@link findSender} has it. */
  open(sender: string | null): HeldBytes {
    const key = shareKey(sender);
    let own = 0;
    return {
      add: (bytes) => {
        if (this.#held + bytes > this.#maxBytes) throw tooMuch("of requests under way", this.#maxBytes);
        if (key !== null) this.#addTo(key, bytes);
        this.#held += bytes;
        own += bytes;
      },
      release: () => {
        if (key !== null) this.#takeFrom(key, own);
        this.#held -= own;
        own = 0;
      },
    };
  }

  #addTo(key: string, bytes: number): void {
    const held = (this.#heldBy.get(key) ?? 0) + bytes;
    const maxBytes = this.#maxBytes * senderShare;
    if (held > maxBytes) throw tooMuch("of one sender's requests under way", maxBytes);
    this.#heldBy.set(key, held);
  }

  #takeFrom(key: string, bytes: number): void {
    const held = (this.#heldBy.get(key) ?? 0) - bytes;
    if (held > 0) this.#heldBy.set(key, held);
    else this.#heldBy.delete(key);
  }
}

/**
 * Null: no share, for it may be everybody. All who come through a proxy that is not trusted are this machine, and a part
 * of the whole would be the sooner full.
 */
function shareKey(sender: string | null): string | null {
  if (sender === null) return null;
  const address = parseIpAddress(sender);
  if (address === undefined) return sender;
  return isLoopback(address) ? null : siteKey(address);
}

function tooMuch(whose: string, maxBytes: number): AppError {
  return new AppError("SERVER_BUSY", `the bodies ${whose} are over ${maxBytes} bytes together`, {
    hint: "send the request again in a few seconds",
  });
}
