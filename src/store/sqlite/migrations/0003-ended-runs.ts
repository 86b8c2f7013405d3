// Ended runs by the time of their end, and refused requests by their age, so that old ones are found without a scan;
// removing a run removes all that belongs to it.

import type { Migration } from "../migrate.ts";

const sql = `
CREATE INDEX runs_by_end ON runs (finished_at, id) WHERE finished_at IS NOT NULL;

CREATE INDEX inbound_requests_refused_by_age ON inbound_requests (received_at) WHERE verdict = 'refused';

CREATE TRIGGER removed_run_leaves_nothing BEFORE DELETE ON runs BEGIN
  DELETE FROM artifacts WHERE run_id = OLD.id;
  DELETE FROM steps WHERE run_id = OLD.id;
  DELETE FROM log_entries WHERE run_id = OLD.id;
  DELETE FROM journal_observations WHERE run_id = OLD.id;
  DELETE FROM journal_deliveries WHERE run_id = OLD.id;
  DELETE FROM journal_outcomes WHERE run_id = OLD.id;
  DELETE FROM journal_calls WHERE run_id = OLD.id;
  DELETE FROM inbound_requests WHERE id = OLD.inbound_id;
END;
`;

export const endedRunsMigration: Migration = { version: 3, sql };
