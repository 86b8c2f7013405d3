// `step(name, fn)`: blocks of a script as steps of its run, over kills, restarts and cancellation.

import { afterEach, describe, expect, test } from "bun:test";
import type { Run, Step } from "../../../src/core/run.ts";
import type { Store, Write } from "../../../src/store/store.ts";
import { AheadClock } from "../../fixtures/harness/ahead-clock.ts";
import { EngineHarness, type HarnessOptions, until } from "../../fixtures/harness/engine-harness.ts";

let harness: EngineHarness;
afterEach(() => harness.close());

const hourMs = 60 * 60 * 1000;

async function textsOf(id: string): Promise<string[]> {
  return (await harness.logs(id)).map(({ text }) => text);
}

function blocksOf({ steps }: Run): readonly Step[] {
  return steps.filter(({ kind }) => kind === "block");
}

describe("a block", () => {
  test("is a step of the run with its attempts, and resolves with its value", async () => {
    harness = await EngineHarness.open();
    const run = await harness.run(
      `let n = 0;
       return await step("compute", () => { if (++n < 3) throw new Error("not yet " + n); return { n }; }, { retry: { attempts: 5, initial: "20ms", jitter: 0 } });`,
    );
    expect(run).toMatchObject({ error: null, result: { n: 3 } });
    expect(run.steps).toMatchObject([
      { name: "compute", kind: "block", status: "succeeded", code: null, attempts: 3, message: null, until: null },
    ]);
    expect(run.steps[0]?.finishedAt).toBeGreaterThanOrEqual((run.steps[0]?.startedAt ?? 0) + 60);
    expect(await textsOf(run.id)).toEqual([
      'step "compute": attempt 1 of 5 failed: not yet 1; the next one begins in 20 ms',
      'step "compute": attempt 2 of 5 failed: not yet 2; the next one begins in 40 ms',
    ]);
  });

  test("that fails for good fails the run at the line that threw, and its row says why", async () => {
    harness = await EngineHarness.open();
    const run = await harness.run(
      'await step("bad", () => {\n  throw Object.assign(new RangeError("too far"), { code: "FILE_TOO_LARGE" });\n});',
    );
    expect(run.error).toMatchObject({ code: "FILE_TOO_LARGE", message: "RangeError: too far", line: 3 });
    expect(run.steps).toMatchObject([{ status: "failed", attempts: 1, message: "RangeError: too far" }]);
  });

  test("whose value is no JSON fails the run at its own line", async () => {
    harness = await EngineHarness.open();
    const run = await harness.run(
      "\nawait step('bad', async () => {\n  await sleep(1);\n  return new Map();\n}, { retry: 3 });",
    );
    expect(run.error).toMatchObject({ code: "SCRIPT_ERROR", line: 3 });
    expect(run.error?.message).toContain('step "bad": its value is a Map');
    expect(run.steps).toMatchObject([{ status: "failed", attempts: 1 }]);
  });

  test("inside another one is tried again with it, and fails it", async () => {
    harness = await EngineHarness.open();
    const run = await harness.run(
      `let outer = 0;
       const value = await step("outer", async () => {
         outer++;
         let inner = 0;
         return await step("inner", () => { inner++; if (outer < 2) throw new Error("inner " + inner); return [outer, inner]; }, { retry: { attempts: 2, initial: 5 } });
       }, { retry: { attempts: 2, initial: 5 } });
       return value;`,
    );
    expect(run.result).toEqual([2, 1]);
    expect(run.steps.map(({ name, status, attempts, message }) => [name, status, attempts, message])).toEqual([
      ["outer", "succeeded", 2, null],
      ["inner", "failed", 2, "inner 2"],
      ["inner", "succeeded", 1, null],
    ]);
  });

  test("beside others goes on by itself, and has its own attempts", async () => {
    harness = await EngineHarness.open();
    const run = await harness.run(
      `const tries = {};
       const make = (name, fails) => step(name, async () => {
         tries[name] = (tries[name] ?? 0) + 1;
         await runtime.run({ name: "in " + name, command: "true" });
         if (tries[name] <= fails) throw new Error(name);
         return name + tries[name];
       }, { retry: { attempts: 4, initial: 5 } });
       return await Promise.all([make("a", 2), make("b", 0), make("c", 1)]);`,
    );
    expect(run.result).toEqual(["a3", "b1", "c2"]);
    expect(blocksOf(run).map(({ attempts }) => attempts)).toEqual([3, 1, 2]);
    expect(run.steps.filter(({ kind }) => kind === "process")).toHaveLength(6);
  });

  test("that nobody waits for is carried to its end, also over its sleeps and attempts", async () => {
    harness = await EngineHarness.open();
    const run = await harness.run(
      `let n = 0;
       void step("late", async () => { await sleep("50ms"); if (++n < 3) throw new Error("again"); await storage.set("late", n); }, { retry: { attempts: 3, initial: "50ms" } });
       return "returned";`,
    );
    expect(run).toMatchObject({ status: "succeeded", result: "returned" });
    expect(run.steps).toMatchObject([{ kind: "block", status: "succeeded", attempts: 3 }]);
    expect(await harness.store.values.get(run.pipeline, "late")).toBe(3);
  });

  test("that nobody waits for is carried to its end over a restart", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start(
      `void step("late", async () => { await sleep("1s"); await storage.set("late", 5); }); return "returned";`,
    );
    await until(async () => (await harness.engine.getRun(id)).steps.length === 1);
    harness = await harness.restart();
    const run = await harness.end(id);
    expect(run).toMatchObject({ status: "succeeded", result: "returned", steps: [{ status: "succeeded" }] });
    expect(await harness.store.values.get(run.pipeline, "late")).toBe(5);
  });

  test("that nobody waits for and that can never end does not keep its run", async () => {
    harness = await EngineHarness.open();
    const run = await harness.run(`void step("stuck", () => new Promise(() => {})); return 1;`);
    expect(run).toMatchObject({ status: "succeeded", result: 1, steps: [{ kind: "block", status: "cancelled" }] });
  });

  test("that waits for what can never come fails its run", async () => {
    harness = await EngineHarness.open();
    const run = await harness.run(`await step("stuck", () => new Promise(() => {}), { retry: 3 });`);
    expect(run).toMatchObject({ status: "failed", error: { code: "NEVER_SETTLES" }, steps: [{ status: "cancelled" }] });
  });

  test("whose value is too large fails its run", async () => {
    harness = await EngineHarness.open();
    const run = await harness.run(`await step("large", () => "x".repeat(2 * 1024 * 1024));`);
    expect(run.error).toMatchObject({ code: "VALUE_TOO_LARGE" });
    expect(run.steps).toMatchObject([{ kind: "block", status: "cancelled" }]);
  });
});

describe("a run that is cancelled", () => {
  test("in a block lets it tidy up from the inside to the outside, and does not try it again", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start(
      `try {
         await step("outer", async () => {
           try {
             await step("inner", async () => {
               try { await sleep("50s"); } finally { await runtime.run({ name: "tidy", command: "true" }); console.log("inner tidied"); }
             }, { retry: 5 });
           } finally { console.log("outer tidied"); }
         }, { retry: 5 });
       } catch (e) { console.log("caught", e.name); throw e; }`,
    );
    await until(async () => (await harness.engine.getRun(id)).steps.length === 2);
    await harness.engine.cancel(id);
    const run = await harness.end(id);
    expect(run.status).toBe("cancelled");
    expect(run.steps).toMatchObject([
      { name: "outer", status: "cancelled", attempts: 1 },
      { name: "inner", status: "cancelled", attempts: 1 },
      { name: "tidy", status: "succeeded" },
    ]);
    const lines = (await harness.logs(id)).filter(({ source }) => source === "console").map(({ text }) => text);
    expect(lines).toEqual(["inner tidied", "outer tidied", "caught CancelledError"]);
  });

  test("does not try a block again that makes another error of it", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start(
      `await step("b", async () => { try { await sleep("50s"); } catch { throw new Error("something else"); } }, { retry: { attempts: 5, initial: 1 } });`,
    );
    await until(async () => (await harness.engine.getRun(id)).steps.length === 1);
    await harness.engine.cancel(id);
    const run = await harness.end(id);
    expect(run.steps).toMatchObject([{ status: "failed", attempts: 1, message: "something else" }]);
  });

  test("between two attempts ends the wait, and the block", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start(
      `await step("b", () => { throw new Error("no"); }, { retry: { attempts: 5, initial: "50s" } });`,
    );
    await until(async () => (await harness.engine.getRun(id)).steps[0]?.status === "waiting");
    await harness.engine.cancel(id);
    const run = await harness.end(id);
    expect(run.steps).toMatchObject([{ status: "cancelled", attempts: 1, until: null }]);
    expect(run.steps[0]?.message).toContain("CancelledError");
  });

  test("may begin a block to tidy up, which is tried again", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start(
      `let n = 0;
       try { await sleep("50s"); }
       finally { console.log(await step("tidy", () => { if (++n < 2) throw new Error("no"); return "tidied " + n; }, { retry: { initial: 5 } })); }`,
    );
    await until(async () => (await harness.engine.getRun(id)).status === "running");
    await harness.engine.cancel(id);
    const run = await harness.end(id);
    expect(run.steps).toMatchObject([{ kind: "block", status: "succeeded", attempts: 2 }]);
    expect(await textsOf(id)).toContain("tidied 2");
  });
});

test("a long wait between two attempts takes no memory, and ends at the time it told, over a restart too", async () => {
  const clock = new AheadClock();
  harness = await EngineHarness.open({ clock });
  const id = await harness.start(
    `let n = 0;
     return await step("b", () => { console.log("try", ++n); if (n < 2) throw new Error("no"); return n; }, { retry: { attempts: 2, initial: "1h", max: "2h", jitter: 0.5 } });`,
  );
  await until(async () => (await harness.engine.getRun(id)).status === "waiting");
  const waiting = (await harness.engine.getRun(id)).steps[0];
  expect(waiting).toMatchObject({ kind: "block", status: "waiting", attempts: 1, message: "no" });
  const told = waiting?.until ?? 0;
  expect(told - clock.now()).toBeWithin(0.4 * hourMs, 1.5 * hourMs);
  clock.advance(0.3 * hourMs);
  harness = await harness.restart();
  await Bun.sleep(100);
  expect((await harness.engine.getRun(id)).steps[0]).toMatchObject({ status: "waiting", until: told });
  clock.advance(told - clock.now() + 1000);
  const run = await harness.end(id);
  expect(run).toMatchObject({
    status: "succeeded",
    result: 2,
    steps: [{ attempts: 2, startedAt: waiting?.startedAt }],
  });
  const lines = (await harness.logs(id)).filter(({ source }) => source === "console").map(({ text }) => text);
  expect(lines).toEqual(["try 1", "try 2"]);
});

/** Attempts, blocks in blocks and beside each other, and what a block may call. */
const program = `
  let tries = 0;
  const value = await step("outer", async () => {
    tries++;
    console.log("try " + tries);
    const inner = await step("inner", async () => {
      await sleep("3ms");
      if (tries === 1) throw Object.assign(new Error("inner fails"), { code: "BUSY" });
      return { tries, id: crypto.randomUUID().length, stored: storage.get("k") ?? null };
    }, { retry: { attempts: 2, initial: "3ms", on: ["BUSY"] } });
    await storage.set("k", tries);
    if (tries === 2) throw new Error("outer fails late");
    return { inner, key: await crypto.hmac("sha256", { secret: "env:KEY" }, "data") };
  }, { retry: { attempts: 4, initial: "3ms" } });
  const both = await Promise.all([step("left", async () => { await sleep("3ms"); return 1; }), step("right", () => [2])]);
  const failed = await step("fails", () => { throw new TypeError("for good"); }).catch((e) => e.message);
  await storage.delete("k");
  return { value, both, failed, tries };`;

/** All of a run that a kill must not change. */
async function storyOf(run: Run): Promise<object> {
  const log = await harness.logs(run.id);
  return {
    status: run.status,
    result: run.result,
    error: run.error,
    steps: run.steps.map(({ name, kind, status, attempts, message, until: waits }) => [
      [name, kind, status, attempts],
      [message, waits],
    ]),
    console: log.filter(({ source }) => source === "console").map(({ text }) => text),
    notes: log.filter(({ source }) => source === "system").map(({ text }) => text.replace(/in [\d.]+ \w+$/, "in …")),
  };
}

/** Lets every commit pass by `onCommit`. */
function watched(onCommit: (writes: readonly Write[], commit: () => Promise<void>) => Promise<void>): HarnessOptions {
  const wrapStore = (store: Store): Store =>
    new Proxy(store, {
      get(target, name) {
        if (name === "commit") {
          return async (writes: readonly Write[]) => {
            await onCommit(writes, async () => {
              await target.commit(writes);
            });
          };
        }
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  return { wrapStore };
}

const isCall = (write: Write, kind: string, matches: (args: string) => boolean = () => true): boolean =>
  write.type === "journal.start" && write.call.kind === kind && matches(JSON.stringify(write.call.args));

/** In the order they come to pass. */
const moments: readonly ((write: Write) => boolean)[] = [
  (write) => isCall(write, "block"),
  (write) => isCall(write, "block_note", (args) => args.includes("delayMs")),
  (write) => isCall(write, "block_note", (args) => !args.includes("delayMs")),
  (write) => isCall(write, "block_end"),
];

describe("a run with blocks ends as an undisturbed one", () => {
  test("whenever its sandbox process is killed: as a block, a wait, an attempt begins, or as a block ends", async () => {
    let isMoment: (write: Write) => boolean = () => false;
    /** What is to be done at the next such commits. */
    let kills: readonly ("before" | "after")[] = [];
    harness = await EngineHarness.open(
      watched(async (writes, commit) => {
        const [kill, ...rest] = writes.some(isMoment) ? kills : [];
        if (kill !== undefined) kills = rest;
        if (kill === "before") harness.killSandboxes();
        await commit();
        if (kill === "after") harness.killSandboxes();
      }),
    );
    const undisturbed = await storyOf(await harness.run(program));
    expect(undisturbed).toMatchObject({
      status: "succeeded",
      result: { tries: 3, both: [1, [2]], failed: "for good" },
    });
    for (const moment of moments) {
      isMoment = moment;
      kills = ["before", "after"];
      expect(await storyOf(await harness.run(program))).toEqual(undisturbed);
      expect(kills).toEqual([]);
    }
  }, 60_000);

  test("whenever its server is killed: as a block, a wait, an attempt begins, or as a block ends", async () => {
    let isMoment: (write: Write) => boolean = () => false;
    let isDead = false;
    const clock = new AheadClock();
    const options = watched(async (writes, commit) => {
      isDead ||= writes.some(isMoment);
      // What a killed server has not written by then it never writes.
      if (isDead) await new Promise(() => {});
      await commit();
    });
    harness = await EngineHarness.open({ ...options, clock });
    const undisturbed = await storyOf(await harness.run(program));
    const [first, ...others] = moments;
    isMoment = first ?? isMoment;
    const id = await harness.start(program);
    for (const next of [...others, () => false]) {
      await until(() => isDead);
      // Nobody waits for the disk of a server that is dead.
      const stopping = harness.engine.stop({ stopSteps: false, graceMs: 5000 });
      await Bun.sleep(1);
      clock.advance(10_000);
      await stopping;
      isDead = false;
      isMoment = next;
      harness = await harness.restart();
    }
    expect(await storyOf(await harness.end(id))).toEqual(undisturbed);
  }, 60_000);
});
