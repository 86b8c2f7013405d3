// Scripts executed in one engine of this process, for tests of its reset.

import { type EngineError, QuickJSInstance } from "../../../src/sandbox/instance/quickjs-instance.ts";

const defaultMemoryBytes = 64 * 1024 * 1024;

export interface InstanceRun {
  /** The value or error that the script settled with; undefined while it waits. */
  readonly settled:
    { readonly ok: boolean; readonly value?: unknown; readonly error?: { readonly message: string } } | undefined;
  /** An error at the engine's level. */
  readonly failed: EngineError | null;
  /** Host operations other than the settling, in order. */
  readonly operations: readonly string[];
}

/** Executes a module, and its jobs, in an instance that is then ready to be reset. */
export function runIn(instance: QuickJSInstance, code: string, interruptAfter = Number.POSITIVE_INFINITY): InstanceRun {
  let settled: InstanceRun["settled"];
  const operations: string[] = [];
  let [calls, looks] = [0, 0];
  instance.bind({
    host: (operation, payload) => {
      if (operation === "settle") settled = JSON.parse(payload) as InstanceRun["settled"];
      else operations.push(operation);
      if (operation === "call") return ++calls;
      return operation === "clock" ? 1_700_000_000_000 : undefined;
    },
    interrupt: () => ++looks > interruptAfter,
  });
  const init = { type: "init", context: { runID: "r", pipelineID: "p" }, request: null, seed: "r" };
  const failed =
    instance.receive(JSON.stringify(init)) ?? instance.evaluate(code, "test", "run") ?? instance.drainJobs();
  return { settled, failed, operations };
}

export async function createInstance(memoryBytes = defaultMemoryBytes): Promise<QuickJSInstance> {
  return await QuickJSInstance.create(memoryBytes);
}

/** A module whose `pipeline` has this body. */
export function script(body: string): string {
  return `export const pipeline = async () => { ${body} };`;
}
