// What a webhook's requests may cost: `rate`, `allow` and `maxBody` of `config.webhook`.

import { formatByteSize, parseByteSize } from "../core/byte-size.ts";
import { parseIpNetwork } from "../core/ip-address.ts";
import type { WebhookConfig, WebhookRate } from "../core/pipeline-config.ts";
import { describeValue, type FieldProblems } from "../core/field-problem.ts";

export const webhookLimitFields = ["rate", "allow", "maxBody"];

const rateFields = ["perMinute", "perAddressPerMinute"] as const;
const maxPerMinute = 1_000_000;
const maxNetworks = 1000;
const mebibyte = 1024 ** 2;
const maxBodyBytes = 25 * mebibyte;
/** What an engine takes by itself, at most. */
const engineBytes = 15 * mebibyte;
const memoryPerByte = 8;

type Fields = Readonly<Record<string, unknown>>;
type WebhookLimits = Pick<WebhookConfig, "rate" | "allow" | "maxBodyBytes">;

export function readWebhookLimits(webhook: Fields, problems: FieldProblems): WebhookLimits {
  return {
    ...readRate(webhook["rate"], problems),
    ...readAllow(webhook, problems),
    ...readMaxBody(webhook["maxBody"], problems),
  };
}

function readRate(value: unknown, problems: FieldProblems): Pick<WebhookLimits, "rate"> {
  if (value === undefined) return {};
  if (value === false) return { rate: false };
  const field = "config.webhook.rate";
  const hint = "write { perMinute: 600, perAddressPerMinute: 60 }, or false for no limit";
  const rate = problems.readObject(field, value, hint);
  if (!rate) return {};
  problems.refuseUnknown(field, rate, rateFields, []);
  const read: { -readonly [Name in keyof WebhookRate]: WebhookRate[Name] } = {};
  for (const name of rateFields) {
    const count = rate[name];
    if (count === undefined) continue;
    if (typeof count === "number" && Number.isInteger(count) && count >= 1 && count <= maxPerMinute) {
      read[name] = count;
      continue;
    }
    const range = `a whole number from 1 to ${maxPerMinute}`;
    problems.add(`${field}.${name}`, `must be ${range}, not ${describeValue(count)}`, hint);
  }
  return { rate: read };
}

/** A list that turned out undefined must not let everybody in, nor may an empty one mean that. */
function readAllow(webhook: Fields, problems: FieldProblems): Pick<WebhookLimits, "allow"> {
  if (!Object.hasOwn(webhook, "allow")) return {};
  const { allow } = webhook;
  const field = "config.webhook.allow";
  const hint = 'write a list like ["192.168.1.0/24", "10.0.0.7", "fd00::/8"]; leave it out to let every address in';
  if (!Array.isArray(allow) || allow.length === 0 || allow.length > maxNetworks) {
    const found = Array.isArray(allow) ? `one of ${allow.length}` : describeValue(allow);
    problems.add(field, `must be a list of 1 to ${maxNetworks} addresses, not ${found}`, hint);
    return {};
  }
  const texts: string[] = [];
  for (const [index, network] of allow.entries()) {
    if (typeof network === "string" && parseIpNetwork(network) !== undefined) texts.push(network);
    else problems.add(`${field}[${index}]`, `is no address and no network, but ${describeValue(network)}`, hint);
  }
  return { allow: texts };
}

function readMaxBody(value: unknown, problems: FieldProblems): Pick<WebhookLimits, "maxBodyBytes"> {
  if (value === undefined) return {};
  const bytes = sizeOf(value);
  if (bytes !== undefined && bytes <= maxBodyBytes) return { maxBodyBytes: bytes };
  const range = `a size up to ${formatByteSize(maxBodyBytes)}`;
  const hint = 'write for example "5MiB"; leave it out for 1 MiB';
  problems.add("config.webhook.maxBody", `must be ${range}, not ${describeValue(value)}`, hint);
  return {};
}

function sizeOf(value: unknown): number | undefined {
  try {
    return parseByteSize(value);
  } catch {
    return undefined;
  }
}

/**
 * The memory of a sandbox in which a script can read a body of so many bytes as text, and parse it where it is JSON as
 * senders write it. Measured: 122 MiB for 25 MiB of JSON, and 106 MiB for as much text that is not Latin-1.
 */
export function memoryForBody(bodyBytes: number): number {
  return engineBytes + memoryPerByte * bodyBytes;
}

/** A script that cannot read what it is sent is told of when it is loaded, not by the first long request. */
export function checkMemoryForBody(webhook: WebhookConfig | false, memoryBytes: number, problems: FieldProblems): void {
  const { maxBodyBytes: bodyBytes } = webhook === false ? {} : webhook;
  if (bodyBytes === undefined || memoryBytes >= memoryForBody(bodyBytes)) return;
  const needed = `${Math.ceil(memoryForBody(bodyBytes) / mebibyte)}MiB`;
  const longest = Math.floor((memoryBytes - engineBytes) / memoryPerByte / 1024);
  problems.add(
    "config.webhook.maxBody",
    `of ${formatByteSize(bodyBytes)} needs a sandbox of ${needed} to be read in, and config.memory is ${formatByteSize(memoryBytes)}`,
    `write memory: "${needed}" in config, beside webhook, or maxBody: "${longest}KiB"`,
  );
}
