// The vectors of this folder: requests as data, and the verdict that each must get.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { WebhookAlgorithm } from "../../../src/core/webhook-provider.ts";
import type { UnverifiedRequest } from "../../../src/webhooks/webhooks.ts";

export interface Vector {
  readonly name: string;
  /** Who published it; made by the `command` where it says so. */
  readonly source: string;
  /** Prints the digest, or for Ed25519 the signature, as it stands in the request. */
  readonly command?: string;
  readonly secrets: readonly string[];
  readonly pinned?: string;
  readonly algorithm?: WebhookAlgorithm;
  readonly tolerance_ms?: number;
  readonly public_url?: string;
  readonly now_ms: number;
  readonly url?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly body_base64?: string;
  readonly expected: {
    readonly accepted: boolean;
    readonly provider: string;
    readonly event_type: string;
    /** Absent: empty. */
    readonly delivery_id?: string;
    readonly reason?: string;
  };
}

/** By the names of the files. */
export function readVectors(): Readonly<Record<string, readonly Vector[]>> {
  const files = readdirSync(import.meta.dir).filter((name) => name.endsWith(".json"));
  return Object.fromEntries(
    files.map((file) => [
      file.slice(0, -".json".length),
      JSON.parse(readFileSync(join(import.meta.dir, file), "utf8")) as readonly Vector[],
    ]),
  );
}

export function toRequest(vector: Vector): UnverifiedRequest {
  const { url = "/api/webhooks/x", headers, query = {}, body, body_base64: base64 = "" } = vector;
  return {
    method: "POST",
    url,
    headers,
    query,
    body: body === undefined ? Buffer.from(base64, "base64") : Buffer.from(body),
  };
}
