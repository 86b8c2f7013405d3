// What has begun a run, so that it is known when it comes again, and what a request tells of its delivery.

import type { Migration } from "../migrate.ts";

const sql = `
-- key: SHA-256 of what tells it from all others of its pipeline; body: half of that of its body; run_id: the newest
-- run that it began.
CREATE TABLE inbound_deliveries (
  pipeline TEXT NOT NULL,
  key BLOB NOT NULL,
  run_id TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  body BLOB,
  PRIMARY KEY (pipeline, key)
) STRICT, WITHOUT ROWID;
-- Also by age, as ids of runs are.
CREATE INDEX inbound_deliveries_by_run ON inbound_deliveries (run_id);
CREATE INDEX inbound_deliveries_by_body ON inbound_deliveries (pipeline, body, run_id) WHERE body IS NOT NULL;

ALTER TABLE inbound_requests ADD COLUMN delivery_id TEXT;
-- Of that id as it was sent: what is shown of it may be masked or cut.
ALTER TABLE inbound_requests ADD COLUMN delivery_key BLOB;
-- The run that the same body began before, under another delivery id.
ALTER TABLE inbound_requests ADD COLUMN same_body_as TEXT;

-- Of a run that did not succeed nothing is left that would keep its delivery from beginning another one.
CREATE TRIGGER removed_run_frees_its_deliveries BEFORE DELETE ON runs WHEN OLD.status <> 'succeeded' BEGIN
  DELETE FROM inbound_deliveries WHERE run_id = OLD.id;
END;
`;

export const inboundDeliveriesMigration: Migration = { version: 8, sql };
