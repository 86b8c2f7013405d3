// Seals secrets for the database, with XChaCha20-Poly1305: whoever has the database alone has none of them.

import { createHmac } from "node:crypto";
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { AppError } from "../core/app-error.ts";

/** Random ones of this size never meet again (draft-irtf-cfrg-xchacha-03 §2.1). */
const nonceBytes = 24;

export interface SecretPlace {
  /** Null: of every pipeline. */
  readonly pipeline: string | null;
  readonly name: string;
}

export class SecretBox {
  readonly #key: Uint8Array;
  readonly #randomBytes: (count: number) => Uint8Array;

  /** `keyText`: of any length, and as hard to guess as the key is to be. */
  constructor(keyText: string, randomBytes: (count: number) => Uint8Array) {
    this.#key = createHmac("sha256", keyText).update("runner: key of secrets").digest();
    this.#randomBytes = randomBytes;
  }

  /** Opens for the same place only: rows that were exchanged in the database do not. */
  seal(place: SecretPlace, value: string): Uint8Array {
    const nonce = this.#randomBytes(nonceBytes);
    const sealed = xchacha20poly1305(this.#key, nonce, boundTo(place)).encrypt(new TextEncoder().encode(value));
    return Buffer.concat([nonce, sealed]);
  }

  /** @throws {AppError} SECRET_MISSING where it was sealed with another key, or changed since. */
  open(place: SecretPlace, sealed: Uint8Array): string {
    try {
      const nonce = sealed.subarray(0, nonceBytes);
      const value = xchacha20poly1305(this.#key, nonce, boundTo(place)).decrypt(sealed.subarray(nonceBytes));
      return new TextDecoder("utf-8", { ignoreBOM: true }).decode(value);
    } catch {
      throw new AppError("SECRET_MISSING", `the secret ${place.name} does not open with the server's key`, {
        hint: "bring back the key file it was set with, or set it again with `runner secret set`",
      });
    }
  }
}

function boundTo({ pipeline, name }: SecretPlace): Uint8Array {
  return new TextEncoder().encode(JSON.stringify([pipeline, name]));
}
