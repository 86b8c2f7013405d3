// One executor of two: steps with a container go to that of containers, the others to that of processes.

import type { Executor, StepSpec } from "./executor.ts";

export function routeExecutor(processes: Executor, containers: Executor): Executor {
  const places = new Map<string, Executor>();
  const place = ({ stepId, container }: StepSpec): Executor => {
    const executor = container === undefined ? processes : containers;
    places.set(stepId, executor);
    return executor;
  };
  return {
    start: async (spec, listener) => await place(spec).start(spec, listener),
    attach: async (spec, earlier, listener) => await place(spec).attach(spec, earlier, listener),
    discard: async (stepId) => {
      const executor = places.get(stepId);
      places.delete(stepId);
      // One of an earlier life that was not taken up may be of either kind.
      const executors = executor === undefined ? [processes, containers] : [executor];
      await Promise.all(executors.map((each) => each.discard(stepId)));
    },
    cleanLeftovers: async (keep) => {
      const [first, second] = await Promise.all([processes.cleanLeftovers(keep), containers.cleanLeftovers(keep)]);
      return { endedSteps: [...first.endedSteps, ...second.endedSteps] };
    },
    closeSandbox: async (runId, sandbox) => await containers.closeSandbox(runId, sandbox),
    endRun: async (runId) => {
      await Promise.all([processes.endRun(runId), containers.endRun(runId)]);
    },
    settle: async () => await containers.settle(),
  };
}
