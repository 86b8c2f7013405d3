// What a run needs to go on after a restart or a long wait: its deadlines, its place among others, its steps' progress.

import type { Migration } from "../migrate.ts";

const sql = `
ALTER TABLE runs ADD COLUMN triggered_by TEXT;
ALTER TABLE runs ADD COLUMN parent_run TEXT;
ALTER TABLE runs ADD COLUMN parent_number INTEGER;
ALTER TABLE runs ADD COLUMN depth INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN concurrency_key TEXT;
ALTER TABLE runs ADD COLUMN scheduled_at INTEGER;
ALTER TABLE runs ADD COLUMN seed TEXT;
ALTER TABLE runs ADD COLUMN wake_at INTEGER;
ALTER TABLE runs ADD COLUMN cancel TEXT;
ALTER TABLE runs ADD COLUMN journal_format INTEGER NOT NULL DEFAULT 0;
CREATE INDEX runs_by_wake ON runs (wake_at, id) WHERE wake_at IS NOT NULL;
CREATE INDEX runs_by_key ON runs (concurrency_key, id) WHERE concurrency_key IS NOT NULL AND finished_at IS NULL;
CREATE INDEX runs_by_parent ON runs (parent_run, id) WHERE parent_run IS NOT NULL;

ALTER TABLE steps ADD COLUMN message TEXT;
ALTER TABLE steps ADD COLUMN until INTEGER;
ALTER TABLE steps ADD COLUMN child_run TEXT;
ALTER TABLE steps ADD COLUMN progress TEXT;

ALTER TABLE journal_calls ADD COLUMN after_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE journal_observations ADD COLUMN after_seq INTEGER NOT NULL DEFAULT 0;

ALTER TABLE bundles ADD COLUMN config TEXT;
`;

export const runsThatGoOnMigration: Migration = { version: 4, sql };
