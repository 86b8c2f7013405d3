// The store on SQLite: takes the lock, opens the writer in its worker and the reader here, and closes them again.

import { type AppError, toAppError } from "../../core/app-error.ts";
import { type Clock, systemClock } from "../../core/clock.ts";
import type { Store } from "../contract.ts";
import { SqliteArtifactReader } from "./artifacts.ts";
import { SqliteBundleReader } from "./bundles.ts";
import { CommitQueue, type SendBatch } from "./commit-queue.ts";
import { type DatabaseLock, openDatabaseLock } from "./database-lock.ts";
import { resolveDatabasePath } from "./database-path.ts";
import { SqliteDeliveryReader } from "./deliveries.ts";
import { encodeCommit } from "./encode-commit.ts";
import { SqliteEndpointReader } from "./endpoints.ts";
import { SqliteEventReader } from "./events.ts";
import { SqliteInboundDeliveryReader } from "./inbound-deliveries.ts";
import { SqliteInboundReader } from "./inbound.ts";
import { SqliteJournalReader } from "./journal.ts";
import { SqliteLockReader } from "./locks.ts";
import { SqliteLogReader } from "./logs.ts";
import { createPrivateFile } from "./private-file.ts";
import { ReadConnection } from "./read-connection.ts";
import { SqlitePauseReader } from "./pauses.ts";
import { SqliteRunReader } from "./runs.ts";
import { SqliteResourceReader } from "./resources.ts";
import { SqliteScheduleReader } from "./schedules.ts";
import { SqliteSecretsReader } from "./secrets.ts";
import { toStoreError } from "./sqlite-error.ts";
import { SqliteUpkeepReader } from "./upkeep.ts";
import { SqliteValueReader } from "./values.ts";
import { SqliteWebhookSecretReader } from "./webhook-secrets.ts";
import { WriteHealth } from "./write-health.ts";
import { WriterLink } from "./writer-link.ts";

export interface SqliteStoreOptions {
  /** The database file; made where there is none, in a folder that exists. */
  readonly path: string;
  /**
   * Starts `src/store-worker.ts`. Made by the caller, since the entries of a compiled binary resolve only from files
   * directly in src/: `new Worker(new URL("./store-worker.ts", import.meta.url))`.
   */
  readonly createWorker: () => Worker;
  /** Milliseconds since the Unix epoch. */
  readonly now?: () => number;
  readonly clock?: Pick<Clock, "after">;
  /** Told when nothing can be written any more, with the reason, and when it can be again, with null. */
  readonly onTrouble?: (trouble: AppError | null) => void;
}

/**
 * Opens the database, and owns it until it is closed or the process ends.
 * @throws {AppError} DATABASE_LOCKED when another process owns it, DATABASE_TOO_NEW when a newer version wrote it,
 *   STORE_UNAVAILABLE when it cannot be read and written, or is not a database of ours.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const path = resolveDatabasePath(options.path);
  // Before anything else touches the file: another process may be at work in it.
  const lock = await openDatabaseLock(path, options.now ?? Date.now);
  let writer: WriterLink | undefined;
  try {
    createPrivateFile(path);
    writer = new WriterLink(options.createWorker(), path);
    await writer.ask({ type: "open", path });
    return createStore(writer, new ReadConnection(path), lock, options);
  } catch (error) {
    writer?.end();
    lock.release();
    throw toStoreError(error, `cannot open the database ${path}`);
  }
}

function createStore(
  writer: WriterLink,
  reader: ReadConnection,
  lock: DatabaseLock,
  { clock = systemClock, onTrouble }: SqliteStoreOptions,
): Store {
  const health = new WriteHealth({
    clock,
    probe: () => void queue.push(probe).catch(() => undefined),
    onChange: (trouble) => onTrouble?.(trouble),
  });
  const queue = new CommitQueue(watch(sendTo(writer), health));
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    health.close();
    await queue.close();
    // First the reader: whoever closes last tidies up the write-ahead log, and this connection may not.
    reader.close();
    try {
      await writer.ask({ type: "close" });
    } catch {
      // A dead writer has nothing left to close.
    }
    writer.end();
    lock.release();
  };
  return {
    commit: async (writes) => {
      await queue.push(encodeCommit(writes));
    },
    checkWritable: () => health.check(),
    runs: new SqliteRunReader(reader),
    journal: new SqliteJournalReader(reader),
    logs: new SqliteLogReader(reader),
    bundles: new SqliteBundleReader(reader),
    inbound: new SqliteInboundReader(reader),
    deliveries: new SqliteInboundDeliveryReader(reader),
    values: new SqliteValueReader(reader),
    artifacts: new SqliteArtifactReader(reader),
    webhookSecrets: new SqliteWebhookSecretReader(reader),
    secrets: new SqliteSecretsReader(reader),
    schedules: new SqliteScheduleReader(reader),
    resources: new SqliteResourceReader(reader),
    pauses: new SqlitePauseReader(reader),
    locks: new SqliteLockReader(reader),
    upkeep: new SqliteUpkeepReader(reader),
    events: new SqliteEventReader(reader),
    endpoints: new SqliteEndpointReader(reader),
    outbound: new SqliteDeliveryReader(reader),
    close: () => (closing ??= close()),
  };
}

function sendTo(writer: WriterLink): SendBatch {
  return async (commits) => {
    const reply = await writer.ask({ type: "batch", commits }, collectBuffers(commits));
    return reply.type === "committed" ? reply.failures : [];
  };
}

const probe = encodeCommit([{ type: "space.probe" }]);

/** Tells how writing goes; a batch of nothing but commits at fault says nothing about that. */
function watch(send: SendBatch, health: WriteHealth): SendBatch {
  return async (commits) => {
    try {
      const failures = await send(commits);
      if (failures.length < commits.length) health.succeeded();
      return failures;
    } catch (thrown) {
      const error = toAppError(thrown);
      if (error.class.retryable) health.failed(error);
      throw error;
    }
  };
}

/** The commits' own copies of bytes are handed over to the worker instead of being copied once more. */
function collectBuffers(commits: Parameters<SendBatch>[0]): ArrayBuffer[] {
  const buffers: ArrayBuffer[] = [];
  for (const writes of commits) {
    for (const { binds } of writes) {
      for (const bind of binds) if (bind instanceof Uint8Array) buffers.push(bind.buffer as ArrayBuffer);
    }
  }
  return buffers;
}
