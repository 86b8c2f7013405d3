// Host calls that are nothing but a write: it is part of the commit that records the call and its result, so it is done
// once, whatever happens to the server.

import { createHash } from "node:crypto";
import { type EventData, eventId } from "../core/event.ts";
import type { JsonValue } from "../core/json.ts";
import type { CallKind, GuestCall } from "../sandbox/sandbox.ts";
import type { NewRun, Write } from "../store/store.ts";

const writtenKinds = ["storage", "event", "notify"] as const satisfies readonly CallKind[];

export type WrittenCallKind = (typeof writtenKinds)[number];

type Call = Pick<GuestCall, "number" | "name" | "args">;
type Run = Pick<NewRun, "id" | "pipeline">;

/** The targets that there are. */
export interface KnownTargets {
  /** @throws {AppError} TARGET_NOT_FOUND. */
  get(name: string): unknown;
}

/** What it writes, and what its promise resolves with. */
export interface WrittenCall {
  readonly write: Write;
  readonly value: JsonValue | undefined;
}

/** Also of those of their kind that are asked for and answered at once, which come another way. */
export function isWritten(kind: CallKind): kind is WrittenCallKind {
  return writtenKinds.some((each) => each === kind);
}

/** @throws {AppError} TARGET_NOT_FOUND. */
export function writeCall(kind: WrittenCallKind, call: Call, run: Run, at: number, targets: KnownTargets): WrittenCall {
  switch (kind) {
    case "storage":
      return changeStorage(call, run);
    case "event":
      return emitEvent(call, run, at);
    case "notify":
      return requestNotification(call, run, at, targets);
  }
}

function changeStorage({ name, args }: Call, { pipeline }: Run): WrittenCall {
  const { key, value } = args as { readonly key: string; readonly value: JsonValue };
  const write: Write =
    name === "set" ? { type: "value.set", pipeline, key, value } : { type: "value.delete", pipeline, key };
  return { write, value: undefined };
}

function emitEvent({ number, name, args }: Call, { id: runId, pipeline }: Run, at: number): WrittenCall {
  const { data } = args as { readonly data: EventData };
  const id = idOf(number, runId, at);
  const event = { id, type: name, createdAt: at, runId, pipeline, target: null, data };
  return { write: { type: "event.put", event }, value: { id } };
}

/** Addressed to a target, which is sent it as it is sent any event. */
function requestNotification(
  { number, name, args }: Call,
  { id: runId, pipeline }: Run,
  at: number,
  targets: KnownTargets,
): WrittenCall {
  targets.get(name);
  const { title = "", message, level, link = null } = args as Readonly<Record<string, JsonValue | undefined>>;
  const data = { run_id: runId, pipeline, target: name, title, message, level, link };
  const type = "notification.requested";
  const event = { id: idOf(number, runId, at), type, createdAt: at, runId, pipeline, target: name, data };
  return { write: { type: "event.put", event }, value: undefined };
}

function idOf(number: number, runId: string, at: number): string {
  return eventId(at, createHash("sha256").update(`${runId} ${number}`).digest());
}
