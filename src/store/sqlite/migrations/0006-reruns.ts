// What a run needs that goes on with the journal of an ended one.

import type { Migration } from "../migrate.ts";

const sql = `
-- The run id that its script sees, where that is another run's.
ALTER TABLE runs ADD COLUMN script_run_id TEXT;

-- Of a line: how many host calls the run had made before it.
ALTER TABLE log_entries ADD COLUMN after_call INTEGER;
`;

export const rerunsMigration: Migration = { version: 6, sql };
