// The jobs of runs, told by the events of their steps too, and which of its pipeline's jobs a run is for.

import type { Migration } from "../migrate.ts";
import { stepTriggers } from "./0010-events.ts";

const sql = `
CREATE TABLE jobs (
  run_id TEXT NOT NULL REFERENCES runs (id),
  name TEXT NOT NULL,
  -- Its place among those of its run.
  place INTEGER NOT NULL,
  needs TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN
    ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'timed_out', 'skipped')),
  started_at INTEGER,
  finished_at INTEGER,
  message TEXT,
  PRIMARY KEY (run_id, name)
) STRICT, WITHOUT ROWID;

ALTER TABLE steps ADD COLUMN job TEXT;
-- Names of jobs as JSON; null: all of them.
ALTER TABLE runs ADD COLUMN target_jobs TEXT;

CREATE TRIGGER removed_run_leaves_no_jobs BEFORE DELETE ON runs BEGIN
  DELETE FROM jobs WHERE run_id = OLD.id;
END;

-- However a run ends: no place in the program can forget its jobs.
CREATE TRIGGER ended_run_ends_its_jobs AFTER UPDATE OF finished_at ON runs
  WHEN OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL
BEGIN
  UPDATE jobs SET
    finished_at = NEW.finished_at,
    status = CASE
      WHEN NEW.status IN ('cancelled', 'timed_out') THEN NEW.status
      WHEN status = 'queued' THEN 'skipped'
      WHEN NEW.status = 'failed' THEN 'failed'
      ELSE 'cancelled' END,
    message = CASE status
      WHEN 'queued' THEN 'the run ended before this job began'
      ELSE 'the run ended before this job did' END
    WHERE run_id = NEW.id AND finished_at IS NULL;
END;
`;

/** Events of steps tell the job that they are of, where there is one. */
const triggers = stepTriggers(
  (data) => `CASE WHEN NEW.job IS NULL THEN ${data} ELSE json_set(${data}, '$.job', NEW.job) END`,
).map((trigger) => {
  const [, name = ""] = /^CREATE TRIGGER (\w+)/.exec(trigger) ?? [];
  return `DROP TRIGGER ${name};\n${trigger}`;
});

export const jobsMigration: Migration = { version: 11, sql: sql + triggers.join("\n") };
