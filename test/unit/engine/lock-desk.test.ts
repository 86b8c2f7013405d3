// Who has the locks of pipelines, and who waits: in the order they asked, each within its own limit.

import { beforeEach, expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import { maxLocksOfRun } from "../../../src/core/lock.ts";
import { LockDesk } from "../../../src/engine/lock-desk.ts";
import type { Store, StoredLock } from "../../../src/store/store.ts";
import { ManualClock, settlePromises } from "./manual-clock.ts";

/** Run and lock, as they were given. */
let given: string[];
/** Runs whose calls wait no more. */
let gone: Set<string>;
let ends: Map<string, () => void>;
let stopped: boolean;
let failure: AppError | null;
let logged: string[];
let clock: ManualClock;
let desk: LockDesk;
beforeEach(() => {
  [given, gone, ends, stopped, failure, logged, clock] = [[], new Set(), new Map(), false, null, [], new ManualClock()];
  desk = open([]);
});

function open(stored: readonly StoredLock[]): LockDesk {
  const log = (message: string): void => void logged.push(message);
  const store = { locks: { all: async () => stored } } as unknown as Store;
  const runs = {
    get stopped() {
      return stopped;
    },
    onEnd: (id: string, callback: () => void) => {
      ends.set(id, callback);
      return () => ends.delete(id);
    },
    answerWait: async (id: string, answers: readonly { readonly number: number }[]) => {
      if (failure !== null) throw failure;
      if (!gone.has(id)) given.push(...answers.map(({ number }) => `${id} ${number}`));
      return !gone.has(id);
    },
  };
  return new LockDesk({
    parts: { store, clock, logger: { debug: log, info: log, warn: log, error: log } },
    runs: () => runs,
  });
}

const owner = (id: string) => ({ id, pipeline: "ci" });

/** Whether the run has it at once. */
function ask(run: string, name = "deploy", limit = 1, number = 1): boolean {
  return desk.ask(owner(run), { number, name }, limit);
}

async function release(run: string, name = "deploy"): Promise<void> {
  desk.release(owner(run), name)();
  await settlePromises();
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (thrown) {
    return thrown instanceof AppError ? thrown.code : "another error";
  }
  return undefined;
}

test("who asks first has it, the others in their order; nobody passes one who waits", async () => {
  expect([ask("a", "x", 1), ask("b", "x", 1), ask("c", "x", 1), ask("d", "x", 9)]).toEqual([true, false, false, false]);
  await release("a", "x");
  expect(given).toEqual(["b 1"]);
  await release("b", "x");
  expect(given).toEqual(["b 1", "c 1", "d 1"]);
});

test("of a limit as many have it as one who asks allows", async () => {
  expect([ask("a", "x", 2), ask("b", "x", 2), ask("c", "x", 2), ask("d", "x", 2)]).toEqual([true, true, false, false]);
  await release("a", "x");
  expect(given).toEqual(["c 1"]);
});

test("one who is behind another with a smaller limit is not given it before", async () => {
  for (const run of ["a", "b"]) ask(run, "x", 2);
  ask("c", "x", 1);
  ask("d", "x", 2);
  await release("a", "x");
  expect(given).toEqual([]);
  await release("b", "x");
  expect(given).toEqual(["c 1", "d 1"]);
});

test("a run that ends gives all back, and waits for nothing any more; not where the server stops", async () => {
  ask("a", "x");
  ask("a", "y");
  ask("b", "x");
  ask("c", "y");
  ask("c", "x");
  stopped = true;
  ends.get("b")?.();
  stopped = false;
  ends.get("a")?.();
  await settlePromises();
  expect(given).toEqual(["b 1", "c 1"]);
});

test("a run has a lock once, also while it waits for it, and again once it has given it back", () => {
  ask("a");
  ask("b");
  expect([codeOf(() => ask("a")), codeOf(() => ask("b"))]).toEqual(["DEADLOCK", "DEADLOCK"]);
  ask("c", "other");
  const give = desk.release(owner("c"), "other");
  expect(ask("c", "other")).toBeFalse();
  give();
});

test("only what a run has it gives back, and that once", () => {
  ask("a");
  ask("b");
  expect([codeOf(() => desk.release(owner("b"), "deploy")), codeOf(() => desk.release(owner("a"), "no"))]).toEqual([
    "VALIDATION_FAILED",
    "VALIDATION_FAILED",
  ]);
  desk.release(owner("a"), "deploy");
  expect(codeOf(() => desk.release(owner("a"), "deploy"))).toBe("VALIDATION_FAILED");
});

test("what is given back is free only once that is durable", () => {
  ask("a");
  const give = desk.release(owner("a"), "deploy");
  expect(ask("b")).toBeFalse();
  give();
  expect(desk.describeWait(owner("c"), "deploy", 1)).toBe("held by run b");
});

test("a run has a limited number of locks at one time", async () => {
  for (let count = 0; count < maxLocksOfRun; count++) ask("a", `lock ${count}`);
  expect(codeOf(() => ask("a", "one more"))).toBe("VALIDATION_FAILED");
  await release("a", "lock 0");
  expect(ask("a", "one more")).toBeTrue();
});

test("a run that gives up waiting is passed over, and so is one whose call waits no more", async () => {
  for (const run of ["a", "b", "c", "d"]) ask(run);
  desk.giveUp(owner("b"), "deploy");
  gone.add("c");
  await release("a");
  expect(given).toEqual(["d 1"]);
});

test("who has it is told in words, of many three by name", () => {
  expect(desk.describeWait(owner("a"), "deploy", 1)).toBeNull();
  for (const run of ["a", "b", "c", "d", "e"]) ask(run, "deploy", 5);
  expect(desk.describeWait(owner("f"), "deploy", 6)).toBeNull();
  ask("f", "deploy", 5);
  expect(desk.describeWait(owner("g"), "deploy", 9)).toBe("held by run a, b, c and 2 more; 1 asked before");
});

test("of another pipeline it is another lock", () => {
  ask("a");
  expect(desk.ask({ id: "b", pipeline: "cd" }, { number: 1, name: "deploy" }, 1)).toBeTrue();
});

test("a new life knows who had what, and gives what became free as the server stopped", async () => {
  const lock = (runId: string, name: string, isHeld: boolean): StoredLock => {
    return { pipeline: "ci", name, runId, number: 7, limit: 1, isHeld };
  };
  desk = open([lock("a", "held", true), lock("b", "held", false), lock("c", "free", false)]);
  await desk.load();
  expect(given).toEqual([]);
  desk.start();
  await settlePromises();
  expect(given).toEqual(["c 7"]);
  expect(codeOf(() => ask("a", "held"))).toBe("DEADLOCK");
});

test("a disk that is full for a while holds a lock up, a run that cannot be answered loses its place", async () => {
  for (const run of ["a", "b", "c"]) ask(run);
  failure = new AppError("STORE_UNAVAILABLE", "cannot commit: the disk is full");
  await release("a");
  expect([given, logged]).toEqual([[], []]);
  failure = null;
  await clock.advance(100);
  expect(given).toEqual(["b 1"]);
  failure = new AppError("INTERNAL", "what is written contradicts what is stored");
  await release("b");
  expect([given, logged]).toEqual([["b 1"], ["a run could not be given its lock"]]);
  failure = null;
  expect(ask("d")).toBeTrue();
});

test("a server that stops leaves the rest to its next life, and says nothing", async () => {
  ask("a");
  ask("b");
  failure = new AppError("INTERNAL", "the store is closed");
  stopped = true;
  await release("a");
  expect([given, logged]).toEqual([[], []]);
});
