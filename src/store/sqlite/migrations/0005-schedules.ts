// How far schedules have come, which pipelines are paused, and the ends that runs begin with.

import type { Migration } from "../migrate.ts";

const sql = `
CREATE TABLE schedules (
  pipeline TEXT NOT NULL,
  schedule TEXT NOT NULL,
  done_until INTEGER NOT NULL,
  last_tick INTEGER,
  last_run TEXT,
  PRIMARY KEY (pipeline, schedule)
) STRICT, WITHOUT ROWID;

CREATE TABLE paused_pipelines (
  pipeline TEXT PRIMARY KEY NOT NULL,
  paused_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE runs ADD COLUMN after_run TEXT;
ALTER TABLE runs ADD COLUMN after_end TEXT;
`;

export const schedulesMigration: Migration = { version: 5, sql };
