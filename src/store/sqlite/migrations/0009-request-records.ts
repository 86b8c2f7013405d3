// What is on record of a request beside itself: who sent it, how it was answered, and which request it repeats.

import type { Migration } from "../migrate.ts";

const sql = `
-- IP address of the sender.
ALTER TABLE inbound_requests ADD COLUMN address TEXT;
-- Its sender was verified, or had not to be; as of all that were accepted before this column, which so need no change:
-- it would write each of them anew, with its body.
ALTER TABLE inbound_requests ADD COLUMN verified INTEGER NOT NULL DEFAULT 1;
-- Of the body as it was received; what is kept may be less. Null before this column: as long as what is kept.
ALTER TABLE inbound_requests ADD COLUMN body_bytes INTEGER;
-- Only the beginning of the body is kept.
ALTER TABLE inbound_requests ADD COLUMN is_cut INTEGER NOT NULL DEFAULT 0;
-- What a refused one takes: url, headers, query and what is kept of the body.
ALTER TABLE inbound_requests ADD COLUMN kept_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE inbound_requests ADD COLUMN redelivery_of TEXT;
-- Made for a rerun, not received.
ALTER TABLE inbound_requests ADD COLUMN is_copy INTEGER NOT NULL DEFAULT 0;

UPDATE inbound_requests SET verified = coalesce(reason, '') IN ('condition_false', 'condition_invalid'),
  kept_bytes = length(url) + length(headers) + length(query) + length(body)
  WHERE verdict = 'refused';
UPDATE inbound_requests SET is_copy = 1 WHERE id IN (SELECT inbound_id FROM runs WHERE trigger = 'rerun');

DROP INDEX inbound_requests_refused;
DROP INDEX inbound_requests_refused_by_age;
CREATE INDEX inbound_requests_by_pipeline ON inbound_requests (pipeline, id);
-- All that is asked to find out which refused ones are too many.
CREATE INDEX inbound_requests_refused ON inbound_requests (id, pipeline, received_at, kept_bytes)
  WHERE verdict = 'refused';
CREATE INDEX inbound_requests_refused_by_run ON inbound_requests (run_id)
  WHERE verdict = 'refused' AND run_id IS NOT NULL;

-- Of its own, so that an answer, which comes later, does not rewrite the body. code: of the server's own error.
CREATE TABLE inbound_answers (
  request_id TEXT PRIMARY KEY NOT NULL,
  status INTEGER NOT NULL,
  code TEXT,
  duration_ms REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER removed_request_leaves_no_answer AFTER DELETE ON inbound_requests BEGIN
  DELETE FROM inbound_answers WHERE request_id = OLD.id;
END;
`;

export const requestRecordsMigration: Migration = { version: 9, sql };
