// The version of a resource that a run was begun for, which is the one that it takes where each is to have its own run.

import type { Migration } from "../migrate.ts";

const sql = `
-- As JSON.
ALTER TABLE runs ADD COLUMN begun_for TEXT;
-- What a job was given is never beyond what runs were begun for.
ALTER TABLE resource_cursors DROP COLUMN taken;

-- Also what passed of versions that were not found, as of pinned ones.
CREATE TRIGGER removed_pipeline_leaves_no_passes AFTER DELETE ON pipeline_versions BEGIN
  DELETE FROM resource_passes WHERE pipeline = OLD.pipeline;
END;
`;

export const begunForMigration: Migration = { version: 14, sql };
