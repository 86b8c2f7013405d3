// Versions of resources, which jobs they have passed, and how far each job has come with them.

import type { Migration } from "../migrate.ts";

const sql = `
CREATE TABLE resource_versions (
  pipeline TEXT NOT NULL,
  resource TEXT NOT NULL,
  scope TEXT NOT NULL,
  -- Names of its parts in order: the same version is the same text.
  version TEXT NOT NULL,
  -- Its place among those of its resource.
  seq INTEGER NOT NULL,
  found_at INTEGER NOT NULL,
  PRIMARY KEY (pipeline, resource, scope, version)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX resource_versions_in_order ON resource_versions (pipeline, resource, scope, seq);

CREATE TABLE resource_passes (
  pipeline TEXT NOT NULL,
  resource TEXT NOT NULL,
  scope TEXT NOT NULL,
  version TEXT NOT NULL,
  job TEXT NOT NULL,
  run_id TEXT NOT NULL,
  PRIMARY KEY (pipeline, resource, scope, version, job)
) STRICT, WITHOUT ROWID;

-- Up to which version a job was given them, and up to which runs were begun for it.
CREATE TABLE resource_cursors (
  pipeline TEXT NOT NULL,
  resource TEXT NOT NULL,
  scope TEXT NOT NULL,
  job TEXT NOT NULL,
  taken INTEGER NOT NULL,
  begun INTEGER NOT NULL,
  PRIMARY KEY (pipeline, resource, scope, job)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER removed_version_leaves_no_passes AFTER DELETE ON resource_versions BEGIN
  DELETE FROM resource_passes WHERE pipeline = OLD.pipeline AND resource = OLD.resource AND scope = OLD.scope
    AND version = OLD.version;
END;

CREATE TRIGGER removed_pipeline_leaves_no_versions AFTER DELETE ON pipeline_versions BEGIN
  DELETE FROM resource_versions WHERE pipeline = OLD.pipeline;
  DELETE FROM resource_cursors WHERE pipeline = OLD.pipeline;
END;
`;

export const resourcesMigration: Migration = { version: 12, sql };
