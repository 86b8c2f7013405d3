// Webhook secrets that were given with uploads, outside the scripts.

import type { WebhookSecretReader } from "../reads.ts";
import type { WebhookSecretWrite } from "../writes.ts";
import type { ReadConnection } from "./read-connection.ts";
import type { WriteStatements } from "./write-statement.ts";

export const webhookSecretWrites: WriteStatements<WebhookSecretWrite["type"]> = {
  "webhook_secret.put": {
    sql: `INSERT INTO webhook_secrets (pipeline, secret) VALUES (?, ?)
      ON CONFLICT (pipeline) DO UPDATE SET secret = excluded.secret`,
    bind: ({ pipeline, secret }) => [pipeline, secret],
  },
  "webhook_secret.remove": {
    sql: "DELETE FROM webhook_secrets WHERE pipeline = ?",
    bind: ({ pipeline }) => [pipeline],
  },
};

export class SqliteWebhookSecretReader implements WebhookSecretReader {
  readonly #db: ReadConnection;

  constructor(db: ReadConnection) {
    this.#db = db;
  }

  async all(): Promise<ReadonlyMap<string, string>> {
    const rows = this.#db.all<{ pipeline: string; secret: string }>("SELECT pipeline, secret FROM webhook_secrets");
    return new Map(rows.map(({ pipeline, secret }) => [pipeline, secret]));
  }
}
