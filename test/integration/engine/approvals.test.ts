// A run that asks for an approval waits for a decision: by name, by link, or by its time.

import { afterEach, describe, expect, test } from "bun:test";
import type { Decision } from "../../../src/engine/engine.ts";
import { AheadClock } from "../../fixtures/harness/ahead-clock.ts";
import { EngineHarness, until } from "../../fixtures/harness/engine-harness.ts";
import { refusal, untilOpen } from "../../fixtures/harness/news.ts";

let harness: EngineHarness;
afterEach(() => harness.close());

const hourMs = 60 * 60 * 1000;
const yes: Decision = { approved: true, by: "ada", comment: null };
const no: Decision = { approved: false, by: "bob", comment: "not today" };

async function textsOf(id: string): Promise<string[]> {
  return (await harness.logs(id)).map(({ text }) => text);
}

async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  return (await refusal(promise))?.code;
}

const deploy = `
  const answer = await approval({ name: "deploy", message: "Deploy it?", timeout: "4h" });
  console.log("goes on");
  return answer;`;

describe("an approval", () => {
  test("is a waiting step of a waiting run, which goes on with the decision", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start(deploy);
    const waiting = await untilOpen(harness, id);
    const [step] = waiting.steps;
    expect(step).toMatchObject({ name: "deploy", kind: "approval", status: "waiting", message: "Deploy it?" });
    expect((step?.until ?? 0) - Date.now()).toBeWithin(3.9 * hourMs, 4 * hourMs);
    const decided = await harness.engine.decide(id, "deploy", yes);
    expect(decided.steps[0]).toMatchObject({ status: "succeeded", message: "approved by ada", until: null });
    const run = await harness.end(id);
    expect(run).toMatchObject({ status: "succeeded", result: { approved: true, by: "ada", comment: null } });
    expect(await textsOf(id)).toContain("goes on");
  });

  test("that is denied resolves all the same, and says by whom and why", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start(deploy);
    await untilOpen(harness, id);
    await harness.engine.decide(id, "deploy", no);
    const run = await harness.end(id);
    expect(run.result).toEqual({ approved: false, by: "bob", comment: "not today" });
    expect(run.steps[0]).toMatchObject({ status: "failed", message: "denied by bob: not today" });
  });

  test("tells in the log how to decide it, and why there is no link", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start(`await approval({ name: "go live", message: "Two\\n lines?" });`);
    await untilOpen(harness, id);
    const [line = ""] = await textsOf(id);
    expect(line).toContain(`runner approve ${id} 'go live'`);
    expect(line).toContain("Two lines?");
    expect(line).toContain("without --public-url");
    expect(line).not.toContain("http");
  });

  test("given after a restart continues the run", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start(
      `await runtime.run({ name: "build", command: "echo built >> ${harness.path("mark")}" });
       const { by } = await approval({ name: "deploy" });
       await runtime.run({ name: "deploy", command: "echo deployed >> ${harness.path("mark")}" });
       return by;`,
    );
    await untilOpen(harness, id);
    harness = await harness.restart();
    await harness.engine.decide(id, "deploy", yes);
    expect(await harness.end(id)).toMatchObject({ status: "succeeded", result: "ada" });
    expect(await harness.lines("mark")).toEqual(["built", "deployed"]);
    expect((await textsOf(id)).filter((text) => text.includes("runner approve"))).toHaveLength(1);
  });

  test("given while the run is about to come back after a restart is not lost", async () => {
    harness = await EngineHarness.open();
    // The step keeps the run in memory, so that it is taken up at once by the next life.
    const id = await harness.start(
      `const [answer] = await Promise.all([
         approval({ name: "deploy" }),
         runtime.run({ name: "long", command: "while [ ! -e ${harness.path("go")} ]; do sleep 0.05; done" }),
       ]);
       return answer.by;`,
    );
    await until(async () => (await harness.engine.getRun(id)).steps.length === 2);
    harness = await harness.restart();
    await harness.engine.decide(id, "deploy", yes);
    await harness.write("go", "");
    expect(await harness.end(id)).toMatchObject({ status: "succeeded", result: "ada" });
  });

  test("is decided by the first of ten who decide at once, also when the run is out of memory", async () => {
    harness = await EngineHarness.open();
    for (const keepsInMemory of [false, true]) {
      const beside = keepsInMemory ? `runtime.run({ name: "beside", command: "sleep 1" }),` : "";
      const id = await harness.start(
        `const [answer] = await Promise.all([approval({ name: "deploy" }), ${beside}]); return answer.by;`,
      );
      await until(async () => (await harness.engine.getRun(id)).steps.some(({ status }) => status === "waiting"));
      if (!keepsInMemory) await untilOpen(harness, id);
      const answers = await Promise.all(
        Array.from({ length: 10 }, async (_, index) => {
          const by = `person ${index}`;
          const code = await codeOf(harness.engine.decide(id, "deploy", { ...yes, by }));
          return { by, code };
        }),
      );
      const [winner, ...others] = answers.filter(({ code }) => code === undefined);
      expect(others).toEqual([]);
      expect(answers.filter(({ code }) => code === "APPROVAL_DECIDED")).toHaveLength(9);
      const run = await harness.end(id);
      expect(run.result).toBe(winner?.by ?? "nobody");
      expect(run.steps[0]?.message).toBe(`approved by ${winner?.by}`);
    }
  });

  test("of several at once each has its own decision, in any order", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start(
      `const order = [];
       const ask = async (name) => { const { approved } = await approval({ name }); order.push([name, approved]); };
       await Promise.all([ask("one"), ask("two"), ask("three")]);
       return order;`,
    );
    await untilOpen(harness, id, 3);
    await harness.engine.decide(id, "two", no);
    await untilOpen(harness, id, 2);
    await harness.engine.decide(id, "three", yes);
    await harness.engine.decide(id, "one", yes);
    expect((await harness.end(id)).result).toEqual([
      ["two", false],
      ["three", true],
      ["one", true],
    ]);
  });

  test("cannot have the name of one that is still open, but that of one that is decided", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start(
      `const first = approval({ name: "deploy" });
       const code = await approval({ name: "deploy" }).catch((error) => error.code);
       await first;
       return [code, (await approval({ name: "deploy" })).by];`,
    );
    await untilOpen(harness, id);
    await harness.engine.decide(id, "deploy", yes);
    await untilOpen(harness, id);
    await harness.engine.decide(id, "deploy", no);
    expect((await harness.end(id)).result).toEqual(["VALIDATION_FAILED", "bob"]);
  });

  test("with a timeout that is no duration is refused", async () => {
    harness = await EngineHarness.open();
    const run = await harness.run(`await approval({ name: "deploy", timeout: "soon" });`);
    expect(run.error).toMatchObject({ code: "VALIDATION_FAILED", message: '"soon" is not a duration', line: 2 });
    expect(run.steps).toEqual([]);
  });

  test("is given up with its run, which then is what is said to who decides", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start(deploy);
    await untilOpen(harness, id);
    await harness.engine.cancel(id);
    expect(await harness.end(id)).toMatchObject({ status: "cancelled", steps: [{ status: "cancelled" }] });
    expect(await refusal(harness.engine.decide(id, "deploy", yes))).toMatchObject({
      code: "RUN_ALREADY_ENDED",
      message: `run ${id} has already ended: cancelled`,
    });
  });

  test("that nobody asked for is not found, with the names of those that wait", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start(deploy);
    await untilOpen(harness, id);
    expect(await refusal(harness.engine.decide(id, "deplyo", yes))).toMatchObject({
      code: "APPROVAL_NOT_FOUND",
      hint: 'it waits for "deploy"',
      details: { status: "waiting", waits_for: ["deploy"] },
    });
    expect(await codeOf(harness.engine.decide("nope", "deploy", yes))).toBe("RUN_NOT_FOUND");
    await harness.engine.decide(id, "deploy", yes);
    await harness.end(id);
    expect(await refusal(harness.engine.decide(id, "deploy", no))).toMatchObject({
      code: "APPROVAL_DECIDED",
      message: `the approval "deploy" of run ${id} is decided: approved by ada`,
    });
  });

  test("without a server is refused, as nobody could decide", async () => {
    harness = await EngineHarness.open({ takesNews: false });
    const run = await harness.run(`await approval({ name: "deploy" });`);
    expect(run.error).toMatchObject({ code: "UNSUPPORTED", line: 2 });
    expect(run.error?.hint).toContain("runner trigger");
  });
});

describe("an approval that nobody decides in time", () => {
  const cases = [
    ["deny", { approved: false, by: "timeout", comment: null }, "timed_out", "nobody decided in time: denied"],
    ["approve", { approved: true, by: "timeout", comment: null }, "succeeded", "nobody decided in time: approved"],
    ["fail", "APPROVAL_TIMEOUT", "timed_out", "nobody decided in time"],
  ] as const;

  test.each(cases)("with onTimeout %s gives the script its outcome", async (onTimeout, result, status, message) => {
    const clock = new AheadClock();
    harness = await EngineHarness.open({ clock });
    const id = await harness.start(
      `try { return await approval({ name: "deploy", timeout: "2h", onTimeout: "${onTimeout}" }); }
       catch (error) { return error.code; }`,
    );
    await untilOpen(harness, id);
    clock.advance(2 * hourMs + 1000);
    const run = await harness.end(id);
    expect(run.result).toEqual(result);
    expect(run.steps[0]).toMatchObject({ status, message });
    expect(await codeOf(harness.engine.decide(id, "deploy", yes))).toBe("APPROVAL_DECIDED");
  });

  test("is over also where the server was away at that time, whoever decides first when it is back", async () => {
    harness = await EngineHarness.open({ maxConcurrentRuns: 1 });
    const id = await harness.start(`return (await approval({ name: "deploy", timeout: "2h" })).by;`);
    await untilOpen(harness, id);
    const later = new AheadClock();
    later.advance(3 * hourMs);
    harness = await harness.restart({ clock: later });
    expect(await codeOf(harness.engine.decide(id, "deploy", yes))).toBe("APPROVAL_DECIDED");
    expect((await harness.end(id)).result).toBe("timeout");
  });

  test("and has no timeout waits as long as its run may", async () => {
    const clock = new AheadClock();
    harness = await EngineHarness.open({ clock, config: { timeoutMs: 24 * hourMs } });
    const id = await harness.start(`await approval({ name: "deploy" });`);
    const { wakeAt, startedAt } = await untilOpen(harness, id);
    expect((wakeAt ?? 0) - (startedAt ?? 0)).toBeWithin(23.9 * hourMs, 24.1 * hourMs);
    clock.advance(25 * hourMs);
    expect(await harness.end(id)).toMatchObject({ status: "timed_out", steps: [{ status: "cancelled" }] });
  });
});

describe("a gate", () => {
  test.each([
    ["runtime.gate", `runtime.gate("release", { message: "Ship it?", timeout: "4h" })`],
    ["pipeline.gate", `globalThis.pipeline.gate("release", { message: "Ship it?", timeout: "4h" })`],
    ["the exported pipeline's gate", `pipeline.gate("release", { message: "Ship it?", timeout: "4h" })`],
    ["a gate by options alone", `runtime.gate({ name: "release", message: "Ship it?", timeout: "4h" })`],
  ])("as %s lets the run pass when it is approved", async (_, call) => {
    harness = await EngineHarness.open();
    const id = await harness.start(`await ${call}; return "shipped";`);
    expect((await untilOpen(harness, id)).steps[0]).toMatchObject({ name: "release", message: "Ship it?" });
    await harness.engine.decide(id, "release", yes);
    expect((await harness.end(id)).result).toBe("shipped");
  });

  test("that is denied throws where it stands, and fails a run that does not catch that", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start(`console.log("asks");\nawait pipeline.gate("release");\nconsole.log("never");`);
    await untilOpen(harness, id);
    await harness.engine.decide(id, "release", no);
    const run = await harness.end(id);
    expect(run).toMatchObject({ status: "failed", error: { code: "APPROVAL_DENIED", line: 3 } });
    expect(run.error?.message).toBe('gate "release" was denied by bob: not today');
    expect(await textsOf(id)).not.toContain("never");
  });

  test("that nobody decides in time throws too", async () => {
    const clock = new AheadClock();
    harness = await EngineHarness.open({ clock });
    const id = await harness.start(`await pipeline.gate("release", { timeout: "1h" });`);
    await untilOpen(harness, id);
    clock.advance(hourMs + 1000);
    expect(await harness.end(id)).toMatchObject({ status: "failed", error: { code: "APPROVAL_TIMEOUT" } });
  });
});
