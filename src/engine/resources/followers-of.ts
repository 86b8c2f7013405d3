// The jobs that a new version goes through by itself: those that it begins, and those that follow by `trigger: true`.

import type { JobConfig } from "../../core/pipeline-config.ts";

/** In the order of the pipeline's jobs. */
export function followersOf(jobs: readonly JobConfig[], first: readonly string[]): readonly string[] {
  const chosen = new Set(first);
  // A job that joins may be followed by one that stands before it.
  for (let before = 0; before < chosen.size;) {
    before = chosen.size;
    for (const { name, follows } of jobs)
      if (follows.some((together) => together.every((each) => chosen.has(each)))) chosen.add(name);
  }
  return jobs.flatMap(({ name }) => (chosen.has(name) ? [name] : []));
}
