// The locks of pipelines: who has them, and who waits for them.

import type { Migration } from "../migrate.ts";

const sql = `
-- In the order they were asked for. Who asked has it once its call has an outcome.
CREATE TABLE locks (
  seq INTEGER PRIMARY KEY NOT NULL,
  pipeline TEXT NOT NULL,
  name TEXT NOT NULL,
  run_id TEXT NOT NULL REFERENCES runs (id),
  -- Of the host call that asked.
  number INTEGER NOT NULL,
  -- How many may have it at one time, by who asks.
  holders INTEGER NOT NULL,
  UNIQUE (run_id, name)
) STRICT;

-- However a run ends: no place in the program can forget its locks.
CREATE TRIGGER ended_run_leaves_its_locks AFTER UPDATE OF finished_at ON runs
  WHEN OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL
BEGIN
  DELETE FROM locks WHERE run_id = NEW.id;
END;
`;

export const locksMigration: Migration = { version: 13, sql };
