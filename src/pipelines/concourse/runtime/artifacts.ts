// The artifacts of a job: folders by name, which gets and tasks make and later steps take.
//
// What a task changes in an input is seen by no other step, as in Concourse. Where several steps take an artifact each
// takes a copy, but for the last one to begin; where only one does, it is given the folder itself.

import type { Folder } from "./script-globals.ts";
import type { Takers } from "./takers.ts";

interface Artifact {
  readonly folder: Folder;
  /** It has other names too, or is of a task that may still be ending: nobody can have it to himself. */
  readonly isShared: boolean;
  /** Of a task that was ended, maybe before it was begun: then there is no such folder. */
  readonly mayBeAbsent: boolean;
  /** Copies that are being made. */
  readonly copying: Set<Promise<unknown>>;
}

type Kept = Partial<Pick<Artifact, "isShared" | "mayBeAbsent">>;
type Copy = (folder: Folder, mayBeAbsent: boolean) => Promise<Folder>;

export class Artifacts {
  readonly #own = new Map<string, Artifact>();
  readonly takers: Takers;
  readonly #parent: Artifacts | null;

  constructor(takers: Takers, parent: Artifacts | null = null) {
    this.takers = takers;
    this.#parent = parent;
  }

  /** Sees all that is here; what is put there is not seen here. */
  fork(): Artifacts {
    return new Artifacts(this.takers, this);
  }

  put(name: string, folder: Folder, { isShared = false, mayBeAbsent = false }: Kept = {}): void {
    this.#own.set(name, { folder, isShared: isShared || mayBeAbsent, mayBeAbsent, copying: new Set() });
  }

  find(name: string): Folder | undefined {
    return this.#find(name)?.folder;
  }

  get names(): readonly string[] {
    return [...new Set([...(this.#parent?.names ?? []), ...this.#own.keys()])];
  }

  /** For a step that may change it. Undefined where there is none. */
  async take(name: string, copy: Copy): Promise<Folder | undefined> {
    const artifact = this.#find(name);
    if (artifact === undefined) return undefined;
    const { folder, isShared, mayBeAbsent, copying } = artifact;
    if (this.takers.countDown(name) > 0 || isShared) {
      const copied = copy(folder, mayBeAbsent);
      copying.add(copied);
      return await copied.finally(() => copying.delete(copied));
    }
    await Promise.allSettled(copying);
    return folder;
  }

  #find(name: string): Artifact | undefined {
    const own = this.#own.get(name);
    return own === undefined && this.#parent !== null ? this.#parent.#find(name) : own;
  }
}
