// Idle instances by memory size, ready for the next run; those that cannot be reset are thrown away.

import { QuickJSInstance } from "./quickjs-instance.ts";

export interface InstancePool {
  take(memoryBytes: number): Promise<QuickJSInstance>;
  /** Gives an instance back after its run; `clean` is false after any limit, error of the engine or abandoned run. */
  give(instance: QuickJSInstance, clean: boolean): void;
}

export function createInstancePool(maxIdle: number): InstancePool {
  const idle: QuickJSInstance[] = [];
  return {
    async take(memoryBytes) {
      const index = idle.findLastIndex((instance) => instance.memoryBytes === memoryBytes);
      const found = index === -1 ? undefined : idle.splice(index, 1)[0];
      return found ?? (await QuickJSInstance.create(memoryBytes));
    },
    give(instance, clean) {
      if (clean && idle.length < maxIdle && instance.reset()) idle.push(instance);
    },
  };
}
