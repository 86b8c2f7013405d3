// The versions that a run has chosen: all its jobs see the same one of a resource, whatever is pushed meanwhile.

import type { Version } from "../plan.ts";

export class RunVersions {
  readonly #chosen = new Map<string, Promise<Version>>();
  /** By the same keys. */
  readonly #told = new Map<string, Set<string>>();

  /** What was chosen by this key, or is by `choose`, which is asked again where it failed. */
  async find(key: string, choose: () => Promise<Version>): Promise<Version> {
    const known = this.#chosen.get(key);
    if (known !== undefined) return await known;
    const chosen = choose();
    this.#chosen.set(key, chosen);
    try {
      return await chosen;
    } catch (thrown) {
      this.#chosen.delete(key);
      throw thrown;
    }
  }

  /** Those of the jobs of which it is not told yet that they have this version; it is from now on. */
  tell(key: string, jobs: readonly string[]): readonly string[] {
    const told = this.#told.get(key) ?? new Set();
    this.#told.set(key, told);
    const news = jobs.filter((job) => !told.has(job));
    for (const job of news) told.add(job);
    return news;
  }
}
