// Bundled sources, kept once per content hash, and the last good version of each pipeline.

import type { PipelineConfig } from "../../core/pipeline-config.ts";
import type { BundleReader } from "../reads.ts";
import type { BundleWrite, GoodVersion, StoredBundle } from "../writes.ts";
import type { ReadConnection } from "./read-connection.ts";
import type { WriteStatements } from "./write-statement.ts";

export const bundleWrites: WriteStatements<BundleWrite["type"]> = {
  "bundle.put": {
    // What a bundle says about itself may be read differently by a newer version of this program.
    sql: `INSERT INTO bundles (hash, code, source_map, config) VALUES (?, ?, ?, ?)
      ON CONFLICT (hash) DO UPDATE SET config = excluded.config WHERE config IS NOT excluded.config`,
    bind: ({ bundle, config }) => [bundle.hash, bundle.code, bundle.sourceMap, JSON.stringify(config)],
  },
  "version.put": {
    sql: `INSERT INTO pipeline_versions (pipeline, file, bundle_hash, config, loaded_at) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (pipeline) DO UPDATE SET file = excluded.file, bundle_hash = excluded.bundle_hash,
        config = excluded.config, loaded_at = excluded.loaded_at`,
    bind: ({ version }) => [
      version.pipeline,
      version.file,
      version.bundleHash,
      JSON.stringify(version.config),
      version.loadedAt,
    ],
  },
  "version.remove": {
    sql: "DELETE FROM pipeline_versions WHERE pipeline = ?",
    bind: ({ pipeline }) => [pipeline],
  },
};

interface VersionRow {
  readonly pipeline: string;
  readonly file: string;
  readonly bundle_hash: string;
  readonly config: string;
  readonly loaded_at: number;
}

export class SqliteBundleReader implements BundleReader {
  readonly #db: ReadConnection;

  constructor(db: ReadConnection) {
    this.#db = db;
  }

  async find(hash: string): Promise<StoredBundle | undefined> {
    const row = this.#db.get<Omit<StoredBundle, "config"> & { readonly config: string | null }>(
      "SELECT hash, code, source_map AS sourceMap, config FROM bundles WHERE hash = ?",
      hash,
    );
    return row && { ...row, config: row.config === null ? null : (JSON.parse(row.config) as PipelineConfig) };
  }

  async versions(): Promise<readonly GoodVersion[]> {
    return this.#db
      .all<VersionRow>("SELECT pipeline, file, bundle_hash, config, loaded_at FROM pipeline_versions ORDER BY pipeline")
      .map((row) => ({
        pipeline: row.pipeline,
        file: row.file,
        bundleHash: row.bundle_hash,
        config: JSON.parse(row.config) as PipelineConfig,
        loadedAt: row.loaded_at,
      }));
  }
}
