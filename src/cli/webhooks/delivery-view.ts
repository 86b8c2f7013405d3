// Deliveries drawn for people: a table, or one with its attempts.

import type { AttemptJson, DeliveryJson, WholeDeliveryJson } from "../../core/endpoint-json.ts";
import { formatAge } from "../age.ts";
import { formatMoment } from "../moment.ts";
import { printable, printableLines } from "../printable.ts";
import { formatTable } from "../table.ts";
import type { OutputStream } from "../terminal.ts";

const colours = { delivered: "green", failed: "red", pending: "yellow", cancelled: "dim" } as const;

export function formatDeliveries(
  deliveries: readonly DeliveryJson[],
  out: OutputStream,
  now: number,
): readonly string[] {
  const heads = ["AGE", "ID", "EVENT", "STATUS", "ATTEMPTS", "NEXT"].map((head) => out.paint("dim", head));
  const rows = deliveries.map((delivery) => [
    formatAge(now - Date.parse(delivery.created_at)),
    printable(delivery.id),
    printable(delivery.event_type),
    out.paint(colours[delivery.status], describeStatus(delivery)),
    String(delivery.attempt_count),
    delivery.next_attempt_at === null ? "-" : formatMoment(new Date(delivery.next_attempt_at)),
  ]);
  return formatTable([heads, ...rows]);
}

export function formatDelivery(delivery: WholeDeliveryJson, out: OutputStream): readonly string[] {
  const next = delivery.next_attempt_at;
  const facts = [
    ["delivery", delivery.id],
    ["to", delivery.endpoint_id],
    ["event", `${delivery.event_type} ${delivery.event_id}`],
    ["status", describeStatus(delivery)],
    ...(next === null ? [] : [["next attempt", formatMoment(new Date(next))]]),
    ["data", JSON.stringify(delivery.event.data)],
  ];
  const rows = facts.map(([name = "", value = ""]) => [out.paint("dim", name), printable(value)]);
  return [...formatTable(rows), ...delivery.attempts.flatMap((attempt) => formatAttempt(attempt, out))];
}

/** What came of one try, and what was sent and answered. */
function formatAttempt(attempt: AttemptJson, out: OutputStream): readonly string[] {
  const { number, at, duration_ms: durationMs, request_headers: headers, response, response_base64: bytes } = attempt;
  const answer = response ?? bytes ?? "";
  return [
    "",
    out.paint("dim", `attempt ${number}, ${formatMoment(new Date(at))}, ${Math.round(durationMs)} ms`),
    printable(describeOutcome(attempt)),
    ...Object.entries(headers).map(([name, value]) => printable(`  ${name}: ${value}`)),
    ...(answer === "" ? [] : [printableLines(answer.replace(/\n$/, ""))]),
    ...(attempt.response_truncated ? [out.paint("dim", "(the rest of the answer was not kept)")] : []),
  ];
}

export function describeOutcome({ status, error }: AttemptJson): string {
  return error === null ? `answered ${status ?? ""}` : `${error.code}: ${error.message}`;
}

function describeStatus({ status, resent }: DeliveryJson): string {
  return resent ? `${status} (resent)` : status;
}
