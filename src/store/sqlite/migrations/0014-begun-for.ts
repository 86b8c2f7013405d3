// The versions of resources that a run was begun for, which are those that it takes.

import type { Migration } from "../migrate.ts";

const sql = `
-- As a JSON array; NULL: none.
ALTER TABLE runs ADD COLUMN begun_for TEXT;
-- What a job was given is never beyond what runs were begun for.
ALTER TABLE resource_cursors DROP COLUMN taken;

-- Also what passed of versions that were not found, as of pinned ones.
CREATE TRIGGER removed_pipeline_leaves_no_passes AFTER DELETE ON pipeline_versions BEGIN
  DELETE FROM resource_passes WHERE pipeline = OLD.pipeline;
END;
`;

export const begunForMigration: Migration = { version: 14, sql };
