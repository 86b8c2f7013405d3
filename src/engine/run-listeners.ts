// Who waits for a run to come into memory or to end.

type Change = "change" | "end";

interface Listener {
  readonly waitsFor: Change;
  readonly callback: () => void;
}

export class RunListeners {
  readonly #listeners = new Map<string, Set<Listener>>();

  /** Calls back once; the returned function takes that back. The end of a run is a change too. */
  add(runId: string, waitsFor: Change, callback: () => void): () => void {
    const listener = { waitsFor, callback };
    const listeners = this.#listeners.get(runId) ?? new Set();
    this.#listeners.set(runId, listeners.add(listener));
    return () => this.#remove(runId, listener);
  }

  call(runId: string, change: Change): void {
    for (const listener of this.#listeners.get(runId) ?? []) {
      if (change !== "end" && listener.waitsFor !== change) continue;
      this.#remove(runId, listener);
      listener.callback();
    }
  }

  callAll(): void {
    for (const runId of this.#listeners.keys()) this.call(runId, "end");
  }

  #remove(runId: string, listener: Listener): void {
    const listeners = this.#listeners.get(runId);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.#listeners.delete(runId);
  }
}
