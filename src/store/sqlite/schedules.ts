// How far each schedule has come.

import { AppError } from "../../core/app-error.ts";
import type { ScheduleReader, StoredSchedule } from "../reads.ts";
import type { ScheduleWrite } from "../writes.ts";
import type { ReadConnection } from "./read-connection.ts";
import type { WriteStatements } from "./write-statement.ts";

export const scheduleWrites: WriteStatements<ScheduleWrite["type"]> = {
  "schedule.put": {
    sql: `INSERT INTO schedules (pipeline, schedule, done_until) VALUES (?, ?, ?)
      ON CONFLICT (pipeline, schedule) DO UPDATE SET done_until = excluded.done_until`,
    bind: ({ pipeline, schedule, doneUntil }) => [pipeline, schedule, doneUntil],
  },
  "schedule.tick": {
    sql: `UPDATE schedules SET done_until = ?1, last_tick = ?1, last_run = coalesce(?2, last_run)
      WHERE pipeline = ?3 AND schedule = ?4 AND done_until < ?1`,
    bind: ({ tick, runId, pipeline, schedule }) => [tick, runId, pipeline, schedule],
    missed: ([tick, , pipeline]) => {
      const time = new Date(Number(tick)).toISOString();
      return new AppError("INTERNAL", `the tick ${time} of a schedule of ${String(pipeline)} has been dealt with`);
    },
  },
  "schedule.remove": {
    sql: "DELETE FROM schedules WHERE pipeline = ? AND schedule = ?",
    bind: ({ pipeline, schedule }) => [pipeline, schedule],
  },
};

export class SqliteScheduleReader implements ScheduleReader {
  readonly #db: ReadConnection;

  constructor(db: ReadConnection) {
    this.#db = db;
  }

  async all(): Promise<readonly StoredSchedule[]> {
    return this.#db.all<StoredSchedule>(
      `SELECT pipeline, schedule, done_until AS doneUntil, last_tick AS lastTick, last_run AS lastRun FROM schedules
        ORDER BY pipeline, schedule`,
    );
  }
}
