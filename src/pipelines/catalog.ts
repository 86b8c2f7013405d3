// The pipelines in force: the folder is loaded, watched, and every good version kept until a better one comes.

import { realpath, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { AppError, toAppError } from "../core/app-error.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import type { BundleLimits } from "./bundle.ts";
import { CatalogEntry, type EntryStore } from "./catalog-entry.ts";
import { fileErrorCode, readStamp } from "./file-stamp.ts";
import { FolderWatch } from "./folder-watch.ts";
import { findWarnings, type WarningSources } from "./find-warnings.ts";
import { type LoadedPipeline, loadPipeline, type ReadExports } from "./load-pipeline.ts";
import { LoadQueue } from "./load-queue.ts";
import { describeFileError } from "./module-reader.ts";
import { listPipelineFiles, type PipelineFiles } from "./pipeline-files.ts";
import type { ConfigChecks } from "./parse-pipeline-config.ts";
import { createError, type Pipeline, type PipelineVersion, type Problem, type SavedVersion } from "./pipeline.ts";
import { ScanTimer } from "./scan-timer.ts";
import { unusableFolder } from "./unusable-folder.ts";
import { type RemovalSteps, type UploadedFile, type UploadSteps, Uploads } from "./uploads.ts";

/** What became of a file that was saved, renamed or removed. */
export interface CatalogChange {
  readonly id: string;
  readonly file: string;
  readonly state: "ok" | "broken" | "removed";
  readonly problems: readonly Problem[];
  /** From noticing the change until it is in force. */
  readonly tookMs: number;
}

export interface CatalogOptions extends EntryStore, WarningSources {
  /** The pipelines folder. */
  readonly root: string;
  readonly readExports: ReadExports;
  readonly checks?: ConfigChecks;
  /** The versions that were in force when the last process ended. */
  readonly lastGood: readonly SavedVersion[];
  readonly removeVersion: (pipeline: string) => Promise<void>;
  /** Not called for the first load. */
  readonly onChange: (change: CatalogChange) => void;
  /** What is nobody's fault in the folder: a store or a watch that fails. */
  readonly onError: (error: AppError) => void;
  readonly clock?: Clock;
  readonly limits?: Partial<BundleLimits>;
  /** False: load once and do not watch. */
  readonly watch?: boolean;
  /** Time between looks at the folder that find what the system's events missed. */
  readonly rescanMs?: number;
}

export interface Catalog {
  get(id: string): Pipeline | undefined;
  /** In order of their ids. */
  list(): readonly Pipeline[];
  /**
   * Puts an uploaded file into the folder once it has been found to load; in force when this resolves. One at a time.
   * @throws {AppError} VALIDATION_FAILED, LOAD_FAILED, STORE_UNAVAILABLE and what the steps throw: nothing has changed.
   */
  upload(file: UploadedFile, steps: UploadSteps): Promise<{ readonly change: "created" | "updated" | "unchanged" }>;
  /** What is wrong with a file as it would be uploaded; nothing changes. @throws {AppError} VALIDATION_FAILED, SANDBOX_FAILED. */
  check(file: UploadedFile): Promise<readonly Problem[]>;
  /** Removes what there is of a pipeline. @throws {AppError} STORE_UNAVAILABLE and what the steps throw. */
  remove(id: string, steps: RemovalSteps): Promise<void>;
  /** Calls back with the id of each pipeline that changes after the first load; the returned function ends that. */
  watchChanges(listener: (id: string) => void): () => void;
  close(): Promise<void>;
}

const concurrentLoads = 4;
/** An editor may remove a file and then write it anew. */
const removalGraceMs = 100;

/**
 * Loads every pipeline, then watches the folder; what cannot be loaded is listed as broken.
 * @throws {AppError} CONFIG_INVALID when the folder does not exist or cannot be listed.
 */
export async function openCatalog(options: CatalogOptions): Promise<Catalog> {
  const catalog = new FolderCatalog(options);
  await catalog.open();
  return catalog;
}

class FolderCatalog implements Catalog {
  readonly #options: CatalogOptions;
  readonly #clock: Clock;
  readonly #entries = new Map<string, CatalogEntry>();
  readonly #saved: Map<string, SavedVersion>;
  readonly #queue: LoadQueue;
  readonly #watch: FolderWatch | null;
  readonly #uploads: Uploads;
  readonly #listeners = new Set<(id: string) => void>();
  /** Paths below the root that the system told something of. */
  #touched = new Set<string>();
  #root = "";
  #timer: ScanTimer | null = null;
  #lastFailure = "";
  #opened = false;
  #closed = false;

  constructor(options: CatalogOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#saved = new Map(options.lastGood.map((version) => [version.pipeline, version]));
    this.#queue = new LoadQueue(concurrentLoads, (id) => this.#load(id));
    const onError = (path: string, thrown: unknown): void =>
      this.#report(
        `cannot watch ${path}: ${describeFileError(thrown)}; changes there are seen after some seconds`,
        thrown,
      );
    this.#watch = options.watch === false ? null : new FolderWatch({ onEvent: (path) => this.#notice(path), onError });
    this.#uploads = new Uploads({
      root: async () => await realpath(options.root),
      check: async (id, file, text) => await this.#loadFile(file, this.#entries.get(id)?.loaded ?? null, text),
      findWarnings: async (id, version) => await findWarnings(id, version, options),
      find: (id) => this.#entries.get(id),
      findSaved: (id) => (this.#entries.get(id) ?? { saved: this.#saved.get(id) ?? null }).saved,
      setSaved: (id, saved) => this.#setSaved(id, saved),
      change: async (id, work) => await this.#change(id, work),
      drop: async (entry) => await this.#drop(entry, this.#clock.now()),
      recheck: async (id) => await this.#recheck(id),
    });
  }

  async open(): Promise<void> {
    const startedAt = this.#clock.now();
    try {
      const { root } = this.#options;
      if (!(await stat(root)).isDirectory()) throw new AppError("CONFIG_INVALID", `${root} is not a folder`);
      await this.#look(startedAt);
    } catch (thrown) {
      this.#watch?.close();
      throw unusableFolder(this.#options.root, thrown);
    }
    await this.#queue.idle();
    for (const id of this.#saved.keys()) if (!this.#entries.has(id)) await this.#forget(id);
    this.#opened = true;
    if (!this.#watch) return;
    const rescanMs = this.#options.rescanMs ?? 5000;
    const scan = (noticedAt: number, periodic: boolean): Promise<void> => this.#scan(noticedAt, periodic);
    this.#timer = new ScanTimer({ clock: this.#clock, quietMs: 30, patienceMs: 120, rescanMs, scan });
    // Something may have happened while the first load went on.
    this.#timer.poke();
  }

  get(id: string): Pipeline | undefined {
    return this.#entries.get(id)?.pipeline ?? undefined;
  }

  list(): readonly Pipeline[] {
    const pipelines = [...this.#entries.values()].flatMap(({ pipeline }) => (pipeline ? [pipeline] : []));
    return pipelines.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  upload: Catalog["upload"] = async (file, steps) => await this.#uploads.put(file, steps);

  check: Catalog["check"] = async (file) => await this.#uploads.check(file);

  remove: Catalog["remove"] = async (id, steps) => await this.#uploads.remove(id, steps);

  watchChanges(listener: (id: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    await this.#uploads.idle();
    this.#closed = true;
    this.#watch?.close();
    await this.#timer?.close();
    this.#queue.clear();
    await this.#queue.idle();
  }

  #notice(path: string | null): void {
    if (path !== null) this.#touched.add(relative(this.#root, path));
    this.#timer?.poke();
  }

  async #scan(noticedAt: number, periodic: boolean): Promise<void> {
    try {
      await this.#look(noticedAt);
      if (periodic) for (const entry of this.#entries.values()) await this.#recheckSecret(entry, noticedAt);
      this.#lastFailure = "";
    } catch (thrown) {
      const message = `cannot look at the pipelines folder ${this.#options.root}: ${describeFileError(thrown)}`;
      if (message !== this.#lastFailure) this.#report(message, thrown);
      this.#lastFailure = message;
    }
  }

  /** Compares the folder with what is known and has loaded again what differs. */
  async #look(noticedAt: number): Promise<void> {
    const touched = this.#touched;
    this.#touched = new Set();
    const folders = new Set<string>();
    const groups = await this.#list(folders);
    for (const entry of this.#entries.values()) if (!groups.has(entry.id)) await this.#miss(entry, noticedAt);
    const watched = this.#watchInputs(folders);
    const stamps = new Map<string, Promise<string>>();
    for (const group of groups.values()) {
      const entry = this.#entries.get(group.id) ?? this.#create(group);
      entry.missingSince = null;
      const changed = !entry.pipeline || entry.retry || !Bun.deepEquals(entry.group, group);
      entry.group = group;
      if (!changed && !(await this.#isStale(entry, touched, stamps))) continue;
      entry.noticedAt ??= noticedAt;
      this.#queue.add(group.id);
    }
    this.#watch?.keepOnly(watched);
  }

  async #list(folders: Set<string>): Promise<ReadonlyMap<string, PipelineFiles>> {
    try {
      // Each time anew: the folder may be a symlink that is turned to another version.
      this.#root = await realpath(this.#options.root);
      return await listPipelineFiles(this.#root, (folder) => {
        folders.add(folder);
        this.#watch?.add(folder);
      });
    } catch (thrown) {
      const gone = ["ENOENT", "ENOTDIR"].includes(fileErrorCode(thrown));
      if (!this.#opened || !gone) throw thrown;
      // The folder was removed while the server runs: so were the pipelines. It is looked for again and again.
      return new Map();
    }
  }

  #create(group: PipelineFiles): CatalogEntry {
    const entry = new CatalogEntry(group, this.#saved.get(group.id) ?? null, this.#options);
    this.#entries.set(group.id, entry);
    return entry;
  }

  /** Folders of imported files lie in `lib`, `_…` and node_modules, where no pipelines are looked for. */
  #watchInputs(folders: Set<string>): Set<string> {
    for (const { inputs } of this.#entries.values()) {
      for (const input of inputs.keys()) folders.add(dirname(join(this.#root, input)));
    }
    for (const folder of folders) this.#watch?.add(folder);
    return folders;
  }

  async #isStale(
    entry: CatalogEntry,
    touched: ReadonlySet<string>,
    stamps: Map<string, Promise<string>>,
  ): Promise<boolean> {
    for (const [input, stamp] of entry.inputs) {
      // A stamp alone misses a second write of the same size within the same tick of the file system's clock.
      if (touched.has(input)) return true;
      const current = stamps.get(input) ?? readStamp(join(this.#root, input));
      stamps.set(input, current);
      if ((await current) !== stamp) return true;
    }
    return false;
  }

  async #load(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (!entry || this.#closed) return;
    const noticedAt = entry.noticedAt ?? this.#clock.now();
    entry.noticedAt = null;
    const before = entry.pipeline;
    try {
      await this.#loadEntry(entry);
    } catch (thrown) {
      entry.retry = true;
      const { message } = toAppError(thrown);
      entry.pipeline = {
        id,
        file: entry.file,
        state: "broken",
        version: before?.version ?? null,
        problems: [
          createError(entry.file, `the version could not be stored or read back: ${message}`, "it is tried again soon"),
        ],
      };
    }
    if (this.#entries.get(id) === entry) this.#announce(entry, before, noticedAt);
  }

  async #loadEntry(entry: CatalogEntry): Promise<void> {
    const { group, file } = entry;
    if (group.problems.length > 0) {
      entry.inputs = new Map();
      entry.retry = false;
      await entry.reject(group.problems);
      return;
    }
    const loaded = await this.#loadFile(file, this.#uploads.findCandidate(entry.id) ?? entry.loaded);
    const warnings = loaded.ok ? await findWarnings(entry.id, loaded.version, this.#options) : [];
    // Removed in the meantime: nothing of it may be stored any more.
    if (this.#entries.get(entry.id) !== entry) return;
    entry.inputs = loaded.inputs;
    entry.retry = !loaded.ok && loaded.retry;
    let unwatched = false;
    for (const input of loaded.inputs.keys()) {
      if (this.#watch?.add(dirname(join(this.#root, input)))) unwatched = true;
    }
    // What was written there before it was watched made no event.
    if (unwatched) this.#timer?.poke();
    if (loaded.ok) await entry.accept(loaded.version, warnings);
    else await entry.reject(loaded.problems);
  }

  async #loadFile(file: string, known: PipelineVersion | null, text?: string): Promise<LoadedPipeline> {
    const { readExports, checks, limits = {} } = this.#options;
    const sources = { root: this.#root, file, ...(text === undefined ? {} : { text }) };
    return await loadPipeline({ ...sources, clock: this.#clock, limits, readExports, checks, known });
  }

  /** Does `work` while nobody looks at the folder; what it changed of this pipeline is in force when this resolves. */
  async #change(id: string, work: () => Promise<void>): Promise<void> {
    try {
      await (this.#timer ? this.#timer.lookAfter(work) : work());
    } finally {
      if (!this.#timer) await this.#scan(this.#clock.now(), false);
    }
    await this.#queue.settled(id);
  }

  #setSaved(id: string, saved: SavedVersion | null): void {
    const entry = this.#entries.get(id);
    if (entry) entry.saved = saved;
    if (saved) this.#saved.set(id, saved);
    else this.#saved.delete(id);
  }

  async #recheck(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry) await this.#recheckSecret(entry, this.#clock.now());
  }

  /** A secret may appear, or go, without any file of the folder changing. */
  async #recheckSecret(entry: CatalogEntry, noticedAt: number): Promise<void> {
    const { pipeline: before } = entry;
    if (before?.state !== "ok" || !before.version) return;
    const problems = await findWarnings(entry.id, before.version, this.#options);
    if (entry.pipeline !== before) return;
    entry.pipeline = { ...before, problems };
    this.#announce(entry, before, noticedAt);
  }

  /** A file that is not there: removed once it has stayed away for a moment. */
  async #miss(entry: CatalogEntry, noticedAt: number): Promise<void> {
    const now = this.#clock.now();
    entry.missingSince ??= now;
    if (now - entry.missingSince < removalGraceMs) {
      this.#timer?.pokeIn(removalGraceMs);
      return;
    }
    await this.#drop(entry, noticedAt);
  }

  async #drop(entry: CatalogEntry, noticedAt: number): Promise<void> {
    const { id, file } = entry;
    this.#entries.delete(id);
    await this.#forget(id);
    this.#tell({ id, file, state: "removed", problems: [], tookMs: this.#clock.now() - noticedAt });
  }

  async #forget(id: string): Promise<void> {
    this.#saved.delete(id);
    try {
      await this.#options.removeVersion(id);
    } catch (thrown) {
      this.#report(`cannot remove the stored version of ${id}: ${toAppError(thrown).message}`, thrown);
    }
  }

  #announce(entry: CatalogEntry, before: Pipeline | null, noticedAt: number): void {
    const { pipeline } = entry;
    if (!this.#opened || !pipeline || Bun.deepEquals(pipeline, before)) return;
    const { id, file, state, problems } = pipeline;
    this.#tell({ id, file, state, problems, tookMs: this.#clock.now() - noticedAt });
  }

  #tell(change: CatalogChange): void {
    try {
      this.#options.onChange(change);
      for (const listener of this.#listeners) listener(change.id);
    } catch (thrown) {
      this.#report(`a listener of changes failed: ${toAppError(thrown).message}`, thrown);
    }
  }

  #report(message: string, cause: unknown): void {
    this.#options.onError(new AppError("INTERNAL", message, { cause }));
  }
}
