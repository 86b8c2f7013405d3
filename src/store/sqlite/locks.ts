// Locks of pipelines: who has them, and who waits for them.

import type { LockWrite } from "../lock-writes.ts";
import type { LockReader, StoredLock } from "../reads.ts";
import type { ReadConnection } from "./read-connection.ts";
import type { WriteStatements } from "./write-statement.ts";

export const lockWrites: WriteStatements<LockWrite["type"]> = {
  "lock.put": {
    sql: "INSERT INTO locks (pipeline, name, run_id, number, holders) VALUES (?, ?, ?, ?, ?)",
    bind: ({ pipeline, name, runId, number, limit }) => [pipeline, name, runId, number, limit],
  },
  "lock.remove": {
    sql: "DELETE FROM locks WHERE run_id = ? AND name = ?",
    bind: ({ runId, name }) => [runId, name],
  },
};

interface LockRow extends Omit<StoredLock, "isHeld"> {
  readonly isHeld: number;
}

export class SqliteLockReader implements LockReader {
  readonly #db: ReadConnection;

  constructor(db: ReadConnection) {
    this.#db = db;
  }

  async all(): Promise<readonly StoredLock[]> {
    const rows = this.#db.all<LockRow>(
      `SELECT pipeline, name, locks.run_id AS runId, locks.number, holders AS "limit", outcomes.number IS NOT NULL AS isHeld
        FROM locks LEFT JOIN journal_outcomes AS outcomes
          ON outcomes.run_id = locks.run_id AND outcomes.number = locks.number
        ORDER BY seq`,
    );
    return rows.map((row) => ({ ...row, isHeld: row.isHeld === 1 }));
  }
}
