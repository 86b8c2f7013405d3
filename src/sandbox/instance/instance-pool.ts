// Idle instances by memory size, ready for the next run; those that cannot be reset are thrown away.

import { QuickJSInstance } from "./quickjs-instance.ts";

export interface InstancePool {
  /** An idle instance, if there is one. */
  takeIdle(memoryBytes: number): QuickJSInstance | undefined;
  create(memoryBytes: number): Promise<QuickJSInstance>;
  /** Gives an instance back after its run; `clean` is false after any limit or error of the engine. */
  give(instance: QuickJSInstance, clean: boolean): void;
}

/** A burst of runs leaves this many instances, which are let go of when the burst is over. */
const maxIdle = 32;
const trimAfterMs = 5000;

export function createInstancePool(): InstancePool {
  const idle: QuickJSInstance[] = [];
  /** The fewest that were idle since the last trim were not needed. */
  let leastIdle = 0;
  const trim = setInterval(() => {
    idle.splice(1, Math.max(0, Math.min(leastIdle, idle.length) - 1));
    leastIdle = idle.length;
  }, trimAfterMs);
  trim.unref();
  return {
    takeIdle(memoryBytes) {
      const index = idle.findLastIndex((instance) => instance.memoryBytes === memoryBytes);
      const found = index === -1 ? undefined : idle.splice(index, 1)[0];
      leastIdle = Math.min(leastIdle, idle.length);
      return found;
    },
    create: async (memoryBytes) => await QuickJSInstance.create(memoryBytes),
    give(instance, clean) {
      if (clean && idle.length < maxIdle && instance.reset()) idle.push(instance);
    },
  };
}
