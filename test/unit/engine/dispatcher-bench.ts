// A dispatcher whose runs are ended by the test, and what becomes of them.

import { Dispatcher, type QueuedRun } from "../../../src/engine/dispatcher.ts";

export type Submitted = Partial<Omit<QueuedRun, "id" | "begin">>;

export class DispatcherBench {
  readonly dispatcher: Dispatcher;
  /** Ids in the order they began. */
  readonly begun: string[] = [];
  readonly executing = new Set<string>();

  constructor(executing: number, queued = Number.POSITIVE_INFINITY) {
    this.dispatcher = new Dispatcher({ executing, queued });
  }

  submit(id: string, run: Submitted = {}): void {
    const begin = (): void => {
      this.begun.push(id);
      this.executing.add(id);
    };
    const fields = { pipeline: "p", key: null, limit: run.key === undefined ? undefined : 1, priority: 0, depth: 0 };
    this.dispatcher.submit({ id, ...fields, ...run, begin });
  }

  /** Several with the same key, of which one may execute at a time. */
  submitAll(ids: string, run: Submitted = {}): void {
    for (const id of ids.split(" ")) this.submit(id, run);
  }

  end(id: string): void {
    if (!this.executing.delete(id)) throw new Error(`${id} does not execute`);
    this.dispatcher.release(id);
  }

  park(id: string): void {
    if (!this.executing.delete(id)) throw new Error(`${id} does not execute`);
    this.dispatcher.park(id);
  }
}
