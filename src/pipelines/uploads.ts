// Files that are put into the pipelines folder, or removed from it, on request: one at a time, found to load before
// anything changes, replaced atomically, and in force before the request is answered.

import { posix } from "node:path";
import { AppError } from "../core/app-error.ts";
import type { Bundle } from "../core/bundle.ts";
import { isPipelineFile, type PipelineExtension, pipelineExtensions } from "../core/pipeline-file.ts";
import { type CatalogEntry, toSavedVersion } from "./catalog-entry.ts";
import { checkUploadId } from "./check-upload-id.ts";
import type { LoadedPipeline } from "./load-pipeline.ts";
import type { PipelineVersion, Problem, SavedVersion } from "./pipeline.ts";
import { WritableFolder } from "./writable-folder.ts";

export interface UploadedFile {
  readonly id: string;
  readonly source: string;
  readonly extension: PipelineExtension;
}

/** What belongs to an upload beside its file. */
export interface UploadSteps {
  /** The file loads and is on the disk, but not yet in its place. The version must be durable when this resolves. */
  readonly before: (version: SavedVersion, bundle: Bundle) => Promise<void>;
  /** The file could not be put in its place after all. */
  readonly undo: (version: SavedVersion | null) => Promise<void>;
  /** The file is in force. */
  readonly after: () => Promise<void>;
}

export interface RemovalSteps {
  /** The file is gone, or `wasThere` is false. */
  readonly after: (wasThere: boolean) => Promise<void>;
}

/** What uploads need of the catalog. */
export interface UploadHost {
  /** The real path of the pipelines folder. */
  readonly root: () => Promise<string>;
  /** Loads a text as if it were the file. */
  readonly check: (id: string, file: string, text: string) => Promise<LoadedPipeline>;
  /** What is wrong with a version that is good enough to be in force. */
  readonly findWarnings: (id: string, version: PipelineVersion) => Promise<readonly Problem[]>;
  readonly find: (id: string) => CatalogEntry | undefined;
  readonly findSaved: (id: string) => SavedVersion | null;
  readonly setSaved: (id: string, saved: SavedVersion | null) => void;
  /** Does `work` while nobody looks at the folder, then has loaded what it changed of this pipeline. */
  readonly change: (id: string, work: () => Promise<void>) => Promise<void>;
  readonly drop: (entry: CatalogEntry) => Promise<void>;
  /** Looks again at the secret of its webhook. */
  readonly recheck: (id: string) => Promise<void>;
}

const shownProblems = 5;

export class Uploads {
  readonly #host: UploadHost;
  #last: Promise<unknown> = Promise.resolve();
  #candidate: { readonly id: string; readonly version: PipelineVersion } | null = null;

  constructor(host: UploadHost) {
    this.#host = host;
  }

  /** The version whose file is being put in place: it needs no second look into the sandbox. */
  findCandidate(id: string): PipelineVersion | null {
    return this.#candidate?.id === id ? this.#candidate.version : null;
  }

  async put(file: UploadedFile, steps: UploadSteps): Promise<{ readonly change: "created" | "updated" | "unchanged" }> {
    checkFile(file);
    return await this.#inTurn(async () => await this.#put(file, steps));
  }

  /** See {@link Catalog.check}. */
  async check(file: UploadedFile): Promise<readonly Problem[]> {
    checkFile(file);
    const { id, source, extension } = file;
    const loaded = await this.#host.check(id, id + extension, source);
    if (loaded.ok) return await this.#host.findWarnings(id, loaded.version);
    if (loaded.retry) throw refuse(id + extension, loaded);
    return loaded.problems;
  }

  async remove(id: string, { after }: RemovalSteps): Promise<void> {
    await this.#inTurn(async () => {
      // The listing may be older than the file.
      await this.#host.change(id, async () => {});
      const entry = this.#host.find(id);
      if (entry) await this.#host.change(id, async () => await this.#removeFiles(entry));
      await after(entry !== undefined);
    });
  }

  /** Resolves when what was begun is done. */
  async idle(): Promise<void> {
    await this.#last;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return await done;
  }

  async #put({ id, source, extension }: UploadedFile, steps: UploadSteps): ReturnType<Uploads["put"]> {
    const file = id + extension;
    const loaded = await this.#host.check(id, file, source);
    if (!loaded.ok) throw refuse(file, loaded);
    const { version } = loaded;
    const name = posix.basename(file);
    const folder = await WritableFolder.open(await this.#host.root(), posix.dirname(file));
    try {
      const present = await folder.findNames(namesOf(id));
      const isSame = present.length === 1 && present[0] === name && (await folder.holds(name, source));
      if (!isSame) await folder.prepare(name, source, present[0]);
      const previous = this.#host.findSaved(id);
      const saved = toSavedVersion(id, version, previous);
      await steps.before(saved, version.bundle);
      this.#host.setSaved(id, saved);
      this.#candidate = { id, version };
      await this.#host.change(id, async () => {
        if (isSame) return;
        await folder.replace(name).catch(async (thrown: unknown) => {
          this.#host.setSaved(id, previous);
          await steps.undo(previous);
          throw thrown;
        });
        // Nobody looks at the folder now, so nobody sees two files of one pipeline.
        for (const other of present) if (other !== name) await folder.remove(other);
        await folder.sync();
      });
      await steps.after();
      await this.#host.recheck(id);
      return { change: present.length === 0 ? "created" : isSame ? "unchanged" : "updated" };
    } catch (thrown) {
      await folder.discard(name);
      await folder.removeMade();
      throw thrown;
    } finally {
      this.#candidate = null;
      await folder.close();
    }
  }

  async #removeFiles(entry: CatalogEntry): Promise<void> {
    const root = await this.#host.root();
    const files = entry.group.files.filter(isPipelineFile);
    if (files.length === 0) {
      throw new AppError("VALIDATION_FAILED", `${entry.file} is not the file of a pipeline; remove it on the server`);
    }
    for (const file of files) {
      const folder = await WritableFolder.open(root, posix.dirname(file));
      try {
        await folder.remove(posix.basename(file));
        await folder.sync();
      } finally {
        await folder.close();
      }
    }
    await this.#host.drop(entry);
  }
}

/** @throws {AppError} VALIDATION_FAILED. */
function checkFile({ id, source }: UploadedFile): void {
  checkUploadId(id);
  if (source.isWellFormed()) return;
  throw new AppError("VALIDATION_FAILED", "the file is not valid Unicode text: half of a surrogate pair is missing");
}

/** Every file name that is this pipeline. */
function namesOf(id: string): string[] {
  return pipelineExtensions.map((extension) => posix.basename(id) + extension);
}

function refuse(file: string, { problems, retry }: LoadedPipeline & { readonly ok: false }): AppError {
  const lines = problems
    .slice(0, shownProblems)
    .map(({ line, message }) => (line === null ? "" : `line ${line}: `) + message);
  const rest = problems.length - lines.length;
  const message = `${file} does not load: ${lines.join("; ")}${rest > 0 ? `; and ${rest} more` : ""}`;
  const hint = findHint(problems);
  const options = { details: { problems }, ...(hint === null ? {} : { hint }) };
  return new AppError(retry ? "SANDBOX_FAILED" : "LOAD_FAILED", message, options);
}

function findHint(problems: readonly Problem[]): string | null {
  if (problems.some(({ message }) => /^cannot (?:find|import) "\.{0,2}\//.test(message))) {
    return "only this one file is uploaded: what it imports must be in the server's pipelines folder already";
  }
  return problems.find(({ hint }) => hint !== null)?.hint ?? null;
}
