// One received webhook drawn for people: what became of it, its headers, and its body.

import { formatByteSize } from "../core/byte-size.ts";
import type { WholeRequestJson } from "../core/request-json.ts";
import { formatMoment } from "./moment.ts";
import { printable, printableLines } from "./printable.ts";
import { formatTable } from "./table.ts";
import type { OutputStream } from "./terminal.ts";

/** Lines of the view. */
export function formatRequest(request: WholeRequestJson, out: OutputStream): readonly string[] {
  const { answer } = request;
  const verdict = request.reason === null ? request.verdict : `${request.verdict}: ${request.reason}`;
  const facts = [
    ["request", request.id],
    ["pipeline", request.pipeline],
    ["received", formatMoment(new Date(request.received_at))],
    ...(request.address === null ? [] : [["from", request.address]]),
    ["provider", request.event_type === "" ? request.provider : `${request.provider}, ${request.event_type}`],
    ...(request.delivery_id === null ? [] : [["delivery", request.delivery_id]]),
    ["verdict", verdict],
    ["verified", request.verified ? "yes" : "no"],
    ...(request.run_id === null ? [] : [["run", request.run_id]]),
    ...(request.same_body_as === null ? [] : [["same body as", `run ${request.same_body_as}`]]),
    ...(request.redelivery_of === null ? [] : [["redelivery of", request.redelivery_of]]),
    ...(answer === null
      ? []
      : [
          ["answer", `${answer.status}${answer.code === null ? "" : ` ${answer.code}`} after ${answer.duration_ms} ms`],
        ]),
    ["body", describeBody(request)],
  ];
  const rows = facts.map(([name = "", value = ""]) => [out.paint("dim", name), printable(value)]);
  const headers = Object.entries(request.headers).map(([name, value]) => printable(`${name}: ${value}`));
  const body = request.body ?? request.body_base64 ?? "";
  return [
    ...formatTable(rows),
    "",
    printable(`${request.method} ${request.url}`),
    ...headers,
    ...(body === "" ? [] : ["", printableLines(body)]),
  ];
}

function describeBody({ body, body_bytes: bytes, body_truncated: isCut }: WholeRequestJson): string {
  const parts = [
    formatByteSize(bytes),
    ...(isCut ? ["of which the beginning was kept"] : []),
    ...(body === null ? ["as base64"] : []),
  ];
  return parts.join(", ");
}
