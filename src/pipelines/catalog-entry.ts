// One pipeline while the catalog lives: what is in force, what is kept of it over a restart, and what to look at to see
// whether its file must be loaded again.

import type { Bundle } from "../core/bundle.ts";
import type { Pipeline, PipelineVersion, Problem, SavedVersion } from "./pipeline.ts";
import type { PipelineFiles } from "./pipeline-files.ts";

export interface EntryStore {
  /** The version must be durable when this resolves. */
  readonly saveVersion: (version: SavedVersion, bundle: Bundle) => Promise<void>;
  readonly findBundle: (hash: string) => Promise<Bundle | undefined>;
}

export class CatalogEntry {
  readonly id: string;
  group: PipelineFiles;
  /** Null until it was loaded for the first time. */
  pipeline: Pipeline | null = null;
  /** Paths looked at by the last load, with their stamps then. */
  inputs: ReadonlyMap<string, string> = new Map();
  /** Load again though nothing changed. */
  retry = false;
  /** When the change was noticed that the next load is for. */
  noticedAt: number | null = null;
  missingSince: number | null = null;
  /** The version in force as it was loaded by this process; a restored one was validated by an older one, perhaps. */
  loaded: PipelineVersion | null = null;
  saved: SavedVersion | null;
  readonly #store: EntryStore;

  constructor(group: PipelineFiles, saved: SavedVersion | null, store: EntryStore) {
    this.id = group.id;
    this.group = group;
    this.saved = saved;
    this.#store = store;
  }

  get file(): string {
    return this.group.files[0] ?? this.id;
  }

  /** Puts a version in force, durably. @throws what the store throws; then nothing has changed. */
  async accept(version: PipelineVersion, warnings: readonly Problem[]): Promise<void> {
    const saved = toSavedVersion(this.id, version, this.saved);
    if (saved !== this.saved) await this.#store.saveVersion(saved, version.bundle);
    this.saved = saved;
    this.loaded = { ...version, loadedAt: saved.loadedAt };
    this.pipeline = { id: this.id, file: version.file, state: "ok", version: this.loaded, problems: warnings };
  }

  /** Notes that the file does not load; what was in force stays so, also from before a restart. */
  async reject(problems: readonly Problem[]): Promise<void> {
    const version = this.pipeline?.version ?? (await this.#restore());
    this.pipeline = { id: this.id, file: this.file, state: "broken", version, problems };
  }

  async #restore(): Promise<PipelineVersion | null> {
    const { saved } = this;
    const bundle = saved ? await this.#store.findBundle(saved.bundleHash) : undefined;
    return saved && bundle ? { bundle, config: saved.config, file: saved.file, loadedAt: saved.loadedAt } : null;
  }
}

/** A version as it is kept over a restart: the one that is kept already where nothing differs. */
export function toSavedVersion(id: string, version: PipelineVersion, known: SavedVersion | null): SavedVersion {
  const { bundle, config, file, loadedAt } = version;
  const same = known?.bundleHash === bundle.hash && known.file === file && Bun.deepEquals(known.config, config);
  return same ? known : { pipeline: id, file, bundleHash: bundle.hash, config, loadedAt };
}
