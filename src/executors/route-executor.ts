// One executor of two: steps with a container go to that of containers, the others to that of processes.

import type { Executor } from "./executor.ts";

export function routeExecutor(processes: Executor, containers: Executor): Executor {
  const inContainers = new Set<string>();
  return {
    start: async (spec, listener) => {
      if (spec.container === undefined) return await processes.start(spec, listener);
      inContainers.add(spec.stepId);
      return await containers.start(spec, listener);
    },
    attach: async (spec, earlier, listener) =>
      await (spec.container === undefined ? processes : containers).attach(spec, earlier, listener),
    discard: async (stepId) => {
      await (inContainers.delete(stepId) ? containers : processes).discard(stepId);
    },
    cleanLeftovers: async (keep) => {
      const [first, second] = await Promise.all([processes.cleanLeftovers(keep), containers.cleanLeftovers(keep)]);
      return { endedSteps: [...first.endedSteps, ...second.endedSteps] };
    },
    closeSandbox: async (runId, sandbox) => await containers.closeSandbox(runId, sandbox),
    endRun: async (runId) => await containers.endRun(runId),
    settle: async () => await containers.settle(),
  };
}
