// Pipelines that are paused.

import type { PauseReader } from "../reads.ts";
import type { PauseWrite } from "../writes.ts";
import type { ReadConnection } from "./read-connection.ts";
import type { WriteStatements } from "./write-statement.ts";

export const pauseWrites: WriteStatements<PauseWrite["type"]> = {
  "pipeline.pause": {
    sql: "INSERT INTO paused_pipelines (pipeline, paused_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
    bind: ({ pipeline, at }) => [pipeline, at],
  },
  "pipeline.resume": {
    sql: "DELETE FROM paused_pipelines WHERE pipeline = ?",
    bind: ({ pipeline }) => [pipeline],
  },
};

export class SqlitePauseReader implements PauseReader {
  readonly #db: ReadConnection;

  constructor(db: ReadConnection) {
    this.#db = db;
  }

  async all(): Promise<ReadonlyMap<string, number>> {
    const rows = this.#db.all<{ pipeline: string; at: number }>(
      "SELECT pipeline, paused_at AS at FROM paused_pipelines",
    );
    return new Map(rows.map(({ pipeline, at }) => [pipeline, at]));
  }
}
