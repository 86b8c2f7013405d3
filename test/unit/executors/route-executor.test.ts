// Which of the two executors is asked.

import { expect, test } from "bun:test";
import { type Executor, routeExecutor, type StepSpec } from "../../../src/executors/executors.ts";

const calls: string[] = [];

function noting(name: string): Executor {
  const note = (what: string) => void calls.push(`${name} ${what}`);
  return {
    start: async ({ stepId }) => {
      note(`start ${stepId}`);
      return { pid: null, outcome: Promise.withResolvers<never>().promise, cancel: () => {} };
    },
    attach: async ({ stepId }) => {
      note(`attach ${stepId}`);
      return "interrupted";
    },
    discard: async (stepId) => note(`discard ${stepId}`),
    cleanLeftovers: async (keep) => {
      note(`clean but ${[...keep].join(" ")}`);
      return { endedSteps: [name] };
    },
    closeSandbox: async (_runId, sandbox) => note(`close ${sandbox}`),
    endRun: async (runId) => note(`end ${runId}`),
    settle: async () => note("settle"),
  };
}

function said(): readonly string[] {
  return calls.splice(0);
}

const executor = routeExecutor(noting("processes"), noting("containers"));
const listener = { onOutput: () => {}, onNote: () => {} };
const spec = (stepId: string, isInContainer: boolean): StepSpec => ({
  stepId,
  runId: "r",
  pipeline: "p",
  command: "true",
  env: {},
  ...(isInContainer ? { container: { type: "inside", sandbox: "s" } } : {}),
});
const nothing = { bytes: 0, last: new Uint8Array(0) };
const earlier = { taken: { stdout: nothing, stderr: nothing }, spentMs: 0 };

test("a step is discarded where it was started or taken up, and one of an earlier life wherever it may be", async () => {
  await executor.start(spec("r.1", false), listener);
  await executor.start(spec("r.2", true), listener);
  await executor.attach(spec("r.3", false), earlier, listener);
  await executor.attach(spec("r.4", true), earlier, listener);
  expect(said()).toEqual([
    "processes start r.1",
    "containers start r.2",
    "processes attach r.3",
    "containers attach r.4",
  ]);
  for (const number of [1, 2, 3, 4, 5]) await executor.discard(`r.${number}`);
  expect(said()).toEqual([
    "processes discard r.1",
    "containers discard r.2",
    "processes discard r.3",
    "containers discard r.4",
    "processes discard r.5",
    "containers discard r.5",
  ]);
});

test("both are told what is kept and which runs have ended", async () => {
  expect(await executor.cleanLeftovers(new Set(["r.1", "r.2"]))).toEqual({ endedSteps: ["processes", "containers"] });
  await executor.endRun("r");
  expect(said()).toEqual([
    "processes clean but r.1 r.2",
    "containers clean but r.1 r.2",
    "processes end r",
    "containers end r",
  ]);
});
