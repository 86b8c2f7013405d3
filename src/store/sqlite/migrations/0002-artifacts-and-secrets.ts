// Files kept with runs, and webhook secrets given with an upload.

import type { Migration } from "../migrate.ts";

const sql = `
CREATE TABLE artifacts (
  run_id TEXT NOT NULL REFERENCES runs (id),
  name TEXT NOT NULL,
  -- The host call that saved it last: names its file.
  number INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (run_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE webhook_secrets (
  pipeline TEXT PRIMARY KEY NOT NULL,
  secret TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;

export const artifactsAndSecretsMigration: Migration = { version: 2, sql };
