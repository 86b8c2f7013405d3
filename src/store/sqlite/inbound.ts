// Received webhooks and what became of them.

import { AppError } from "../../core/app-error.ts";
import type { InboundReader } from "../reads.ts";
import type { InboundRecord, InboundWrite } from "../writes.ts";
import type { ReadConnection } from "./read-connection.ts";
import type { WriteStatements } from "./write-statement.ts";

const columns = `id, pipeline, received_at, verdict, reason, run_id, provider, event_type, method, url, headers, query,
  delivery_id, same_body_as, body`;

export const inboundWrites: WriteStatements<InboundWrite["type"]> = {
  "inbound.put": {
    sql: `INSERT OR REPLACE INTO inbound_requests (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    bind: ({ record: { request, ...record } }) => [
      record.id,
      record.pipeline,
      record.receivedAt,
      record.verdict,
      record.reason,
      record.runId,
      request.provider,
      request.eventType,
      request.method,
      request.url,
      JSON.stringify(request.headers),
      JSON.stringify(request.query),
      record.deliveryId,
      record.sameBodyAs,
      request.body,
    ],
  },
  "inbound.copy": {
    sql: `INSERT INTO inbound_requests (${columns})
      SELECT ?2, pipeline, received_at, verdict, reason, ?3, provider, event_type, method, url, headers, query,
        delivery_id, same_body_as, body
      FROM inbound_requests WHERE id = ?1`,
    bind: ({ from, id, runId }) => [from, id, runId],
    missed: () => new AppError("RUN_NOT_FOUND", "the run has just been removed, for its age, and its request with it"),
  },
  "inbound.trim_refused": {
    sql: `DELETE FROM inbound_requests WHERE id IN (SELECT id FROM inbound_requests
      WHERE pipeline = ? AND verdict = 'refused' ORDER BY received_at DESC, id DESC LIMIT -1 OFFSET ?)`,
    bind: ({ pipeline, keep }) => [pipeline, keep],
  },
};

interface InboundRow {
  readonly id: string;
  readonly pipeline: string;
  readonly received_at: number;
  readonly verdict: InboundRecord["verdict"];
  readonly reason: string | null;
  readonly run_id: string | null;
  readonly provider: string;
  readonly event_type: string;
  readonly method: string;
  readonly url: string;
  readonly headers: string;
  readonly query: string;
  readonly delivery_id: string | null;
  readonly same_body_as: string | null;
  readonly body: Uint8Array;
}

export class SqliteInboundReader implements InboundReader {
  readonly #db: ReadConnection;

  constructor(db: ReadConnection) {
    this.#db = db;
  }

  async find(id: string): Promise<InboundRecord | undefined> {
    const row = this.#db.get<InboundRow>(`SELECT ${columns} FROM inbound_requests WHERE id = ?`, id);
    return row && toRecord(row);
  }
}

function toRecord(row: InboundRow): InboundRecord {
  return {
    id: row.id,
    pipeline: row.pipeline,
    receivedAt: row.received_at,
    request: {
      provider: row.provider,
      eventType: row.event_type,
      method: row.method,
      url: row.url,
      headers: JSON.parse(row.headers) as Readonly<Record<string, string>>,
      query: JSON.parse(row.query) as Readonly<Record<string, string>>,
      body: row.body,
    },
    verdict: row.verdict,
    reason: row.reason,
    runId: row.run_id,
    deliveryId: row.delivery_id,
    sameBodyAs: row.same_body_as,
  };
}
