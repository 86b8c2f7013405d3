// Where a journal is cut, by what the run had made that went with it.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { newStep } from "../../../src/core/run.ts";
import { cutJournal } from "../../../src/engine/cut-journal.ts";
import type { CallOutcome, Store, Write } from "../../../src/store/store.ts";
import { createRun, putBundle } from "../../conformance/store/subject.ts";
import { makeFolder, openStore, removeFolder } from "../store/store-files.ts";

let folder: string;
let store: Store;
beforeAll(async () => {
  folder = makeFolder();
  store = await openStore(join(folder, "runner.db"));
  await store.commit([putBundle("bundle-1")]);
});
afterAll(async () => {
  await store.close();
  removeFolder(folder);
});

interface Made {
  readonly kind: string;
  readonly name: string;
  readonly args?: Record<string, unknown>;
  readonly outcome?: CallOutcome;
  readonly isContainer?: true;
}

const process_: Made = { kind: "step", name: "run", outcome: { ok: true, value: { code: 0 } } };
const open: Made = {
  kind: "step",
  name: "box",
  args: { container: { type: "open" } },
  outcome: { ok: true, value: { id: "box-1" } },
  isContainer: true,
};
const close: Made = {
  kind: "sandbox",
  name: "sandbox.close",
  args: { sandbox: "box-1" },
  outcome: { ok: true, value: null },
};
const own: Made = { ...open, name: "own", args: { container: { type: "own" } } };
const volume: Made = {
  kind: "volume",
  name: "volumes.create",
  outcome: { ok: true, value: { name: "v", path: "/v" } },
};

/** Cuts before the last of these calls; resolves with what is refused. */
async function refusalOf(...made: readonly Made[]): Promise<{ message: string; hint: string | undefined } | null> {
  const { id: runId } = await createRun(store);
  const writes = made.flatMap(({ kind, name, args = {}, outcome, isContainer }, index): Write[] => {
    const number = index + 1;
    const call = { number, kind, name, argsHash: "h", args: args as never, startedAt: 5, afterSeq: 0 };
    const step = newStep(`${runId}.${number}`, name, isContainer ? "container" : "process");
    return [
      { type: "journal.start", runId, call },
      ...(outcome === undefined ? [] : [{ type: "journal.complete", runId, number, outcome, at: 6 } as const]),
      ...(kind === "step" ? [{ type: "step.put", runId, step: { ...step, status: "succeeded" } } as const] : []),
    ];
  });
  await store.commit(writes);
  const run = await store.runs.find(runId);
  const step = run?.steps.at(-1);
  if (run === undefined || step === undefined) throw new Error("no step");
  return await cutJournal({ store, clock: { now: () => 1005 } as never }, run, { step, to: "new" }).then(
    () => null,
    ({ message, hint }: { message: string; hint?: string }) => ({ message, hint }),
  );
}

test("a container that was opened and not closed before is refused, with the step to begin from instead", async () => {
  const refused = await refusalOf(process_, open, process_);
  expect(refused?.message).toContain('step "box" (2) had opened a container, and that was removed with the run');
  expect(refused?.hint).toBe('run it again from its beginning, without a step, or from step 2 "box"');
});

test("of a volume and a container the one that was made first says where to begin", async () => {
  expect((await refusalOf(process_, volume, open, process_))?.message).toContain("had made a volume before");
  expect((await refusalOf(process_, volume, open, process_))?.hint).toEndWith('or from step 1 "run"');
  expect((await refusalOf(volume, process_))?.hint).toBe("run it again from its beginning, without a step");
});

test("one that was closed, that was the step's own, that did not open, or that comes later is no hindrance", async () => {
  const failed: CallOutcome = { ok: false, error: { code: "STEP_NOT_STARTED", message: "no" } };
  expect(await refusalOf(open, close, process_)).toBeNull();
  expect(await refusalOf(own, process_)).toBeNull();
  expect(await refusalOf({ ...open, outcome: failed }, process_)).toBeNull();
  expect(await refusalOf({ ...volume, outcome: failed }, process_)).toBeNull();
  expect(await refusalOf(process_, open)).toBeNull();
});

test("calls without a result are to go on, and a timer that ran still is one of them", async () => {
  const { id: runId } = await createRun(store);
  const start = (number: number, kind: string, afterSeq: number): Write => ({
    type: "journal.start",
    runId,
    call: { number, kind, name: kind, argsHash: "h", args: {}, startedAt: number, afterSeq },
  });
  const complete = (number: number): Write => ({
    type: "journal.complete",
    runId,
    number,
    outcome: { ok: true, value: null },
    at: 9,
  });
  const deliver = (seq: number, call: number): Write => ({
    type: "journal.deliver",
    runId,
    delivery: { seq, type: "result", call },
  });
  const step = { ...newStep(`${runId}.5`, "cut", "process"), status: "succeeded" } as const;
  await store.commit([
    start(1, "timer", 0),
    start(2, "timer", 0),
    start(3, "fetch", 0),
    start(4, "step", 0),
    complete(1),
    deliver(1, 1),
    start(5, "step", 1),
    complete(2),
    deliver(2, 2),
    complete(3),
    deliver(3, 3),
    { type: "step.put", runId, step },
  ]);
  const run = await store.runs.find(runId);
  if (run === undefined) throw new Error("no run");
  const { cut } = await cutJournal({ store, clock: { now: () => 1005 } as never }, run, { step, to: "new" });
  expect(cut).toMatchObject({ number: 5, afterSeq: 1, open: [2, 4], shiftMs: 1000 });
});
