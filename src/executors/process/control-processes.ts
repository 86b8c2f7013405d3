// What a process step stands for: its own processes, wherever they went.

import { endProcesses, killProcesses, type EndingTools } from "./end-processes.ts";
import type { StepControl } from "./process-step.ts";

export function controlProcesses(tools: EndingTools): StepControl {
  return {
    end: async (target, graceMs) => await endProcesses(target, graceMs, tools),
    settle: async (status, target) => {
      if (status === null) await killProcesses(target, tools);
      return { status, cause: null };
    },
  };
}
