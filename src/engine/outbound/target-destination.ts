// A target as a destination of deliveries: its notification made of the event, sent, and the answer judged.

import { eventToJson } from "../../core/event-json.ts";
import type { EventRecord } from "../../core/event.ts";
import type { JsonValue } from "../../core/json.ts";
import type { Notification } from "../../core/notification.ts";
import type { SecretReader } from "../../secrets/secrets.ts";
import { type Redactor } from "../../telemetry/telemetry.ts";
import {
  endpointDefaults,
  maskedHeaderValue,
  notificationOf,
  type OutboundSender,
  type OutgoingNotification,
  prepareTarget,
  sendMail,
  type Target,
  targetTypes,
} from "../../webhooks/webhooks.ts";
import { loadExpressions } from "../load-expressions.ts";
import type { AttemptOutcome, Destination, MadeAttempt } from "./destination.ts";

export interface TargetParts {
  readonly secrets: Pick<SecretReader, "resolve">;
  readonly redactor: Pick<Redactor, "text" | "bytes">;
  readonly sender: Pick<OutboundSender, "send" | "findAddresses">;
  /** Told with each event. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly userAgent: string;
  /** Where somebody can look or decide; null: nowhere. */
  readonly linkOf: (event: EventRecord) => string | null;
  readonly isRecovery: (event: EventRecord) => boolean;
  readonly now: () => number;
}

const timeoutMs = 30_000;
/** Of an answer that is looked at for what its status does not say. */
const maxReadBytes = 16 * 1024;

export function targetId(name: string): string {
  return `tgt_${name}`;
}

export function createTargetDestination(target: Target, parts: TargetParts): Destination {
  return {
    id: targetId(target.name),
    retryDelaysMs: endpointDefaults.retryDelaysMs,
    ratePerMinute: targetTypes[target.type].ratePerMinute,
    attempt: async (event, { id }, signal) => {
      const notification = toNotification(target, event, parts);
      const json = eventToJson(event, parts.metadata) as unknown as JsonValue;
      return await attempt(target, { ...notification, id, event: json }, parts, signal);
    },
  };
}

function toNotification(target: Target, event: EventRecord, parts: TargetParts): Notification {
  const asked = event.data["link"];
  const link = typeof asked === "string" && asked !== "" ? asked : parts.linkOf(event);
  const usual = { ...notificationOf(event, parts.isRecovery(event)), link };
  if (target.title === undefined && target.message === undefined) return usual;
  const { fillNotificationTemplate } = loadExpressions();
  const variables = { ...usual, ...eventToJson(event, parts.metadata) };
  const fill = (template: string | undefined, otherwise: string): string => {
    if (template === undefined) return otherwise;
    const { text } = fillNotificationTemplate(template, variables, parts.now);
    return text.trim() === "" ? otherwise : text;
  };
  return { ...usual, title: fill(target.title, usual.title), message: fill(target.message, usual.message) };
}

async function attempt(
  target: Target,
  notification: OutgoingNotification,
  parts: TargetParts,
  signal: AbortSignal,
): Promise<MadeAttempt> {
  const made = await prepareTarget(target, notification, (reference) => parts.secrets.resolve(reference, null));
  if (!made.ok) {
    return { headers: {}, outcome: { type: "failed", error: "secret", message: made.message, durationMs: 0 } };
  }
  const { prepared } = made;
  const mask = (text: string): string => parts.redactor.text(text);
  const { sender, userAgent } = parts;
  if (prepared.type === "mail") {
    const { mail } = prepared;
    const outcome = await sendMail(mail, { findAddresses: sender.findAddresses, timeoutMs, signal });
    const head = { from: mail.from, to: mail.to.join(", "), subject: mask(mail.subject) };
    return { headers: head, outcome: clean(outcome, parts) };
  }
  const { url, method, body } = prepared;
  const headers = { "user-agent": userAgent, ...prepared.headers };
  const request = { url, method, headers, body, timeoutMs, receiver: targetId(target.name) };
  const outcome = judge(target, await sender.send(request, signal));
  const recorded = Object.entries(headers).map(([name, value]): [string, string] => [
    name,
    isSecret(name) ? maskedHeaderValue : mask(value),
  ]);
  return { headers: Object.fromEntries(recorded), outcome: clean(outcome, parts) };
}

function isSecret(header: string): boolean {
  return /auth|token|key|secret|signature|password|cookie/i.test(header);
}

/** A service may refuse what its status says it took, and say in words how long it wants to be left alone. */
function judge(target: Target, outcome: AttemptOutcome): AttemptOutcome {
  if (outcome.type === "failed") return outcome;
  const { refusal, retryAfterSeconds } = targetTypes[target.type].readAnswer(parse(outcome.body));
  if (refusal !== undefined && outcome.status >= 200 && outcome.status <= 299) {
    return { type: "failed", error: "refused", message: refusal, durationMs: outcome.durationMs };
  }
  if (retryAfterSeconds === undefined || outcome.headers["retry-after"] !== undefined) return outcome;
  return { ...outcome, headers: { ...outcome.headers, "retry-after": String(Math.ceil(retryAfterSeconds)) } };
}

function parse(body: Uint8Array): JsonValue | undefined {
  if (body.length > maxReadBytes) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(body)) as JsonValue;
  } catch {
    return undefined;
  }
}

/** An answer may repeat what was sent, a secret among it. */
function clean(outcome: AttemptOutcome, { redactor }: TargetParts): AttemptOutcome {
  if (outcome.type === "failed") return { ...outcome, message: redactor.text(outcome.message) };
  return { ...outcome, body: redactor.bytes(outcome.body) };
}
