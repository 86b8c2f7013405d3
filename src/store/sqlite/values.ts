// What scripts keep with `storage`: any JSON value by pipeline and key.

import type { JsonValue } from "../../core/json.ts";
import type { ValueReader } from "../reads.ts";
import type { ValueWrite } from "../writes.ts";
import type { ReadConnection } from "./read-connection.ts";
import type { WriteStatements } from "./write-statement.ts";

export const valueWrites: WriteStatements<ValueWrite["type"]> = {
  "value.set": {
    sql: `INSERT INTO stored_values (pipeline, key, value) VALUES (?, ?, ?)
      ON CONFLICT (pipeline, key) DO UPDATE SET value = excluded.value`,
    bind: ({ pipeline, key, value }) => [pipeline, key, JSON.stringify(value)],
  },
  "value.delete": {
    sql: "DELETE FROM stored_values WHERE pipeline = ? AND key = ?",
    bind: ({ pipeline, key }) => [pipeline, key],
  },
};

const maxKeys = 10_000;

export class SqliteValueReader implements ValueReader {
  readonly #db: ReadConnection;

  constructor(db: ReadConnection) {
    this.#db = db;
  }

  async get(pipeline: string, key: string): Promise<JsonValue | undefined> {
    const row = this.#db.get<{ value: string }>(
      "SELECT value FROM stored_values WHERE pipeline = ? AND key = ?",
      pipeline,
      key,
    );
    return row && (JSON.parse(row.value) as JsonValue);
  }

  async keys(pipeline: string, prefix: string): Promise<readonly string[]> {
    // Text is ordered by its UTF-8 bytes, so the keys with the prefix come first of all those from it on.
    const rows = this.#db.all<{ key: string }>(
      "SELECT key FROM stored_values WHERE pipeline = ? AND key >= ? ORDER BY key LIMIT ?",
      pipeline,
      prefix,
      maxKeys,
    );
    return rows.map(({ key }) => key).filter((key) => key.startsWith(prefix));
  }
}
