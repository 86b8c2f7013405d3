// Secrets that are kept sealed, and how far output was read that is stored with its secrets masked.

import type { Migration } from "../migrate.ts";

const sql = `
-- pipeline: '' where every pipeline has the secret.
CREATE TABLE secrets (
  pipeline TEXT NOT NULL,
  name TEXT NOT NULL,
  sealed BLOB NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (pipeline, name)
) STRICT, WITHOUT ROWID;

-- Of output: where it ends in what its attempt has written, where that is not as long as what is stored.
ALTER TABLE log_entries ADD COLUMN taken INTEGER;
`;

export const secretsMigration: Migration = { version: 7, sql };
