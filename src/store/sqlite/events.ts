// Events: what is written beside those that the schema's triggers make, and how all are read.

import { AppError } from "../../core/app-error.ts";
import type { EventData, EventRecord } from "../../core/event.ts";
import type { EventPage, EventQuery, EventReader } from "../outbox-reads.ts";
import type { EventWrite } from "../outbox-writes.ts";
import { formatCursor, parseCursor } from "./list-cursor.ts";
import type { ReadConnection } from "./read-connection.ts";
import type { WriteStatements } from "./write-statement.ts";

export const eventWrites: WriteStatements<EventWrite["type"]> = {
  "event.put": {
    sql: `INSERT INTO events (id, type, created_at, run_id, pipeline, target, data, sequence)
      SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7,
        iif(?4 IS NULL, NULL, (SELECT coalesce(max(sequence), 0) + 1 FROM events WHERE run_id = ?4))`,
    bind: ({ event }) => [
      event.id,
      event.type,
      event.createdAt,
      event.runId,
      event.pipeline,
      event.target,
      JSON.stringify(event.data),
    ],
  },
  "event.trim": {
    // The newest one stays: the next one's place follows from it.
    sql: `DELETE FROM events WHERE seq >= ?1 AND seq < ?2 AND seq < (SELECT max(seq) FROM events)
      AND NOT EXISTS (SELECT 1 FROM deliveries WHERE event_seq = events.seq)
      AND NOT (run_id IS NOT NULL AND EXISTS (SELECT 1 FROM runs WHERE id = run_id AND finished_at IS NULL)
        AND sequence = (SELECT max(sequence) FROM events later WHERE later.run_id = events.run_id))`,
    bind: ({ fromSeq, beforeSeq }) => [fromSeq, beforeSeq],
  },
};

interface EventRow {
  readonly seq: number;
  readonly id: string;
  readonly type: string;
  readonly created_at: number;
  readonly run_id: string | null;
  readonly pipeline: string | null;
  readonly sequence: number | null;
  readonly target: string | null;
  readonly data: string;
}

const selectEvent = "SELECT seq, id, type, created_at, run_id, pipeline, sequence, target, data FROM events";

export class SqliteEventReader implements EventReader {
  readonly #db: ReadConnection;

  constructor(db: ReadConnection) {
    this.#db = db;
  }

  async after(seq: number, limit: number): Promise<readonly EventRecord[]> {
    return this.#db.all<EventRow>(`${selectEvent} WHERE seq > ? ORDER BY seq LIMIT ?`, seq, limit).map(toEvent);
  }

  async newestSeq(): Promise<number> {
    return this.#db.get<{ seq: number | null }>("SELECT max(seq) AS seq FROM events")?.seq ?? 0;
  }

  async find(id: string): Promise<EventRecord | undefined> {
    const row = this.#db.get<EventRow>(`${selectEvent} WHERE id = ?`, id);
    return row && toEvent(row);
  }

  async list({ type, pipeline, runId, limit, cursor }: EventQuery): Promise<EventPage> {
    if (!Number.isInteger(limit) || limit < 1 || limit > 500) {
      throw new AppError("BAD_REQUEST", `cannot list ${limit} events`, {
        hint: "limit is a whole number from 1 to 500",
      });
    }
    const filters: readonly (readonly [string, string | number | undefined])[] = [
      [type?.endsWith(".") ? "substr(type, 1, length(?1)) = ?1" : "type = ?1", type],
      ["pipeline = ?2", pipeline],
      ["run_id = ?3", runId],
      ["seq < ?4", cursor === undefined ? undefined : Number(parseCursor("event", cursor))],
    ];
    const given = filters.filter(([, value]) => value !== undefined).map(([condition]) => condition);
    const where = given.length > 0 ? `WHERE ${given.join(" AND ")}` : "";
    // Of a run there are few, and an index knows them; else the newest are near.
    const order = runId === undefined ? "seq" : "sequence";
    const found = this.#db
      .all<EventRow>(
        `${selectEvent} ${where} ORDER BY ${order} DESC LIMIT ?5`,
        ...filters.map(([, value]) => value ?? null),
        // One more than asked for tells whether there is a next page.
        limit + 1,
      )
      .map(toEvent);
    const events = found.slice(0, limit);
    const last = events.at(-1);
    return { events, nextCursor: found.length > limit && last ? formatCursor("event", String(last.seq)) : null };
  }

  async firstToKeep(since: number, newest: number): Promise<number> {
    const last = await this.newestSeq();
    let from = this.#db.get<{ seq: number | null }>("SELECT min(seq) AS seq FROM events")?.seq ?? 0;
    // They are in the order of their times but for a clock that was set: halving finds the place without looking at all.
    for (let to = last; from < to;) {
      const middle = this.#db.get<{ seq: number; created_at: number }>(
        "SELECT seq, created_at FROM events WHERE seq >= ? ORDER BY seq LIMIT 1",
        Math.floor((from + to) / 2),
      );
      if (middle === undefined || middle.created_at < since) from = Math.min((middle?.seq ?? to) + 1, to);
      else to = Math.min(middle.seq, Math.floor((from + to) / 2));
    }
    return Math.max(from, last - newest + 1);
  }
}

function toEvent(row: EventRow): EventRecord {
  return {
    seq: row.seq,
    id: row.id,
    type: row.type,
    createdAt: row.created_at,
    runId: row.run_id,
    pipeline: row.pipeline,
    sequence: row.sequence,
    target: row.target,
    data: JSON.parse(row.data) as EventData,
  };
}
