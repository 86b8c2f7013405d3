// A script ends by a signal what it has begun: as browsers do, recorded, over restarts and in a replay.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { AheadClock } from "../../fixtures/harness/ahead-clock.ts";
import { DyingStore } from "../../fixtures/harness/dying-store.ts";
import { EngineHarness, until } from "../../fixtures/harness/engine-harness.ts";
import { Rehearsals } from "../../fixtures/harness/rehearsals.ts";

let harness: EngineHarness;
beforeEach(async () => {
  harness = await EngineHarness.open();
});
afterEach(() => harness.close());

const tell = `const tell = async (work) => {
  try { const done = await work; return done?.status ?? done; } catch (e) { return [e.name, e.message]; }
};`;
const aborted = ["AbortError", "the operation was aborted"];

async function stepIs(id: string, index: number, status: string): Promise<void> {
  await until(async () => (await harness.engine.getRun(id)).steps[index]?.status === status);
}

describe("the option signal", () => {
  test("ends a running process, its children too, and rejects with the reason when it has ended", async () => {
    const run = await harness.run(
      `${tell}
       const controller = new AbortController();
       const begun = Promise.withResolvers();
       const step = runtime.run({
         name: "long", command: "trap 'echo ended >> ${harness.path("mark")}; exit 9' TERM; echo up; sleep 30 & wait",
         signal: controller.signal, onOutput: () => begun.resolve(),
       });
       await begun.promise;
       controller.abort();
       return await tell(step);`,
    );
    expect(run).toMatchObject({ status: "succeeded", result: aborted });
    expect(run.steps).toMatchObject([{ name: "long", status: "cancelled" }]);
    expect(await harness.lines("mark")).toEqual(["ended"]);
  });

  test("ends a step that waits for a slot, or for its next attempt; other steps go on", async () => {
    harness = await harness.restart({ maxConcurrentSteps: 1 });
    const mark = harness.path("mark");
    const run = await harness.run(
      `${tell}
       const controller = new AbortController();
       const { signal } = controller;
       const first = runtime.run({ name: "first", command: "sleep 0.3; echo first >> ${mark}" });
       const queued = runtime.run({ name: "queued", command: "echo queued >> ${mark}", signal });
       controller.abort();
       const again = new AbortController();
       const failing = runtime.run({
         name: "failing", command: "echo try; exit 1", retry: { attempts: 5, initial: "1h", max: "1h" }, signal: again.signal,
         onOutput: () => setTimeout(() => again.abort(), 300),
       });
       return [await tell(queued), await tell(first), await tell(failing)];`,
    );
    expect(run.result).toEqual([aborted, "complete", aborted]);
    expect(run.steps.map(({ name, status, attempts }) => [name, status, attempts])).toEqual([
      ["first", "succeeded", 1],
      ["queued", "cancelled", 0],
      ["failing", "cancelled", 1],
    ]);
    expect(await harness.lines("mark")).toEqual(["first"]);
  });

  test("ends a fetch and an approval, whose name is free again", async () => {
    using server = Bun.serve({ port: 0, fetch: async () => await new Promise<Response>(() => {}) });
    const run = await harness.run(
      `${tell}
       const controller = new AbortController();
       const { signal } = controller;
       const works = [
         fetch("http://127.0.0.1:${String(server.port)}/", { signal }), approval("ok?", { signal }), runtime.gate("go", { signal }),
       ].map(tell);
       setTimeout(() => controller.abort(new TypeError("enough")), 50);
       const ends = await Promise.all(works);
       return [ends, (await approval("ok?", { timeout: "10ms", onTimeout: "approve" })).approved];`,
    );
    const enough = ["TypeError", "enough"];
    expect(run).toMatchObject({ status: "succeeded", result: [[enough, enough, enough], true] });
    expect(run.steps.map(({ status }) => status)).toEqual(["cancelled", "cancelled", "cancelled", "succeeded"]);
  });

  test("that has ended begins nothing; one that ends after the result changes nothing", async () => {
    const run = await harness.run(
      `${tell}
       const controller = new AbortController();
       const done = await runtime.run({ name: "done", command: "true", signal: controller.signal });
       controller.abort();
       return [done.code, await tell(runtime.run({ name: "never", command: "true", signal: controller.signal }))];`,
    );
    expect(run.result).toEqual([0, aborted]);
    expect(run.steps.map(({ name }) => name)).toEqual(["done"]);
  });

  test("takes an AbortSignal alone", async () => {
    for (const [signal, found] of [
      ["{ aborted: true }", '{"aborted":true}'],
      ["new AbortController()", '{"signal":{"onabort":null}}'],
      ["Object.create(AbortSignal.prototype)", "{}"],
      ["'x'", '"x"'],
    ] as const) {
      const run = await harness.run(`await runtime.run({ command: "true", signal: ${signal} });`);
      expect(run.error?.message).toBe(
        `TypeError: runtime.run: signal must be an AbortSignal, as new AbortController().signal, not ${found}`,
      );
    }
  });

  test("of a run that is cancelled: the cancellation is what is told", async () => {
    const id = await harness.start(
      `${tell}
       const controller = new AbortController();
       const told = await tell(runtime.run({ name: "long", command: "sleep 30", signal: controller.signal }));
       controller.abort();
       console.log(told[0]);`,
    );
    await stepIs(id, 0, "running");
    await harness.engine.cancel(id);
    expect(await harness.end(id)).toMatchObject({ status: "cancelled", steps: [{ status: "cancelled" }] });
    expect((await harness.logs(id)).map(({ text }) => text)).toContain("CancelledError");
    // What the cancellation has ended is not to be ended once more.
    const kinds: string[] = [];
    for await (const record of harness.engine.readJournal(id, { withScript: false })) {
      if (record.type === "call") kinds.push(record.kind);
    }
    expect(kinds).toEqual(["step"]);
  });
});

describe("AbortSignal", () => {
  test("is as in browsers", async () => {
    const run = await harness.run(
      `const controller = new AbortController();
       const { signal } = controller;
       const heard = [];
       const listen = (event) => heard.push([event.type, event.target === signal]);
       signal.onabort = () => heard.push("onabort");
       signal.addEventListener("abort", listen);
       signal.addEventListener("abort", listen);
       signal.addEventListener("other", listen);
       signal.addEventListener("abort", { handleEvent: ({ currentTarget }) => heard.push(currentTarget === signal) });
       const gone = () => heard.push("gone");
       signal.addEventListener("abort", gone);
       signal.removeEventListener("abort", gone);
       const any = AbortSignal.any([AbortSignal.timeout(60_000), signal]);
       signal.throwIfAborted();
       const before = [signal.aborted, signal.reason === undefined, any.aborted];
       controller.abort("why");
       controller.abort("again");
       let thrown;
       try { any.throwIfAborted(); } catch (reason) { thrown = reason; }
       const timeout = AbortSignal.timeout(5);
       await new Promise((resolve) => timeout.addEventListener("abort", resolve));
       const late = AbortSignal.any([signal, timeout]);
       return [before, heard, signal.aborted, signal.reason, any.reason, thrown, timeout.reason.name, late.reason,
         AbortSignal.abort().reason.name, AbortSignal.abort(7).reason, Object.keys(signal), String(AbortSignal.endingOf)];`,
    );
    expect(run.error).toBeNull();
    expect(run.result).toEqual([
      [false, true, false],
      ["onabort", ["abort", true], true],
      true,
      "why",
      "why",
      "why",
      "TimeoutError",
      "why",
      "AbortError",
      7,
      ["onabort"],
      "undefined",
    ]);
  });

  test("tells every listener, and passes on the first error", async () => {
    const run = await harness.run(
      `const controller = new AbortController();
       const heard = [];
       controller.signal.addEventListener("abort", () => { throw new RangeError("first"); });
       controller.signal.addEventListener("abort", () => { heard.push(1); throw new Error("second"); });
       try { controller.abort(); } catch (error) { heard.push(error.message); }
       return heard;`,
    );
    expect(run.result).toEqual([1, "first"]);
  });
});

describe("over a restart", () => {
  const mark = (): string => harness.path("mark");

  test("a signal that ends after it ends what was begun before it", async () => {
    const clock = new AheadClock();
    harness = await harness.restart({ clock });
    const id = await harness.start(
      `${tell}
       const step = runtime.run({
         name: "long", command: "echo begun >> ${mark()}; sleep 60; echo late >> ${mark()}", signal: AbortSignal.timeout(600_000),
       });
       return await tell(step);`,
    );
    await until(async () => (await harness.lines("mark")).length > 0);
    clock.advance(601_000);
    harness = await harness.restart({ clock });
    expect((await harness.end(id)).result).toEqual(["TimeoutError", "the operation timed out"]);
    expect(await harness.lines("mark")).toEqual(["begun"]);
  });

  test.each([true, false])(
    "what was asked to end as the server died is ended by its next life; asked on disk: %p",
    async (isDurable) => {
      const [clock, dying] = [new AheadClock(), new DyingStore()];
      harness = await harness.restart({ clock, wrapStore: dying.wrap });
      dying.arm((writes) => writes.some((write) => write.type === "journal.start" && write.call.kind === "abort"), {
        isDurable,
      });
      const id = await harness.start(
        `${tell}
       const controller = new AbortController();
       const step = runtime.run({ name: "long", command: "echo begun >> ${mark()}; sleep 60; echo late >> ${mark()}", signal: controller.signal });
       const asked = tell(approval("ok?", { signal: controller.signal }));
       await runtime.run({ name: "wait", command: "until [ -e ${mark()} ]; do sleep 0.05; done" });
       controller.abort();
       return [await tell(step), await asked];`,
      );
      await dying.dead;
      const back = harness.restart({ wrapStore: (store) => store });
      // A life that cannot write gives up after a while, which need not be waited for.
      const hurry = setInterval(() => clock.advance(10_000), 20);
      harness = await back;
      clearInterval(hurry);
      const run = await harness.end(id);
      expect(run).toMatchObject({ status: "succeeded", result: [aborted, aborted] });
      expect(run.steps.map(({ status }) => status)).toEqual(["cancelled", "cancelled", "succeeded"]);
      expect(await harness.lines("mark")).toEqual(["begun"]);
    },
  );
});

describe("in a test of a pipeline", () => {
  test("what takes longer than the signal lasts is ended, what does not is not", async () => {
    const rehearsals = await Rehearsals.open();
    const body = `${tell}
      const signal = AbortSignal.timeout(5_000);
      return await Promise.all([
        tell(runtime.run({ name: "slow", command: "x", signal })), tell(runtime.run({ name: "quick", command: "x", signal })),
      ]);`;
    await rehearsals.passes(body, {
      steps: { slow: { takes: "1m" }, quick: { takes: "1s" } },
      expect: { result: [["TimeoutError", "the operation timed out"], "complete"] },
    });
    await rehearsals.close();
  });
});
