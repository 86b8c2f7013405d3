// What has begun a run, by what tells it from all others, so that it begins none when it comes again.

import { AppError } from "../../core/app-error.ts";
import type { InboundDeliveryReader, KnownDelivery } from "../reads.ts";
import type { InboundDeliveryWrite } from "../writes.ts";
import type { ReadConnection } from "./read-connection.ts";
import type { WriteStatements } from "./write-statement.ts";

/** What came of its run leaves it to be done: it may begin another one. */
const isUndone = `EXISTS (SELECT 1 FROM runs WHERE runs.id = inbound_deliveries.run_id
  AND runs.status IN ('failed', 'cancelled', 'timed_out', 'skipped'))`;

/** The oldest go first; a transaction with more of them would be felt. */
const trimmedRows = 100;

export const inboundDeliveryWrites: WriteStatements<InboundDeliveryWrite["type"]> = {
  "delivery.claim": {
    sql: `INSERT INTO inbound_deliveries (pipeline, key, run_id, received_at, body) VALUES (?1, ?2, ?3, ?4, ?5)
      ON CONFLICT (pipeline, key) DO UPDATE SET run_id = excluded.run_id, received_at = excluded.received_at,
        body = excluded.body
      WHERE run_id = excluded.run_id OR received_at < ?6 OR ${isUndone}`,
    bind: ({ pipeline, key, runId, at, body, knownSince }) => [pipeline, key, runId, at, body, knownSince],
    missed: () => new AppError("DUPLICATE_DELIVERY", "the same delivery has just begun a run"),
  },
  "delivery.take_over": {
    sql: "UPDATE inbound_deliveries SET run_id = ?2 WHERE run_id = ?1",
    bind: ({ from, to }) => [from, to],
  },
  "delivery.trim_old": {
    sql: `DELETE FROM inbound_deliveries WHERE (pipeline, key) IN (SELECT pipeline, key FROM inbound_deliveries
      WHERE received_at < ? ORDER BY run_id LIMIT ${trimmedRows})`,
    bind: ({ before }) => [before],
  },
};

export class SqliteInboundDeliveryReader implements InboundDeliveryReader {
  readonly #db: ReadConnection;

  constructor(db: ReadConnection) {
    this.#db = db;
  }

  async find(pipeline: string, key: Uint8Array): Promise<KnownDelivery | undefined> {
    const row = this.#db.get<{ run_id: string; received_at: number; undone: 0 | 1 }>(
      `SELECT run_id, received_at, ${isUndone} AS undone FROM inbound_deliveries WHERE pipeline = ? AND key = ?`,
      pipeline,
      key,
    );
    return row && { runId: row.run_id, receivedAt: row.received_at, isUndone: row.undone === 1 };
  }

  async findBody(pipeline: string, body: Uint8Array, since: number): Promise<string | undefined> {
    // The newest alone is looked at: thousands may have one body.
    const newest = this.#db.get<{ run_id: string; received_at: number }>(
      "SELECT run_id, received_at FROM inbound_deliveries WHERE pipeline = ? AND body = ? ORDER BY run_id DESC LIMIT 1",
      pipeline,
      body,
    );
    return newest !== undefined && newest.received_at >= since ? newest.run_id : undefined;
  }

  async hasBefore(at: number): Promise<boolean> {
    const oldest = this.#db.get<{ received_at: number }>(
      "SELECT received_at FROM inbound_deliveries ORDER BY run_id LIMIT 1",
    );
    return oldest !== undefined && oldest.received_at < at;
  }
}
