// Deliveries and their attempts: how they are written and read.

import { AppError } from "../../core/app-error.ts";
import type { Delivery, DeliveryAttempt, DeliveryStatus } from "../../core/delivery.ts";
import type { DeliveryPage, DeliveryQuery, DeliveryReader } from "../outbox-reads.ts";
import type { DeliveryWrite } from "../outbox-writes.ts";
import { formatCursor, parseCursor } from "./list-cursor.ts";
import type { ReadConnection } from "./read-connection.ts";
import type { WriteStatements } from "./write-statement.ts";

/** Of one transaction; each may have attempts with answers. */
const trimmedRows = 100;
/** Of one transaction, without anything else to touch. */
const endedRows = 500;

function endSomePending(status: DeliveryStatus): string {
  return `UPDATE deliveries SET status = '${status}', next_attempt_at = NULL, finished_at = ?1 WHERE id IN (
    SELECT id FROM deliveries WHERE destination = ?2 AND status = 'pending' LIMIT ${endedRows})`;
}

const settledBetween = "event_seq >= ? AND event_seq < ? AND status IN ('delivered', 'cancelled')";

export const deliveryWrites: WriteStatements<DeliveryWrite["type"]> = {
  "outbox.put": { sql: "UPDATE outbox SET seq = ?", bind: ({ seq }) => [seq] },
  "delivery.create": {
    sql: `INSERT INTO deliveries (id, destination, event_seq, status, attempts, earlier_attempts, next_attempt_at,
      created_at, finished_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    bind: ({ delivery }) => [
      delivery.id,
      delivery.destination,
      delivery.eventSeq,
      delivery.status,
      delivery.attempts,
      delivery.earlierAttempts,
      delivery.nextAttemptAt,
      delivery.createdAt,
      delivery.finishedAt,
    ],
  },
  "delivery.put": {
    sql: `UPDATE deliveries SET status = ?, attempts = ?, earlier_attempts = ?, next_attempt_at = ?, finished_at = ?
      WHERE id = ?`,
    bind: ({ delivery }) => [
      delivery.status,
      delivery.attempts,
      delivery.earlierAttempts,
      delivery.nextAttemptAt,
      delivery.finishedAt,
      delivery.id,
    ],
    missed: (binds) => new AppError("INTERNAL", `there is no delivery ${String(binds[5])}`),
  },
  "delivery.attempt": {
    sql: `INSERT INTO delivery_attempts (delivery_id, number, at, duration_ms, status, error, request_headers,
      is_response_cut, response) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    bind: ({ deliveryId, attempt }) => [
      deliveryId,
      attempt.number,
      attempt.at,
      attempt.durationMs,
      attempt.status,
      attempt.error === null ? null : JSON.stringify(attempt.error),
      JSON.stringify(attempt.requestHeaders),
      attempt.isResponseCut ? 1 : 0,
      attempt.response,
    ],
  },
  "delivery.cancel_pending": {
    sql: endSomePending("cancelled"),
    bind: ({ at, destination }) => [at, destination],
  },
  "delivery.fail_pending": {
    sql: endSomePending("failed"),
    bind: ({ at, destination }) => [at, destination],
  },
  "delivery.trim": {
    sql: `DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE finished_at < ?
      ORDER BY finished_at LIMIT ${trimmedRows})`,
    bind: ({ before }) => [before],
  },
  "delivery.trim_settled": {
    sql: `DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE ${settledBetween} LIMIT ${trimmedRows})`,
    bind: ({ fromSeq, beforeSeq }) => [fromSeq, beforeSeq],
  },
};

interface DeliveryRow {
  readonly id: string;
  readonly destination: string;
  readonly event_seq: number;
  readonly event_id: string;
  readonly event_type: string;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  readonly earlier_attempts: number;
  readonly next_attempt_at: number | null;
  readonly created_at: number;
  readonly finished_at: number | null;
}

interface AttemptRow {
  readonly number: number;
  readonly at: number;
  readonly duration_ms: number;
  readonly status: number | null;
  readonly error: string | null;
  readonly request_headers: string;
  readonly is_response_cut: number;
  readonly response: Uint8Array;
}

const selectDelivery = `SELECT deliveries.id, destination, event_seq, events.id AS event_id, type AS event_type, status,
  attempts, earlier_attempts, next_attempt_at, deliveries.created_at, finished_at
  FROM deliveries JOIN events ON events.seq = event_seq`;

export class SqliteDeliveryReader implements DeliveryReader {
  readonly #db: ReadConnection;

  constructor(db: ReadConnection) {
    this.#db = db;
  }

  async fannedOutTo(): Promise<number> {
    return this.#db.get<{ seq: number }>("SELECT seq FROM outbox WHERE one = 1")?.seq ?? 0;
  }

  async pending(destination: string, limit: number): Promise<readonly Delivery[]> {
    return this.#select(
      "WHERE destination = ? AND status = 'pending' ORDER BY next_attempt_at, deliveries.id LIMIT ?",
      destination,
      limit,
    );
  }

  async destinationsWithPending(): Promise<readonly string[]> {
    // From one to the next, past all that is pending for each.
    const next = (than: string): string =>
      `(SELECT min(destination) FROM deliveries WHERE status = 'pending' AND destination > ${than})`;
    return this.#db
      .all<{ id: string }>(
        `WITH RECURSIVE found (id) AS (
          SELECT ${next("''")} UNION ALL SELECT ${next("found.id")} FROM found WHERE found.id IS NOT NULL
        ) SELECT id FROM found WHERE id IS NOT NULL`,
      )
      .map(({ id }) => id);
  }

  async find(id: string): Promise<Delivery | undefined> {
    return this.#select("WHERE deliveries.id = ?", id)[0];
  }

  async list({ destination, status, limit, cursor }: DeliveryQuery): Promise<DeliveryPage> {
    if (!Number.isInteger(limit) || limit < 1 || limit > 500) {
      throw new AppError("BAD_REQUEST", `cannot list ${limit} deliveries`, {
        hint: "limit is a whole number from 1 to 500",
      });
    }
    const filters: readonly (readonly [string, string | undefined])[] = [
      ["destination = ?", destination],
      ["status = ?", status],
      ["deliveries.id < ?", cursor === undefined ? undefined : parseCursor("delivery", cursor)],
    ];
    const given = filters.filter((filter): filter is readonly [string, string] => filter[1] !== undefined);
    const found = this.#select(
      `WHERE ${given.map(([condition]) => condition).join(" AND ")} ORDER BY deliveries.id DESC LIMIT ?`,
      ...given.map(([, value]) => value),
      // One more than asked for tells whether there is a next page.
      limit + 1,
    );
    const deliveries = found.slice(0, limit);
    const last = deliveries.at(-1);
    return { deliveries, nextCursor: found.length > limit && last ? formatCursor("delivery", last.id) : null };
  }

  async attempts(id: string): Promise<readonly DeliveryAttempt[]> {
    return this.#db
      .all<AttemptRow>(
        `SELECT number, at, duration_ms, status, error, request_headers, is_response_cut, response
          FROM delivery_attempts WHERE delivery_id = ? ORDER BY number`,
        id,
      )
      .map(toAttempt);
  }

  async failedSince(destination: string, since: number, afterId: string, limit: number): Promise<readonly Delivery[]> {
    return this.#select(
      `WHERE destination = ? AND status = 'failed' AND deliveries.id > ? AND finished_at >= ?
        ORDER BY deliveries.id LIMIT ?`,
      destination,
      afterId,
      since,
      limit,
    );
  }

  async hasFinishedBefore(time: number): Promise<boolean> {
    return this.#db.get("SELECT 1 FROM deliveries WHERE finished_at < ? LIMIT 1", time) !== undefined;
  }

  async hasSettled(fromSeq: number, beforeSeq: number): Promise<boolean> {
    return this.#db.get(`SELECT 1 FROM deliveries WHERE ${settledBetween} LIMIT 1`, fromSeq, beforeSeq) !== undefined;
  }

  #select(rest: string, ...binds: readonly (string | number)[]): readonly Delivery[] {
    return this.#db.all<DeliveryRow>(`${selectDelivery} ${rest}`, ...binds).map(toDelivery);
  }
}

function toDelivery(row: DeliveryRow): Delivery {
  return {
    id: row.id,
    destination: row.destination,
    eventSeq: row.event_seq,
    eventId: row.event_id,
    eventType: row.event_type,
    status: row.status,
    attempts: row.attempts,
    earlierAttempts: row.earlier_attempts,
    nextAttemptAt: row.next_attempt_at,
    createdAt: row.created_at,
    finishedAt: row.finished_at,
  };
}

function toAttempt(row: AttemptRow): DeliveryAttempt {
  return {
    number: row.number,
    at: row.at,
    durationMs: row.duration_ms,
    requestHeaders: JSON.parse(row.request_headers) as DeliveryAttempt["requestHeaders"],
    status: row.status,
    error: row.error === null ? null : (JSON.parse(row.error) as DeliveryAttempt["error"]),
    response: row.response,
    isResponseCut: row.is_response_cut === 1,
  };
}
