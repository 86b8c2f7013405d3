// Secrets as they are kept: sealed. What opens them is no matter of the store.

import type { SecretsReader } from "../reads.ts";
import type { SecretWrite, StoredSecret } from "../writes.ts";
import type { ReadConnection } from "./read-connection.ts";
import type { WriteStatements } from "./write-statement.ts";

/** In place of a pipeline's id: a key of the table has no nulls. */
const everyPipeline = "";

export const secretWrites: WriteStatements<SecretWrite["type"]> = {
  "secret.put": {
    sql: `INSERT INTO secrets (pipeline, name, sealed, updated_at) VALUES (?, ?, ?, ?)
      ON CONFLICT (pipeline, name) DO UPDATE SET sealed = excluded.sealed, updated_at = excluded.updated_at`,
    bind: ({ secret }) => [secret.pipeline ?? everyPipeline, secret.name, secret.sealed, secret.updatedAt],
  },
  "secret.remove": {
    sql: "DELETE FROM secrets WHERE pipeline = ? AND name = ?",
    bind: ({ pipeline, name }) => [pipeline ?? everyPipeline, name],
  },
};

interface SecretRow {
  readonly pipeline: string;
  readonly name: string;
  readonly sealed: Uint8Array;
  readonly updated_at: number;
}

export class SqliteSecretsReader implements SecretsReader {
  readonly #db: ReadConnection;

  constructor(db: ReadConnection) {
    this.#db = db;
  }

  async all(): Promise<readonly StoredSecret[]> {
    return this.#db
      .all<SecretRow>("SELECT pipeline, name, sealed, updated_at FROM secrets ORDER BY name, pipeline")
      .map(({ pipeline, name, sealed, updated_at: updatedAt }) => ({
        pipeline: pipeline === everyPipeline ? null : pipeline,
        name,
        sealed,
        updatedAt,
      }));
  }
}
