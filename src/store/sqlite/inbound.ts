// Received webhooks, what became of them, and what they were answered.

import { AppError } from "../../core/app-error.ts";
import { keptBytes } from "../kept-bytes.ts";
import type { InboundReader, KeptRequest, Refusal, RequestOutline, RequestPage, RequestQuery } from "../reads.ts";
import type { InboundAnswer, InboundRecord, InboundWrite } from "../writes.ts";
import { formatCursor, parseCursor } from "./list-cursor.ts";
import type { ReadConnection } from "./read-connection.ts";
import type { WriteStatements } from "./write-statement.ts";

/** What a copy has from the request it is made of. */
const copied = `pipeline, received_at, verdict, reason, provider, event_type, method, url, headers, query, body, address,
  verified, body_bytes, is_cut, redelivery_of, delivery_id, delivery_key,
  same_body_as`;

export const inboundWrites: WriteStatements<InboundWrite["type"]> = {
  "inbound.put": {
    sql: `INSERT OR REPLACE INTO inbound_requests (id, run_id, kept_bytes, ${copied})
      VALUES (?, ?, ?, ?4, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
        (SELECT CASE WHEN received_at >= ?23 THEN run_id END FROM inbound_deliveries
          WHERE pipeline = ?4 AND body = ?22 ORDER BY run_id DESC LIMIT 1))`,
    // Of thousands that have one body the newest alone is looked at.
    bind: ({ record: { request, ...record }, sameBody }) => [
      record.id,
      record.runId,
      record.verdict === "refused" ? keptBytes(request) : 0,
      record.pipeline,
      record.receivedAt,
      record.verdict,
      record.reason,
      request.provider,
      request.eventType,
      request.method,
      request.url,
      JSON.stringify(request.headers),
      JSON.stringify(request.query),
      request.body,
      record.address,
      Number(record.verified),
      record.bodyBytes,
      Number(record.isCut),
      record.redeliveryOf,
      record.deliveryId,
      record.deliveryKey,
      sameBody?.body ?? null,
      sameBody?.since ?? 0,
    ],
  },
  "inbound.copy": {
    sql: `INSERT INTO inbound_requests (id, run_id, is_copy, ${copied})
      SELECT ?2, ?3, 1, ${copied} FROM inbound_requests WHERE id = ?1`,
    bind: ({ from, id, runId }) => [from, id, runId],
    missed: () => new AppError("RUN_NOT_FOUND", "the run has just been removed, for its age, and its request with it"),
  },
  "inbound.answer": {
    sql: `INSERT OR REPLACE INTO inbound_answers (request_id, status, code, duration_ms)
      SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM inbound_requests WHERE id = ?1)`,
    bind: ({ id, answer }) => [id, answer.status, answer.code, answer.durationMs],
  },
  "inbound.remove_refused": {
    sql: "DELETE FROM inbound_requests WHERE verdict = 'refused' AND id IN (SELECT value FROM json_each(?))",
    bind: ({ ids }) => [JSON.stringify(ids)],
  },
};

const outlined = `inbound_requests.id, pipeline, received_at, verdict, reason, run_id, provider, event_type, method, url,
  address, verified, coalesce(body_bytes, length(body)) AS body_bytes, redelivery_of, delivery_id, same_body_as, answers.status, answers.code, answers.duration_ms`;
const withAnswers = "LEFT JOIN inbound_answers AS answers ON answers.request_id = inbound_requests.id";

interface OutlineRow {
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
  readonly address: string | null;
  readonly verified: 0 | 1;
  readonly body_bytes: number;
  readonly redelivery_of: string | null;
  readonly delivery_id: string | null;
  readonly same_body_as: string | null;
  readonly status: number | null;
  readonly code: string | null;
  readonly duration_ms: number | null;
}

interface RequestRow extends OutlineRow {
  readonly headers: string;
  readonly query: string;
  readonly body: Uint8Array;
  readonly is_cut: 0 | 1;
  readonly delivery_key: Uint8Array | null;
}

export class SqliteInboundReader implements InboundReader {
  readonly #db: ReadConnection;

  constructor(db: ReadConnection) {
    this.#db = db;
  }

  async find(id: string): Promise<KeptRequest | undefined> {
    const row = this.#db.get<RequestRow>(
      `SELECT ${outlined}, headers, query, body, is_cut, delivery_key FROM inbound_requests ${withAnswers} WHERE id = ?`,
      id,
    );
    return row && toKeptRequest(row);
  }

  async list(query: RequestQuery): Promise<RequestPage> {
    const { limit } = query;
    const { from, conditions, binds } = select(query);
    const where = conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : "";
    // One more than asked for tells whether there is a next page.
    const found = this.#db.all<OutlineRow>(
      `SELECT ${outlined} FROM ${from} ${withAnswers} ${where} ORDER BY id DESC LIMIT ?`,
      ...binds,
      limit + 1,
    );
    const requests = found.slice(0, limit).map(toOutline);
    const last = requests.at(-1);
    return { requests, nextCursor: found.length > limit && last ? formatCursor("request", last.id) : null };
  }

  async refusals(): Promise<readonly Refusal[]> {
    return this.#db.all<Refusal>(
      `SELECT id, pipeline, received_at AS receivedAt, kept_bytes AS bytes FROM inbound_requests
        WHERE verdict = 'refused' ORDER BY id`,
    );
  }
}

interface Selection {
  readonly from: string;
  readonly conditions: readonly string[];
  readonly binds: readonly string[];
}

function select({ pipeline, verdict, reason, runId, cursor }: RequestQuery): Selection {
  const filters: readonly (readonly [string, readonly (string | undefined)[]])[] = [
    ["pipeline = ?", [pipeline]],
    ["reason = ?", [reason]],
    [ofRun, [runId, runId]],
    ["id < ?", [cursor === undefined ? undefined : parseCursor("request", cursor)]],
  ];
  const given = filters.filter(([, values]) => values[0] !== undefined);
  // What has a reason was refused.
  const asked = reason === undefined ? verdict : (verdict ?? "refused");
  // Without statistics SQLite would rather go through all that a pipeline has accepted.
  const isOfRefused = asked === "refused" && runId === undefined;
  return {
    from: isOfRefused ? "inbound_requests INDEXED BY inbound_requests_refused" : "inbound_requests",
    conditions: [
      ...given.map(([condition]) => condition),
      ...(asked === undefined ? [] : [`verdict = '${asked}'`]),
      ...(runId === undefined ? ["is_copy = 0"] : []),
    ],
    binds: given.flatMap(([, values]) => values.filter((value) => value !== undefined)),
  };
}

const ofRun = `id IN (SELECT inbound_id FROM runs WHERE id = ?
  UNION ALL SELECT id FROM inbound_requests WHERE verdict = 'refused' AND run_id = ?)`;

function toOutline(row: OutlineRow): RequestOutline {
  return {
    id: row.id,
    pipeline: row.pipeline,
    receivedAt: row.received_at,
    request: { provider: row.provider, eventType: row.event_type, method: row.method, url: row.url },
    address: row.address,
    bodyBytes: row.body_bytes,
    verdict: row.verdict,
    verified: row.verified === 1,
    reason: row.reason,
    runId: row.run_id,
    redeliveryOf: row.redelivery_of,
    deliveryId: row.delivery_id,
    sameBodyAs: row.same_body_as,
    answer: toAnswer(row),
  };
}

function toKeptRequest(row: RequestRow): KeptRequest {
  const outline = toOutline(row);
  return {
    ...outline,
    request: {
      ...outline.request,
      headers: JSON.parse(row.headers) as Readonly<Record<string, string>>,
      query: JSON.parse(row.query) as Readonly<Record<string, string>>,
      body: row.body,
    },
    isCut: row.is_cut === 1,
    deliveryKey: row.delivery_key,
  };
}

function toAnswer({ status, code, duration_ms: durationMs }: OutlineRow): InboundAnswer | null {
  return status === null || durationMs === null ? null : { status, code, durationMs };
}
