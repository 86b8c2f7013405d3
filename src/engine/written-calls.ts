// Host calls that are nothing but a write: it is part of the commit that records the call and its result, so it is done
// once, whatever happens to the server.

import { createHash } from "node:crypto";
import { type EventData, eventId } from "../core/event.ts";
import type { JsonValue } from "../core/json.ts";
import type { CallKind, GuestCall } from "../sandbox/sandbox.ts";
import type { NewRun, Write } from "../store/store.ts";

const writtenKinds = ["storage", "event"] as const satisfies readonly CallKind[];

export type WrittenCallKind = (typeof writtenKinds)[number];

type Call = Pick<GuestCall, "number" | "name" | "args">;
type Run = Pick<NewRun, "id" | "pipeline">;

/** What it writes, and what its promise resolves with. */
export interface WrittenCall {
  readonly write: Write;
  readonly value: JsonValue | undefined;
}

/** Also of those of their kind that are asked for and answered at once, which come another way. */
export function isWritten(kind: CallKind): kind is WrittenCallKind {
  return writtenKinds.some((each) => each === kind);
}

export function writeCall(kind: WrittenCallKind, call: Call, run: Run, at: number): WrittenCall {
  return kind === "storage" ? changeStorage(call, run) : emitEvent(call, run, at);
}

function changeStorage({ name, args }: Call, { pipeline }: Run): WrittenCall {
  const { key, value } = args as { readonly key: string; readonly value: JsonValue };
  const write: Write =
    name === "set" ? { type: "value.set", pipeline, key, value } : { type: "value.delete", pipeline, key };
  return { write, value: undefined };
}

function emitEvent({ number, name, args }: Call, { id: runId, pipeline }: Run, at: number): WrittenCall {
  const { data } = args as { readonly data: EventData };
  const id = eventId(at, createHash("sha256").update(`${runId} ${number}`).digest());
  const event = { id, type: name, createdAt: at, runId, pipeline, target: null, data };
  return { write: { type: "event.put", event }, value: { id } };
}
