// Events: what is written beside those that the schema's triggers make, and how all are read.

import { AppError } from "../../core/app-error.ts";
import type { EventData, EventRecord } from "../../core/event.ts";
import type { EventFilter, EventPage, EventQuery, EventRange, EventReader } from "../outbox-reads.ts";
import type { EventWrite } from "../outbox-writes.ts";
import { formatCursor, parseCursor } from "./list-cursor.ts";
import type { ReadConnection } from "./read-connection.ts";
import type { WriteStatements } from "./write-statement.ts";

/** In one read: a few milliseconds. */
const lookedAtOnce = 5000;

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

  async between({ afterSeq, upToSeq, limit, ...filter }: EventRange): Promise<readonly EventRecord[]> {
    const { conditions, binds } = readFilter(filter, "+run_id");
    return this.#db
      .all<EventRow>(
        `${selectEvent} WHERE ${["seq > ?", "seq <= ?", ...conditions].join(" AND ")} ORDER BY seq LIMIT ?`,
        afterSeq,
        upToSeq,
        ...binds,
        limit,
      )
      .map(toEvent);
  }

  async types(): Promise<ReadonlySet<string>> {
    const newest = await this.newestSeq();
    const types = new Set<string>();
    for (let begin = this.#firstSeq(); begin <= newest; begin += lookedAtOnce) {
      const sql = `SELECT DISTINCT type FROM events WHERE seq >= ? AND seq < ?
        AND json_extract(data, '$.sample') IS NOT TRUE`;
      for (const { type } of this.#db.all<{ type: string }>(sql, begin, begin + lookedAtOnce)) types.add(type);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return types;
  }

  async list({ limit, cursor, ...filter }: EventQuery): Promise<EventPage> {
    if (!Number.isInteger(limit) || limit < 1 || limit > 500) {
      throw new AppError("BAD_REQUEST", `cannot list ${limit} events`, {
        hint: "limit is a whole number from 1 to 500",
      });
    }
    const below = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(parseCursor("event", cursor));
    // One more than asked for tells whether there is a next page.
    const found =
      filter.runId === undefined
        ? await this.#newest(filter, below, limit + 1)
        : this.#select(filter, below, 0, "sequence", limit + 1);
    const events = found.slice(0, limit);
    const last = events.at(-1);
    return { events, nextCursor: found.length > limit && last ? formatCursor("event", String(last.seq)) : null };
  }

  /** Looks at a part after the other: where few match, all of them at once would hold up everything else. */
  async #newest(filter: EventFilter, below: number, limit: number): Promise<readonly EventRecord[]> {
    const first = this.#firstSeq();
    const found: EventRecord[] = [];
    let end = Math.min(below, (await this.newestSeq()) + 1);
    while (found.length < limit && end > first) {
      const begin = end - lookedAtOnce;
      found.push(...this.#select(filter, end, begin, "seq", limit - found.length));
      end = begin;
      if (found.length < limit && end > first) await new Promise((resolve) => setImmediate(resolve));
    }
    return found;
  }

  #firstSeq(): number {
    return this.#db.get<{ seq: number | null }>("SELECT min(seq) AS seq FROM events")?.seq ?? 0;
  }

  #select(
    filter: EventFilter,
    below: number,
    from: number,
    order: "seq" | "sequence",
    limit: number,
  ): readonly EventRecord[] {
    const { conditions, binds } = readFilter(filter);
    return this.#db
      .all<EventRow>(
        `${selectEvent} WHERE ${["seq < ?", "seq >= ?", ...conditions].join(" AND ")} ORDER BY ${order} DESC LIMIT ?`,
        below,
        from,
        ...binds,
        limit,
      )
      .map(toEvent);
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

/** `+run_id`: not by the index of runs, where the range is short and the run may be long. */
function readFilter(
  { type, pipeline, runId }: EventFilter,
  run: "run_id" | "+run_id" = "run_id",
): {
  readonly conditions: readonly string[];
  readonly binds: readonly string[];
} {
  const isBeginning = type?.endsWith(".") === true;
  const all: readonly (readonly [string, string | undefined])[] = [
    ["type = ?", isBeginning ? undefined : type],
    // All that begin with `run.` are before `run/`: that is the character behind the dot.
    ["type > ?", isBeginning ? type : undefined],
    ["type < ?", isBeginning ? `${type.slice(0, -1)}/` : undefined],
    ["pipeline = ?", pipeline],
    [`${run} = ?`, runId],
  ];
  const given = all.filter((each): each is readonly [string, string] => each[1] !== undefined);
  return { conditions: given.map(([condition]) => condition), binds: given.map(([, value]) => value) };
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
