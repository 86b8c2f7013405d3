// Where secrets are masked in what a run says and is told: before it is recorded, and so the same in a replay.

import type { InboundRequest } from "../core/inbound-request.ts";
import type { JournalRecord } from "../core/journal-record.ts";
import type { JsonValue } from "../core/json.ts";
import type { CallKind, GuestCall } from "../sandbox/sandbox.ts";
import type { CallOutcome } from "../store/store.ts";
import { mask, type Redactor } from "../telemetry/telemetry.ts";
import type { RunEnd } from "./run-end.ts";

type Call = Pick<GuestCall, "kind" | "name" | "args">;

/** What these are named is a text for people; others are named for what they do, or for who answers. */
const freelyNamed: readonly CallKind[] = ["step", "fetch", "block", "block_note", "block_end", "event"];
/** What these are asked with is needed as it is, also after a restart. */
const worked: readonly CallKind[] =
  "step fetch volume artifact sandbox hmac var child timer clear_timer abort signal".split(" ") as CallKind[];

export function maskCall<Given extends Call>(redactor: Redactor, call: Given): Given {
  const { kind, name, args } = call;
  const shown = freelyNamed.includes(kind) ? redactor.text(name) : name;
  return { ...call, name: shown, args: maskArguments(redactor, kind, args) };
}

function maskArguments(redactor: Redactor, kind: CallKind, args: JsonValue): JsonValue {
  if (worked.includes(kind)) return args;
  if (kind !== "storage") return redactor.json(args);
  // A value is found again by its key.
  const { value, ...rest } = args as { readonly value?: JsonValue };
  return value === undefined ? args : { ...rest, value: redactor.json(value) };
}

/** Whether a recorded name is this one; of a masked one nobody can tell, and the arguments say enough. */
export function isNamed(recorded: string, name: string): boolean {
  return recorded === name || recorded.includes(mask);
}

export function maskOutcome(redactor: Redactor, outcome: CallOutcome): CallOutcome {
  if (outcome.ok) return { ok: true, value: redactor.json(outcome.value) };
  const { code, message, hint } = outcome.error;
  return {
    ok: false,
    error: { code, message: redactor.text(message), ...(hint === undefined ? {} : { hint: redactor.text(hint) }) },
  };
}

export function maskEnd(redactor: Redactor, { status, result, error }: RunEnd): RunEnd {
  if (error === null) return { status, result: redactor.json(result), error };
  const { message, hint } = error;
  return {
    status,
    result: redactor.json(result),
    error: { ...error, message: redactor.text(message), hint: hint === null ? null : redactor.text(hint) },
  };
}

/** Done before it is stored and before its run begins, so that the script sees what a replay will. */
export function maskRequest(redactor: Redactor, request: InboundRequest): InboundRequest {
  return {
    ...request,
    url: redactor.text(request.url),
    headers: redactor.json(request.headers),
    query: redactor.json(request.query),
    body: redactor.bytes(request.body),
  };
}

/** A secret that begins in what is kept of a body ends within so much behind it. */
const longestSecretBytes = 256 * 1024;

/** The same of a request of which no more than so many bytes of the body are kept. */
export function maskBeginning(
  redactor: Redactor,
  request: InboundRequest,
  maxBodyBytes: number,
): { readonly request: InboundRequest; readonly isCut: boolean } {
  const looked = request.body.subarray(0, maxBodyBytes + longestSecretBytes);
  const masked = maskRequest(redactor, { ...request, body: looked });
  // Copied, so that the rest is not kept in memory.
  const body = Uint8Array.from(masked.body.subarray(0, maxBodyBytes));
  const isCut = masked.body.length > maxBodyBytes || looked.length < request.body.length;
  return { request: { ...masked, body }, isCut };
}

/** The script stays as it is: it is what the others were made with. */
export function maskRecord(redactor: Redactor, record: JournalRecord): JournalRecord {
  return record.type === "call" ? { ...record, args: redactor.json(record.args) } : record;
}
