// Links that let whoever has them decide one approval: signed with a key made of the API token, and good for a time.

import { createHmac } from "node:crypto";
import { secretsEqual } from "../core/secret-compare.ts";

/** The approval that a link is for. */
export interface LinkedCall {
  readonly runId: string;
  /** Of the host call. */
  readonly number: number;
  /** Milliseconds since the Unix epoch, whole seconds. */
  readonly expiresAt: number;
}

/** Below the public address. */
export const approvalPath = "/approve/";

export class ApprovalLinks {
  readonly #key: Buffer;
  readonly #publicUrl: string | null;

  /** `publicUrl`: the address that others reach the server by; null: not known, so that no links are made. */
  constructor(token: string, publicUrl: string | null) {
    this.#key = createHmac("sha256", token).update("runner: key of approval links").digest();
    this.#publicUrl = publicUrl === null ? null : publicUrl.replace(/\/+$/, "");
  }

  /** The address where the approval can be decided; null where the public address is not known. */
  make({ runId, number, expiresAt }: LinkedCall): string | null {
    if (this.#publicUrl === null) return null;
    const signed = `${runId}.${number}.${Math.floor(expiresAt / 1000)}`;
    return `${this.#publicUrl}${approvalPath}${signed}.${this.#sign(signed)}`;
  }

  /** What a code, the last part of a link, is for; null where we did not make it. */
  parse(code: string): LinkedCall | null {
    const match = /^([\w-]{1,64})\.(\d{1,9})\.(\d{1,12})\.([\w-]{43})$/.exec(code);
    const [, runId = "", number = "", expiry = "", mac = ""] = match ?? [];
    if (match === null || !secretsEqual(mac, this.#sign(`${runId}.${number}.${expiry}`))) return null;
    return { runId, number: Number(number), expiresAt: Number(expiry) * 1000 };
  }

  #sign(text: string): string {
    return createHmac("sha256", this.#key).update(text).digest("base64url");
  }
}
