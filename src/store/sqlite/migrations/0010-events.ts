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
  failing_told_at INTEGER,
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

const columns = "(id, type, created_at, run_id, pipeline, sequence, data)";

interface EventValues {
  /** SQL of each. */
  readonly type: string;
  readonly at: string;
  readonly data: string;
}

/** What a trigger writes of a run, or of a step. A list of values is much cheaper than a query of one row. */
function event(of: Subject, values: EventValues): string {
  return `INSERT INTO events ${columns} VALUES (${list(of, values)});`;
}

/** The same where a condition holds. */
function eventIf(of: Subject, condition: string, values: EventValues): string {
  return `INSERT INTO events ${columns} SELECT ${list(of, values)} WHERE ${condition};`;
}

interface Subject {
  readonly runId: string;
  readonly pipeline: string;
  /** What becomes of the SQL of the data; absent: nothing. */
  readonly shape?: (data: string) => string;
}

function list({ runId, pipeline, shape = (same) => same }: Subject, { type, at, data }: EventValues): string {
  return `'evt_' || printf('%012x', ${at}) || lower(hex(randomblob(8))), ${type}, ${at}, ${runId}, ${pipeline},
    (SELECT coalesce(max(sequence), 0) + 1 FROM events WHERE run_id = ${runId}), ${shape(data)}`;
}

/** The conditions of one table's triggers exclude each other: in which order SQLite fires them is not defined. */
function trigger(name: string, when: string, condition: string, ...events: readonly string[]): string {
  return `CREATE TRIGGER ${name} AFTER ${when} WHEN ${condition} BEGIN\n${events.join("\n")}\nEND;\n`;
}

const failed = "('failed', 'timed_out')";
/** Texts of any length are in errors and messages; an event stays small. */
const cut = (text: string): string => `substr(${text}, 1, 2000)`;
const time = (ms: string): string => `strftime('%Y-%m-%dT%H:%M:%fZ', ${ms} / 1000.0, 'unixepoch')`;

const run: Subject = { runId: "NEW.id", pipeline: "NEW.pipeline" };
const runFields = `'run_id', NEW.id, 'pipeline', NEW.pipeline, 'trigger', NEW.trigger, 'status', NEW.status,
  'rerun_of', NEW.rerun_of`;
const changedAt = "coalesce(NEW.finished_at, NEW.changed_at, NEW.created_at)";
const errorText = (field: string): string => `'$.${field}', ${cut(`json_extract(NEW.error, '$.${field}')`)}`;
/** An error is told as it is on record, with the keys that it has there. */
const runError = `'error', json_set(NEW.error, ${errorText("message")}, ${errorText("hint")})`;
/** What it waits for is among the last that it asked for. */
const waitsFor = `'wakes_at', ${time("NEW.wake_at")}, 'waits_for', json((
  SELECT json_group_array(json_object('step_id', NEW.id || '.' || number, 'name', name, 'kind', kind)) FROM (
    SELECT number, name, kind, status FROM steps WHERE run_id = NEW.id ORDER BY number DESC LIMIT 100)
  WHERE status = 'waiting'))`;

const changesRun = "UPDATE OF status ON runs";
const isChanged = "OLD.status <> NEW.status";
const runEnd = (type: string): string =>
  event(run, {
    type,
    at: changedAt,
    data: `json_object(${runFields}, 'duration_ms', NEW.finished_at - NEW.created_at, ${runError})`,
  });

const runTriggers = [
  trigger(
    "created_run_is_an_event",
    "INSERT ON runs",
    "true",
    event(run, { type: "'run.created'", at: "NEW.created_at", data: `json_object(${runFields})` }),
  ),
  trigger(
    "begun_run_is_an_event",
    changesRun,
    `${isChanged} AND NEW.status = 'running'`,
    event(run, {
      type: "iif(OLD.status = 'waiting', 'run.resumed', 'run.started')",
      at: changedAt,
      data: `json_object(${runFields})`,
    }),
  ),
  trigger(
    "waiting_run_is_an_event",
    changesRun,
    `${isChanged} AND NEW.status = 'waiting'`,
    event(run, { type: "'run.paused'", at: changedAt, data: `json_object(${runFields}, ${waitsFor})` }),
  ),
  trigger(
    "ended_run_is_an_event",
    changesRun,
    `${isChanged} AND (NEW.status IN ('cancelled', 'skipped') OR (NEW.status = 'succeeded' AND NEW.rerun_of IS NULL))`,
    runEnd("iif(NEW.status = 'succeeded', 'run.completed', 'run.' || NEW.status)"),
  ),
  trigger(
    "failed_run_is_an_event",
    changesRun,
    `${isChanged} AND NEW.status IN ${failed}`,
    runEnd("'run.failed'"),
    event(run, { type: "'error.escalated'", at: changedAt, data: `json_object(${runFields}, ${runError})` }),
  ),
  trigger(
    "ended_rerun_is_an_event",
    changesRun,
    `${isChanged} AND NEW.status = 'succeeded' AND NEW.rerun_of IS NOT NULL`,
    runEnd("'run.completed'"),
    eventIf(run, `EXISTS (SELECT 1 FROM runs WHERE id = NEW.rerun_of AND status IN ${failed})`, {
      type: "'error.resolved'",
      at: changedAt,
      data: `json_object(${runFields}, 'failed_run_id', NEW.rerun_of)`,
    }),
  ),
];

const plainStep: Subject = { runId: "NEW.run_id", pipeline: "(SELECT pipeline FROM runs WHERE id = NEW.run_id)" };
const stepFields = `'run_id', NEW.run_id, 'pipeline', ${plainStep.pipeline},
  'step_id', NEW.run_id || '.' || NEW.number, 'name', NEW.name, 'kind', NEW.kind, 'status', NEW.status,
  'attempts', NEW.attempts`;
const message = `'message', ${cut("NEW.message")}`;
/** Decisions and waits are no errors, whatever they end with. */
const isWork = "NEW.kind NOT IN ('approval', 'signal', 'sleep')";
/** A wait that has come to its time was decided by nobody. */
const isTimeout = "OLD.until IS NOT NULL AND NEW.finished_at >= OLD.until";

const changesStep = "UPDATE OF status ON steps";
const isNotOver = "OLD.finished_at IS NULL AND OLD.status <> NEW.status";
const isPlainEnd = `NEW.finished_at IS NOT NULL AND NEW.status = 'succeeded' AND OLD.started_at IS NOT NULL
  AND OLD.failed_at IS NULL AND NEW.kind <> 'approval'`;
const isApproval = "NEW.kind = 'approval' AND NEW.status = 'waiting'";

const stepStart: EventValues = {
  type: "'run.step.started'",
  at: "NEW.started_at",
  data: `json_object(${stepFields})`,
};
const stepEnd: EventValues = {
  type: "iif(NEW.status = 'succeeded', 'run.step.completed', 'run.step.failed')",
  at: "NEW.finished_at",
  data: `json_object(${stepFields}, 'code', NEW.code, ${message}, 'duration_ms', NEW.finished_at - NEW.started_at)`,
};
const failure = (at: string): EventValues => ({
  type: "'error.occurred'",
  at,
  data: `json_object(${stepFields}, 'code', NEW.code, ${message})`,
});

/** `shape`: what becomes of the SQL of their data. */
export const stepTriggers = (shape?: (data: string) => string): readonly string[] => {
  const step: Subject = shape === undefined ? plainStep : { ...plainStep, shape };
  return [
    // A step that comes with its end was taken over from another run.
    trigger(
      "begun_step_is_an_event",
      "INSERT ON steps",
      `NEW.started_at IS NOT NULL AND NEW.finished_at IS NULL AND NOT (${isApproval})`,
      event(step, stepStart),
    ),
    trigger(
      "begun_approval_is_an_event",
      "INSERT ON steps",
      `NEW.started_at IS NOT NULL AND NEW.finished_at IS NULL AND ${isApproval}`,
      event(step, stepStart),
      event(step, {
        type: "'approval.required'",
        at: "NEW.started_at",
        data: `json_object(${stepFields}, ${message}, 'expires_at', ${time("NEW.until")})`,
      }),
    ),
    trigger(
      "started_step_is_an_event",
      changesStep,
      `${isNotOver} AND OLD.started_at IS NULL AND NEW.started_at IS NOT NULL AND NEW.finished_at IS NULL`,
      event(step, stepStart),
    ),
    trigger(
      "failed_attempt_is_an_event",
      changesStep,
      `${isNotOver} AND OLD.started_at IS NOT NULL AND NEW.status = 'waiting' AND NEW.failed_at IS NOT NULL AND ${isWork}`,
      event(step, failure("NEW.failed_at")),
    ),
    trigger("completed_step_is_an_event", changesStep, `${isNotOver} AND ${isPlainEnd}`, event(step, stepEnd)),
    trigger(
      "ended_step_is_an_event",
      changesStep,
      `${isNotOver} AND NEW.finished_at IS NOT NULL AND NOT (${isPlainEnd})`,
      eventIf(step, "OLD.started_at IS NULL AND NEW.started_at IS NOT NULL", stepStart),
      eventIf(step, `${isWork} AND NEW.status IN ${failed}`, failure("NEW.finished_at")),
      event(step, stepEnd),
      eventIf(step, `${isWork} AND NEW.status = 'succeeded' AND OLD.failed_at IS NOT NULL`, {
        type: "'error.recovered'",
        at: "NEW.finished_at",
        data: `json_object(${stepFields})`,
      }),
      eventIf(step, `NEW.kind = 'approval' AND (${isTimeout} OR NEW.status IN ('succeeded', 'failed'))`, {
        type: `CASE WHEN ${isTimeout} THEN 'approval.timeout' WHEN NEW.status = 'succeeded' THEN 'approval.granted'
          ELSE 'approval.denied' END`,
        at: "NEW.finished_at",
        data: `json_object(${stepFields}, ${message})`,
      }),
    ),
  ];
};

export const eventsMigration: Migration = {
  version: 10,
  sql: tables + [...runTriggers, ...stepTriggers()].join("\n"),
};
