// Commits as the worker takes them: the name of each write's statement and its values, copied when `commit` is called.

import type { Write } from "../writes.ts";
import { artifactWrites } from "./artifacts.ts";
import { bundleWrites } from "./bundles.ts";
import { deliveryWrites } from "./deliveries.ts";
import { endpointWrites } from "./endpoints.ts";
import { eventWrites } from "./events.ts";
import { inboundDeliveryWrites } from "./inbound-deliveries.ts";
import { inboundWrites } from "./inbound.ts";
import { jobWrites } from "./jobs.ts";
import { resourceWrites } from "./resources.ts";
import { journalWrites } from "./journal.ts";
import { lockWrites } from "./locks.ts";
import { logWrites } from "./logs.ts";
import { pauseWrites } from "./pauses.ts";
import { runWrites } from "./runs.ts";
import { scheduleWrites } from "./schedules.ts";
import { secretWrites } from "./secrets.ts";
import { toStoreError } from "./sqlite-error.ts";
import { stepWrites } from "./steps.ts";
import { takeOverWrites } from "./take-over.ts";
import { upkeepWrites } from "./upkeep.ts";
import { valueWrites } from "./values.ts";
import { webhookSecretWrites } from "./webhook-secrets.ts";
import type { Bind, WriteOf, WriteStatements } from "./write-statement.ts";

export const writeStatements: WriteStatements<Write["type"]> = {
  ...runWrites,
  ...stepWrites,
  ...jobWrites,
  ...resourceWrites,
  ...lockWrites,
  ...journalWrites,
  ...logWrites,
  ...bundleWrites,
  ...inboundWrites,
  ...inboundDeliveryWrites,
  ...valueWrites,
  ...artifactWrites,
  ...webhookSecretWrites,
  ...secretWrites,
  ...scheduleWrites,
  ...pauseWrites,
  ...takeOverWrites,
  ...upkeepWrites,
  ...eventWrites,
  ...endpointWrites,
  ...deliveryWrites,
};

export interface EncodedWrite {
  readonly type: Write["type"];
  readonly binds: readonly Bind[];
}

export interface EncodedCommit {
  readonly writes: readonly EncodedWrite[];
  /** About; to keep batches within bounds. */
  readonly bytes: number;
}

/**
 * What the caller does to the writes and their buffers afterwards changes nothing.
 * @throws {AppError} INTERNAL when a value cannot be stored: not JSON, nested too deeply, not the id of a step.
 */
export function encodeCommit(writes: readonly Write[]): EncodedCommit {
  try {
    const encoded = writes.map((write) => ({ type: write.type, binds: bindWrite(write).map(copyBind) }));
    const sizes = encoded.flatMap(({ binds }) => binds.map(sizeOf));
    return { writes: encoded, bytes: sizes.reduce((sum, size) => sum + size, 0) };
  } catch (error) {
    throw toStoreError(error, `cannot store ${writes.map(({ type }) => type).join(", ")}`);
  }
}

function copyBind(bind: Bind): Bind {
  return bind instanceof Uint8Array ? new Uint8Array(bind) : bind;
}

function sizeOf(bind: Bind): number {
  return bind === null || typeof bind === "number" ? 8 : bind.length;
}

function bindWrite<T extends Write["type"]>(write: WriteOf<T>): readonly Bind[] {
  return writeStatements[write.type as T].bind(write);
}
