// What has begun a run, by what tells it from all others, so that it begins none when it comes again.

import { AppError } from "../../core/app-error.ts";
import type { InboundDeliveryReader, KnownDelivery } from "../reads.ts";
import type { InboundDeliveryWrite } from "../writes.ts";
import type { ReadConnection } from "./read-connection.ts";
import type { WriteStatements } from "./write-statement.ts";

/** What came of a run that leaves it to be done. */
const undone = "('failed', 'cancelled', 'timed_out', 'skipped')";

/** The oldest go first; a transaction with more of them would be felt. */
const trimmedRows = 100;

export const inboundDeliveryWrites: WriteStatements<InboundDeliveryWrite["type"]> = {
  "delivery.claim": {
    // Of a repetition a run may have begun that is not recorded: it claims nothing.
    sql: `INSERT INTO inbound_deliveries (pipeline, key, run_id, received_at, body)
      SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM runs WHERE id = ?3)
      ON CONFLICT (pipeline, key) DO UPDATE SET run_id = excluded.run_id, received_at = excluded.received_at,
        body = coalesce(excluded.body, body)
      WHERE run_id = excluded.run_id OR received_at < ?6 OR run_id = ?7`,
    bind: ({ pipeline, key, runId, at, body, knownSince, insteadOf }) => [
      pipeline,
      key,
      runId,
      at,
      body,
      knownSince,
      insteadOf,
    ],
    missed: () => new AppError("DUPLICATE_DELIVERY", "the same delivery has just begun a run"),
  },
  "delivery.take_over": {
    sql: `UPDATE inbound_deliveries SET run_id = ?2
      WHERE run_id = ?1 AND EXISTS (SELECT 1 FROM runs WHERE id = ?1 AND status IN ${undone})`,
    bind: ({ from, to }) => [from, to],
  },
  "delivery.trim_old": {
    sql: `DELETE FROM inbound_deliveries WHERE (pipeline, key) IN (SELECT pipeline, key FROM
      (SELECT pipeline, key, received_at FROM inbound_deliveries ORDER BY run_id LIMIT ${trimmedRows})
      WHERE received_at < ?)`,
    bind: ({ before }) => [before],
  },
};

export class SqliteInboundDeliveryReader implements InboundDeliveryReader {
  readonly #db: ReadConnection;

  constructor(db: ReadConnection) {
    this.#db = db;
  }

  async find(pipeline: string, key: Uint8Array): Promise<KnownDelivery | undefined> {
    const row = this.#db.get<{ run_id: string; received_at: number; seed: string | null; undone: 0 | 1 | null }>(
      `SELECT run_id, received_at, seed, status IN ${undone} AS undone
        FROM inbound_deliveries LEFT JOIN runs ON runs.id = run_id WHERE inbound_deliveries.pipeline = ? AND key = ?`,
      pipeline,
      key,
    );
    if (row === undefined) return undefined;
    const { run_id: runId, received_at: receivedAt, seed } = row;
    return { runId, receivedAt, seed: seed ?? runId, isUndone: row.undone === 1 };
  }

  async hasBefore(at: number): Promise<boolean> {
    const oldest = this.#db.get<{ received_at: number }>(
      "SELECT received_at FROM inbound_deliveries ORDER BY run_id LIMIT 1",
    );
    return oldest !== undefined && oldest.received_at < at;
  }
}
