// Locks are held by as many runs of a pipeline as they allow, one after the other in the order of asking, and by none
// that has ended.

import { afterEach, describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import type { Store, Write } from "../../../src/store/store.ts";
import { EngineHarness, until } from "../../fixtures/harness/engine-harness.ts";
import { refusal, untilOpen } from "../../fixtures/harness/news.ts";

let harness: EngineHarness;
afterEach(() => harness.close());

/** Takes the lock, tells its place by a mark, and goes on when it is told to. */
const holder = `await locks.take("db"); await signal.wait("go"); return "done";`;

/** A version of the one pipeline whose runs share its locks. */
async function start(body: string): Promise<string> {
  await harness.add("p", `export const pipeline = async () => {\n${body}\n};\n`);
  return (await harness.engine.trigger("p", { params: {}, args: [] })).runId;
}

const marks = async (): Promise<string> => await readFile(harness.path("marks"), "utf8").catch(() => "");

/** As if one batch brought both to the disk: that a run waits is told right after a lock is given back. */
class SettledTogether {
  /** Whose news are not held back: that it waits may be on its way still. */
  #notOf: string | null = null;
  #tell: (() => void) | null = null;

  /** Of the next run that comes to wait. */
  holdExceptOf(id: string): void {
    this.#notOf = id;
  }

  get isWaiting(): boolean {
    return this.#tell !== null;
  }

  wrap(store: Store): Store {
    return { ...store, commit: (writes) => this.#commit(store, writes) };
  }

  #commit(store: Store, writes: readonly Write[]): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    store.commit(writes).then(() => {
      // Asked only now: whose it is not may have been told while this was on its way.
      const isMeant = writes.some((write) => write.type === "run.wait" && write.id !== this.#notOf);
      if (this.#notOf !== null && isMeant) this.#tell = resolve;
      else resolve();
      if (!writes.some(({ type }) => type === "lock.remove")) return;
      this.#notOf = null;
      this.#tell?.();
    }, reject);
    return promise;
  }
}

async function stepsOf(id: string): Promise<readonly unknown[]> {
  return (await harness.engine.getRun(id)).steps.map(({ kind, name, status, message }) => [
    kind,
    name,
    status,
    message,
  ]);
}

describe("a lock", () => {
  test("that is free is taken without a step; who comes after waits outside memory and is told who has it", async () => {
    harness = await EngineHarness.open();
    const first = await start(holder);
    await untilOpen(harness, first);
    const waiting = await start(holder);
    await untilOpen(harness, waiting);
    expect(await stepsOf(first)).toEqual([["signal", "go", "waiting", null]]);
    expect(await stepsOf(waiting)).toEqual([["lock", "db", "waiting", `held by run ${first}`]]);
    await harness.engine.signal(first, "go", null);
    expect((await harness.end(first)).result).toBe("done");
    await until(async () => (await stepsOf(waiting)).length === 2);
    expect((await stepsOf(waiting))[0]).toEqual(["lock", "db", "succeeded", "taken"]);
    await until(async () => (await harness.engine.getRun(waiting)).status === "waiting");
    await harness.engine.signal(waiting, "go", null);
    expect((await harness.end(waiting)).status).toBe("succeeded");
    expect(await harness.store.locks.all()).toEqual([]);
  });

  test("is given to those that wait in the order they asked, over a restart too", async () => {
    harness = await EngineHarness.open({ maxConcurrentRuns: 2 });
    const script = `await locks.take("db");
      await runtime.run({ name: "mark", command: "echo INDEX >> ${harness.path("marks")}" });
      if (INDEX === 0) await signal.wait("go");`;
    const ids: string[] = [];
    for (let index = 0; index < 6; index++) {
      const id = await start(script.replaceAll("INDEX", String(index)));
      await untilOpen(harness, id);
      ids.push(id);
    }
    harness = await harness.restart();
    expect(await marks()).toBe("0\n");
    await harness.engine.signal(ids[0] ?? "", "go", null);
    for (const id of ids) expect((await harness.end(id)).status).toBe("succeeded");
    expect(await marks()).toBe("0\n1\n2\n3\n4\n5\n");
  });

  test("of a limit is held by as many at one time, and a smaller limit of one who asks counts for it alone", async () => {
    harness = await EngineHarness.open();
    const taking = (limit: number): string => `await locks.take("db", { limit: ${limit} }); await signal.wait("go");`;
    const [one, two] = [await start(taking(2)), await start(taking(2))];
    await untilOpen(harness, one);
    await untilOpen(harness, two);
    const strict = await start(taking(1));
    await untilOpen(harness, strict);
    // It would have a place, but others asked before.
    const late = await start(taking(3));
    await untilOpen(harness, late);
    expect(await stepsOf(late)).toEqual([["lock", "db", "waiting", expect.stringContaining("; 1 asked before")]]);
    await harness.engine.signal(one, "go", null);
    await harness.end(one);
    expect(await stepsOf(strict)).toMatchObject([["lock", "db", "waiting", expect.anything()]]);
    await harness.engine.signal(two, "go", null);
    await harness.end(two);
    await until(async () => (await stepsOf(strict)).length === 2);
    await until(async () => (await stepsOf(late)).length === 2);
  });

  test("that is given back is free before the run ends, and can be taken again", async () => {
    harness = await EngineHarness.open();
    const id = await start(
      `await locks.take("db"); await locks.release("db"); await locks.take("db"); await locks.release("db");
       await signal.wait("go");`,
    );
    await untilOpen(harness, id);
    const other = await start(`await locks.take("db"); return "had it";`);
    expect((await harness.end(other)).result).toBe("had it");
  });

  test("is not taken twice by a run, nor given back by one that does not have it", async () => {
    harness = await EngineHarness.open();
    const id = await start(
      `const told = (error) => error.code + ": " + error.message;
       const back = await locks.release("db").catch(told);
       await locks.take("db");
       return [back, await locks.take("db", { limit: 5 }).catch(told)];`,
    );
    expect((await harness.end(id)).result).toEqual([
      'VALIDATION_FAILED: this run does not have the lock "db"',
      'DEADLOCK: this run has the lock "db" already',
    ]);
  });

  test("of another pipeline by the same name is another lock", async () => {
    harness = await EngineHarness.open();
    await untilOpen(harness, await start(holder));
    await harness.add("other", `export const pipeline = async () => { await locks.take("db"); return "had it"; };`);
    const { runId } = await harness.engine.trigger("other", { params: {}, args: [] });
    expect((await harness.end(runId)).result).toBe("had it");
  });

  test("is free again however its run ends: by an error, or cancelled while it holds or waits", async () => {
    harness = await EngineHarness.open();
    const failing = await start(`await locks.take("db"); throw new Error("made up");`);
    expect((await harness.end(failing)).status).toBe("failed");
    const holding = await start(holder);
    await untilOpen(harness, holding);
    const given = await start(holder);
    await untilOpen(harness, given);
    const next = await start(holder);
    await untilOpen(harness, next);
    await harness.engine.cancel(given);
    expect((await harness.end(given)).status).toBe("cancelled");
    expect(await stepsOf(given)).toMatchObject([["lock", "db", "cancelled", expect.anything()]]);
    await harness.engine.cancel(holding);
    await harness.end(holding);
    await until(async () => (await stepsOf(next)).length === 2);
    expect((await harness.store.locks.all()).map(({ runId, isHeld }) => [runId, isHeld])).toEqual([[next, true]]);
  });

  test("held by a parked run is not in the way of that run's coming back: those that wait take no place", async () => {
    harness = await EngineHarness.open({ maxConcurrentRuns: 1 });
    const holding = await start(holder);
    await untilOpen(harness, holding);
    const others: string[] = [];
    for (let index = 0; index < 3; index++) others.push(await start(`await locks.take("db");`));
    for (const id of others) await untilOpen(harness, id);
    await harness.engine.signal(holding, "go", null);
    for (const id of [holding, ...others]) expect((await harness.end(id)).status).toBe("succeeded");
  });

  test("that is given back in the moment in which the next one leaves memory is given to that one", async () => {
    const together = new SettledTogether();
    harness = await EngineHarness.open({ wrapStore: (store) => together.wrap(store) });
    const first = await start(`await locks.take("db"); await signal.wait("go"); await locks.release("db");`);
    await untilOpen(harness, first);
    together.holdExceptOf(first);
    const next = await start(`await locks.take("db"); return "had it";`);
    await until(() => together.isWaiting);
    await harness.engine.signal(first, "go", null);
    expect((await harness.engine.waitForEnd(next, 10_000)).result).toBe("had it");
  });

  test("taken before the step that a rerun begins from is gone with the run, which is refused", async () => {
    harness = await EngineHarness.open();
    const id = await start(`await locks.take("db"); await runtime.run({ name: "work", command: "true" });`);
    await harness.end(id);
    const refused = await refusal(harness.engine.rerun(id, { from: "work" }));
    expect(refused?.message).toContain('had the lock "db" by then');
  });

  test("is had by no more than one of 200 runs at a time", async () => {
    harness = await EngineHarness.open({ maxConcurrentRuns: 4 });
    const script = `await locks.take("db");
      const place = storage.get("places") ?? 0;
      await storage.set("places", place + 1);
      return place;`;
    const ids = await Promise.all(Array.from({ length: 200 }, async () => await start(script)));
    const places = await Promise.all(ids.map(async (id) => Number((await harness.end(id)).result)));
    expect(places.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, index) => index));
    expect(await harness.store.locks.all()).toEqual([]);
  });
});
