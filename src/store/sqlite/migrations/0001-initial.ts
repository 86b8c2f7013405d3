// The first schema: runs and their steps, journal, logs, bundles, inbound requests, values of scripts.

import type { Migration } from "../migrate.ts";

// Run ids are UUIDv7, so the order of ids is the order of time, and tables clustered by them are appended to. Columns
// that can be large come last: reading the ones before them does not touch their overflow pages.
const runs = `
CREATE TABLE bundles (
  hash TEXT PRIMARY KEY NOT NULL,
  code TEXT NOT NULL,
  source_map TEXT NOT NULL
) STRICT;

CREATE TABLE pipeline_versions (
  pipeline TEXT PRIMARY KEY NOT NULL,
  file TEXT NOT NULL,
  bundle_hash TEXT NOT NULL REFERENCES bundles (hash),
  config TEXT NOT NULL,
  loaded_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  id TEXT PRIMARY KEY NOT NULL,
  pipeline TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN
    ('queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled', 'timed_out', 'skipped')),
  trigger TEXT NOT NULL,
  bundle_hash TEXT NOT NULL REFERENCES bundles (hash),
  inbound_id TEXT,
  rerun_of TEXT,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER,
  params TEXT NOT NULL,
  args TEXT NOT NULL,
  error TEXT,
  result TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_by_pipeline ON runs (pipeline, id);
CREATE INDEX runs_by_status ON runs (status, id);
CREATE INDEX runs_by_pipeline_status ON runs (pipeline, status, id);

CREATE TABLE steps (
  run_id TEXT NOT NULL REFERENCES runs (id),
  number INTEGER NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  status TEXT NOT NULL,
  code INTEGER,
  attempts INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER,
  PRIMARY KEY (run_id, number)
) STRICT, WITHOUT ROWID;
`;

// A call and its outcome are two rows, so that an outcome is appended instead of rewriting a call with its arguments.
const journal = `
CREATE TABLE journal_calls (
  run_id TEXT NOT NULL REFERENCES runs (id),
  number INTEGER NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  args_hash TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  args TEXT NOT NULL,
  PRIMARY KEY (run_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE journal_outcomes (
  run_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  ok INTEGER NOT NULL CHECK (ok IN (0, 1)),
  completed_at INTEGER NOT NULL,
  value TEXT,
  PRIMARY KEY (run_id, number),
  FOREIGN KEY (run_id, number) REFERENCES journal_calls (run_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE journal_deliveries (
  run_id TEXT NOT NULL REFERENCES runs (id),
  seq INTEGER NOT NULL,
  call INTEGER NOT NULL,
  stream TEXT,
  byte_offset INTEGER,
  byte_length INTEGER,
  PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE journal_observations (
  run_id TEXT NOT NULL REFERENCES runs (id),
  ordinal INTEGER NOT NULL,
  "values" TEXT NOT NULL,
  PRIMARY KEY (run_id, ordinal)
) STRICT, WITHOUT ROWID;
`;

// Chunks of output are large, so the log is an ordinary table: clustered by its key it would have huge inner pages.
const logs = `
CREATE TABLE log_entries (
  run_id TEXT NOT NULL REFERENCES runs (id),
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  source TEXT NOT NULL,
  level TEXT NOT NULL,
  step_number INTEGER,
  step_name TEXT,
  byte_offset INTEGER,
  text TEXT,
  bytes BLOB,
  CHECK ((text IS NULL) <> (bytes IS NULL))
) STRICT;
CREATE UNIQUE INDEX log_entries_by_run ON log_entries (run_id, seq);
CREATE INDEX log_entries_by_step ON log_entries (run_id, step_number, source, byte_offset)
  WHERE step_number IS NOT NULL;
`;

const inbound = `
CREATE TABLE inbound_requests (
  id TEXT PRIMARY KEY NOT NULL,
  pipeline TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  verdict TEXT NOT NULL CHECK (verdict IN ('accepted', 'refused')),
  reason TEXT,
  run_id TEXT,
  provider TEXT NOT NULL,
  event_type TEXT NOT NULL,
  method TEXT NOT NULL,
  url TEXT NOT NULL,
  headers TEXT NOT NULL,
  query TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX inbound_requests_refused ON inbound_requests (pipeline, received_at, id) WHERE verdict = 'refused';
`;

const values = `
CREATE TABLE stored_values (
  pipeline TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (pipeline, key)
) STRICT, WITHOUT ROWID;
`;

export const initialMigration: Migration = { version: 1, sql: [runs, journal, logs, inbound, values].join("") };
