// Endpoints as they were made by the API, and what is known of every destination beside its definition.

import type { DestinationState } from "../../core/delivery.ts";
import type { EndpointReader } from "../outbox-reads.ts";
import type { EndpointWrite, StoredEndpoint } from "../outbox-writes.ts";
import type { ReadConnection } from "./read-connection.ts";
import type { WriteStatements } from "./write-statement.ts";

export const endpointWrites: WriteStatements<EndpointWrite["type"]> = {
  "endpoint.put": {
    sql: `INSERT OR REPLACE INTO endpoints (id, created_at, updated_at, removed_at, secret, previous_secret,
      previous_until, definition) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    bind: ({ endpoint }) => [
      endpoint.id,
      endpoint.createdAt,
      endpoint.updatedAt,
      endpoint.removedAt,
      endpoint.secret,
      endpoint.previousSecret,
      endpoint.previousUntil,
      endpoint.definition,
    ],
  },
  "destination.put": {
    sql: `INSERT OR REPLACE INTO destinations (id, after_seq, failing_since, failing_told_at, disabled_at, disabled_reason)
      VALUES (?, ?, ?, ?, ?, ?)`,
    bind: ({ state }) => [
      state.id,
      state.afterSeq,
      state.failingSince,
      state.failingToldAt,
      state.disabledAt,
      state.disabledReason,
    ],
  },
  "destination.remove": { sql: "DELETE FROM destinations WHERE id = ?", bind: ({ id }) => [id] },
};

export class SqliteEndpointReader implements EndpointReader {
  readonly #db: ReadConnection;

  constructor(db: ReadConnection) {
    this.#db = db;
  }

  async all(): Promise<readonly StoredEndpoint[]> {
    return this.#db.all<StoredEndpoint>(
      `SELECT id, created_at AS createdAt, updated_at AS updatedAt, removed_at AS removedAt, secret,
        previous_secret AS previousSecret, previous_until AS previousUntil, definition FROM endpoints ORDER BY id`,
    );
  }

  async states(): Promise<readonly DestinationState[]> {
    return this.#db.all<DestinationState>(
      `SELECT id, after_seq AS afterSeq, failing_since AS failingSince, failing_told_at AS failingToldAt,
        disabled_at AS disabledAt, disabled_reason AS disabledReason FROM destinations ORDER BY id`,
    );
  }
}
