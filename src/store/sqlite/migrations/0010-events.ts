// Events, their endpoints and deliveries. What happens to runs and steps becomes an event by triggers: whatever changes
// a status writes its event in the same transaction, and no place in the program can forget one.

import type { Migration } from "../migrate.ts";

const tables = `
-- sequence: its place among those of its run. target: the one that it is addressed to.
CREATE TABLE events (
  seq INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  run_id TEXT,
  pipeline TEXT,
  sequence INTEGER,
  target TEXT,
  data TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_run ON events (run_id, sequence) WHERE run_id IS NOT NULL;

-- Up to which event deliveries have been made.
CREATE TABLE outbox (one INTEGER PRIMARY KEY NOT NULL CHECK (one = 1), seq INTEGER NOT NULL) STRICT;
INSERT INTO outbox VALUES (1, 0);

CREATE TABLE endpoints (
  id TEXT PRIMARY KEY NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  removed_at INTEGER,
  secret BLOB NOT NULL,
  previous_secret BLOB,
  previous_until INTEGER,
  definition TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Of endpoints and targets, wherever they are defined.
CREATE TABLE destinations (
  id TEXT PRIMARY KEY NOT NULL,
  after_seq INTEGER NOT NULL,
  failing_since INTEGER,
  disabled_at INTEGER,
  disabled_reason TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
  id TEXT PRIMARY KEY NOT NULL,
  destination TEXT NOT NULL,
  event_seq INTEGER NOT NULL REFERENCES events (seq),
  status TEXT NOT NULL CHECK (status IN ('pending', 'delivered', 'failed', 'cancelled')),
  attempts INTEGER NOT NULL,
  earlier_attempts INTEGER NOT NULL,
  next_attempt_at INTEGER,
  created_at INTEGER NOT NULL,
  finished_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_by_destination ON deliveries (destination, id);
CREATE INDEX deliveries_by_status ON deliveries (destination, status, id);
CREATE INDEX pending_deliveries ON deliveries (destination, next_attempt_at, id) WHERE status = 'pending';
CREATE INDEX deliveries_by_event ON deliveries (event_seq);
CREATE INDEX deliveries_by_end ON deliveries (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE delivery_attempts (
  delivery_id TEXT NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  status INTEGER,
  error TEXT,
  request_headers TEXT NOT NULL,
  is_response_cut INTEGER NOT NULL,
  response BLOB NOT NULL,
  PRIMARY KEY (delivery_id, number)
) STRICT, WITHOUT ROWID;

-- When a run began or ceased to wait, and when the last attempt of a step failed: events tell it.
ALTER TABLE runs ADD COLUMN changed_at INTEGER;
ALTER TABLE steps ADD COLUMN failed_at INTEGER;
`;

/** One event of a run, written by a trigger; where the condition does not hold, none. */
function event(run: { id: string; pipeline: string }, type: string, at: string, data: string, condition = "true") {
  return `INSERT INTO events (id, type, created_at, run_id, pipeline, sequence, data)
    SELECT 'evt_' || printf('%012x', ${at}) || lower(hex(randomblob(8))), ${type}, ${at}, ${run.id}, ${run.pipeline},
      (SELECT coalesce(max(sequence), 0) + 1 FROM events WHERE run_id = ${run.id}), ${data}
    WHERE ${condition};`;
}

const run = { id: "NEW.id", pipeline: "NEW.pipeline" };
const runFields = `'run_id', NEW.id, 'pipeline', NEW.pipeline, 'trigger', NEW.trigger, 'status', NEW.status,
  'rerun_of', NEW.rerun_of`;
const failedStatuses = "('failed', 'timed_out')";
const changedAt = "coalesce(NEW.finished_at, NEW.changed_at, NEW.created_at)";
/** An error is told as it is on record, with the keys that it has there. */
const runError = "'error', json(NEW.error)";

const runTriggers = `
CREATE TRIGGER created_run_is_an_event AFTER INSERT ON runs BEGIN
  ${event(run, "'run.created'", "NEW.created_at", `json_object(${runFields})`)}
END;

CREATE TRIGGER changed_run_is_an_event AFTER UPDATE OF status ON runs WHEN OLD.status <> NEW.status BEGIN
  ${event(
    run,
    `CASE NEW.status WHEN 'running' THEN iif(OLD.status = 'waiting', 'run.resumed', 'run.started')
      WHEN 'waiting' THEN 'run.paused' WHEN 'succeeded' THEN 'run.completed' WHEN 'cancelled' THEN 'run.cancelled'
      WHEN 'skipped' THEN 'run.skipped' ELSE 'run.failed' END`,
    changedAt,
    `CASE WHEN NEW.finished_at IS NULL THEN json_object(${runFields})
      ELSE json_object(${runFields}, 'duration_ms', NEW.finished_at - NEW.created_at, ${runError}) END`,
  )}
  ${event(
    run,
    "'error.escalated'",
    changedAt,
    `json_object(${runFields}, ${runError})`,
    `NEW.status IN ${failedStatuses}`,
  )}
  ${event(
    run,
    "'error.resolved'",
    changedAt,
    `json_object(${runFields}, 'failed_run_id', NEW.rerun_of)`,
    `NEW.status = 'succeeded' AND EXISTS (
      SELECT 1 FROM runs WHERE id = NEW.rerun_of AND status IN ${failedStatuses})`,
  )}
END;
`;

const runOfStep = { id: "NEW.run_id", pipeline: "(SELECT pipeline FROM runs WHERE id = NEW.run_id)" };
const stepFields = `'run_id', NEW.run_id, 'pipeline', ${runOfStep.pipeline},
  'step_id', NEW.run_id || '.' || NEW.number, 'name', NEW.name, 'kind', NEW.kind, 'status', NEW.status,
  'attempts', NEW.attempts`;
const stepEnd = `'code', NEW.code, 'message', NEW.message, 'duration_ms', NEW.finished_at - NEW.started_at`;
const errorFields = `${stepFields}, 'code', NEW.code, 'message', NEW.message`;
/** Decisions and waits are no errors, whatever they end with. */
const isWork = "NEW.kind NOT IN ('approval', 'signal', 'sleep')";
const approval = `json_object(${stepFields}, 'message', NEW.message)`;
/** A wait that has come to its time was decided by nobody. */
const isTimeout = "OLD.until IS NOT NULL AND NEW.finished_at >= OLD.until";

const stepTriggers = `
-- A step that comes with its end was taken over from another run.
CREATE TRIGGER begun_step_is_an_event AFTER INSERT ON steps
WHEN NEW.started_at IS NOT NULL AND NEW.finished_at IS NULL BEGIN
  ${event(runOfStep, "'run.step.started'", "NEW.started_at", `json_object(${stepFields})`)}
  ${event(
    runOfStep,
    "'approval.required'",
    "NEW.started_at",
    `json_object(${stepFields}, 'message', NEW.message, 'expires_at', NEW.until)`,
    "NEW.kind = 'approval' AND NEW.status = 'waiting'",
  )}
END;

CREATE TRIGGER changed_step_is_an_event AFTER UPDATE OF status ON steps
WHEN OLD.finished_at IS NULL AND (OLD.status <> NEW.status) BEGIN
  ${event(
    runOfStep,
    "'run.step.started'",
    "NEW.started_at",
    `json_object(${stepFields})`,
    "OLD.started_at IS NULL AND NEW.started_at IS NOT NULL",
  )}
  ${event(
    runOfStep,
    "'error.occurred'",
    "coalesce(NEW.finished_at, NEW.failed_at)",
    `json_object(${errorFields})`,
    `${isWork} AND (NEW.status IN ${failedStatuses} OR (NEW.status = 'waiting' AND NEW.failed_at IS NOT NULL))`,
  )}
  ${event(
    runOfStep,
    "CASE NEW.status WHEN 'succeeded' THEN 'run.step.completed' ELSE 'run.step.failed' END",
    "NEW.finished_at",
    `json_object(${stepFields}, ${stepEnd})`,
    "NEW.finished_at IS NOT NULL",
  )}
  ${event(
    runOfStep,
    "'error.recovered'",
    "NEW.finished_at",
    `json_object(${stepFields})`,
    `${isWork} AND NEW.status = 'succeeded' AND OLD.failed_at IS NOT NULL`,
  )}
  ${event(
    runOfStep,
    `CASE WHEN ${isTimeout} THEN 'approval.timeout' WHEN NEW.status = 'succeeded' THEN 'approval.granted'
      ELSE 'approval.denied' END`,
    "NEW.finished_at",
    approval,
    `NEW.kind = 'approval' AND NEW.finished_at IS NOT NULL AND (${isTimeout} OR NEW.status IN ('succeeded', 'failed'))`,
  )}
END;
`;

export const eventsMigration: Migration = { version: 10, sql: tables + runTriggers + stepTriggers };
