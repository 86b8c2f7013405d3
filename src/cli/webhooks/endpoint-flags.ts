// What the flags of `runner webhooks` say about an endpoint, as the API takes it.

import { AppError } from "../../core/app-error.ts";
import type { EndpointBody } from "../endpoint-verbs.ts";
import { readSecret } from "../read-secret.ts";
import type { DeliveryFlags } from "./delivery-flags.ts";

export interface WebhooksFlags extends DeliveryFlags {
  readonly url?: string;
  readonly events?: string;
  readonly pipeline?: readonly string[];
  readonly when?: string;
  readonly header?: readonly string[];
  readonly signatureHeader?: string;
  readonly retry?: string;
  readonly rateLimit?: string;
  readonly description?: string;
  readonly enable?: true;
  readonly disable?: true;
  readonly secret?: string;
  readonly keepOldFor?: string;
}

/**
 * Only what was given; an empty text is the default.
 * @param headers those that are there: given ones come beside them, or in their place.
 * @throws {AppError} USAGE for a header without a colon, or a rate that is no number.
 */
export function toEndpointBody(flags: WebhooksFlags, headers: Readonly<Record<string, string>>): EndpointBody {
  const { url, events, pipeline, when, header, signatureHeader, retry, rateLimit, description } = flags;
  return {
    ...(url === undefined ? {} : { url }),
    ...(events === undefined ? {} : { events: listOf(events) }),
    ...(pipeline === undefined ? {} : { pipelines: pipeline.flatMap(listOf) }),
    ...(when === undefined ? {} : { when: when === "" ? null : when }),
    ...(header === undefined ? {} : { headers: withHeaders(headers, header) }),
    ...(signatureHeader === undefined ? {} : { signature_header: signatureHeader === "" ? null : signatureHeader }),
    ...(retry === undefined ? {} : { retry: retry === "" ? null : retry === "none" ? [] : listOf(retry) }),
    ...(rateLimit === undefined ? {} : { rate_limit: toRate(rateLimit) }),
    ...(description === undefined ? {} : { description }),
    ...(flags.enable ? { enabled: true } : {}),
    ...(flags.disable ? { enabled: false } : {}),
  };
}

/** `--secret`: as it is, for the server reads references; `-` is standard input. */
export async function readSecretFlag({ secret }: WebhooksFlags): Promise<{ readonly secret?: string }> {
  if (secret === undefined) return {};
  if (secret !== "-") return { secret };
  return { secret: await readSecret(Bun.stdin.stream(), "write it there: --secret - < secret-file") };
}

function listOf(text: string): readonly string[] {
  return text
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

function withHeaders(
  headers: Readonly<Record<string, string>>,
  given: readonly string[],
): Readonly<Record<string, string>> {
  const kept = new Map(Object.entries(headers));
  for (const text of given) {
    const colon = text.indexOf(":");
    if (colon < 1) throw new AppError("USAGE", "a header is written NAME: VALUE", { hint: '"NAME:" removes it' });
    const name = text.slice(0, colon).trim();
    const value = text.slice(colon + 1).trim();
    for (const known of kept.keys()) if (known.toLowerCase() === name.toLowerCase()) kept.delete(known);
    if (value !== "") kept.set(name, value);
  }
  return Object.fromEntries(kept);
}

function toRate(text: string): number | null {
  if (text === "" || text === "none") return null;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new AppError("USAGE", `--rate-limit ${JSON.stringify(text.slice(0, 40))} is no number of deliveries a minute`, {
    hint: "write a whole number, or none",
  });
}
