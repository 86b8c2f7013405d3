// Steps of an earlier life that are not to be cleaned away: they are taken up, or go when their run ends.

export class KeptSteps {
  readonly #byRun = new Map<string, Set<string>>();

  add(stepIds: Iterable<string>): void {
    for (const stepId of stepIds) {
      const runId = runOf(stepId);
      const steps = this.#byRun.get(runId);
      if (steps) steps.add(stepId);
      else this.#byRun.set(runId, new Set([stepId]));
    }
  }

  has(stepId: string): boolean {
    return this.#byRun.get(runOf(stepId))?.has(stepId) === true;
  }

  /** True where it was kept: from now on it is in the caller's hands. */
  take(stepId: string): boolean {
    return this.#byRun.get(runOf(stepId))?.delete(stepId) === true;
  }

  /** All that is still kept of a run, which is the caller's from now on. */
  takeRun(runId: string): readonly string[] {
    const steps = this.#byRun.get(runId);
    this.#byRun.delete(runId);
    return steps === undefined ? [] : [...steps];
  }
}

function runOf(stepId: string): string {
  return stepId.slice(0, stepId.lastIndexOf("."));
}
