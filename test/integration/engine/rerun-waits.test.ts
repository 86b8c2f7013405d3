// Reruns and replays of runs that waited for people, for other runs, and tried blocks again.

import { afterEach, describe, expect, test } from "bun:test";
import type { Run } from "../../../src/core/run.ts";
import { type ReplayReport, replayRun } from "../../../src/engine/engine.ts";
import { EngineHarness, until } from "../../fixtures/harness/engine-harness.ts";
import { untilOpen } from "../../fixtures/harness/news.ts";

let harness: EngineHarness;
afterEach(() => harness.close());

async function rerun(id: string, from: string): Promise<string> {
  return (await harness.engine.rerun(id, { from })).runId;
}

async function replay(id: string): Promise<ReplayReport> {
  const journal = harness.engine.readJournal(id, { withScript: true });
  return await replayRun({ pool: harness.pool, journal, onEvent: () => {} });
}

function shownSteps({ steps }: Run): readonly unknown[] {
  return steps.map(({ name, kind, status, attempts }) => [name, kind, status, attempts]);
}

const yes = { approved: true, by: "ada", comment: null } as const;

describe("a run that waited", () => {
  const script = (mark: string): string => `
    const child = await triggerPipeline("child");
    const answer = await approval({ name: "go", message: "Go?" });
    const sent = await signal.wait("built");
    const { code } = await runtime.run({ name: "deploy", command: "echo deploy >> ${mark}" });
    return { child: child.result, by: answer.by, sent, code };`;

  async function waited(): Promise<Run> {
    harness = await EngineHarness.open();
    await harness.add("child", `export const pipeline = () => "of child";`);
    const id = await harness.start(script(harness.path("mark")));
    await until(async () => (await harness.engine.getRun(id)).steps[1]?.status === "waiting");
    await harness.engine.decide(id, "go", yes);
    await until(async () => (await harness.engine.getRun(id)).steps[2]?.status === "waiting");
    await harness.engine.signal(id, "built", { n: 1 });
    return await harness.end(id);
  }

  test("is not asked again for what was decided, sent and returned before the step", async () => {
    const old = await waited();
    const again = await harness.end(await rerun(old.id, "deploy"));
    expect(again).toMatchObject({ status: "succeeded", result: old.result });
    expect(shownSteps(again)).toEqual(shownSteps(old));
    expect(again.steps[0]?.runId).toBe(old.steps[0]?.runId ?? "");
    expect((await harness.engine.listRuns({ pipeline: "child", limit: 10 })).runs).toHaveLength(1);
    expect(await harness.lines("mark")).toEqual(["deploy", "deploy"]);
    for (const { id } of [old, again]) expect((await replay(id)).differences).toEqual([]);
  });

  test("is asked anew from there on, and may be answered otherwise", async () => {
    const old = await waited();
    const id = await rerun(old.id, "go");
    await untilOpen(harness, id);
    await harness.engine.decide(id, "go", { ...yes, by: "bob" });
    await until(async () => (await harness.engine.getRun(id)).steps[2]?.status === "waiting");
    await harness.engine.signal(id, "built", 2);
    expect((await harness.end(id)).result).toEqual({ child: "of child", by: "bob", sent: 2, code: 0 });
    const fromChild = await rerun(old.id, "child");
    await untilOpen(harness, fromChild);
    expect((await harness.engine.listRuns({ pipeline: "child", limit: 10 })).runs).toHaveLength(2);
    await harness.engine.cancel(fromChild);
  });

  test("beside the step, and was not answered, waits once more", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start(
      `const asked = approval({ name: "go" });
       await runtime.run({ name: "a", command: "true" });
       const b = await runtime.run({ name: "b", command: "exit 1" });
       return [b.code, (await asked).by];`,
    );
    await untilOpen(harness, id);
    await harness.engine.cancel(id);
    expect((await harness.end(id)).status).toBe("cancelled");
    const again = await rerun(id, "b");
    expect(shownSteps(await untilOpen(harness, again))).toEqual([
      ["go", "approval", "waiting", 1],
      ["a", "process", "succeeded", 1],
      ["b", "process", "failed", 1],
    ]);
    harness = await harness.restart();
    await harness.engine.decide(again, "go", yes);
    expect((await harness.end(again)).result).toEqual([1, "ada"]);
  });
});

describe("a block that was tried again", () => {
  const script = (mark: string): string => `
    const built = await step("build", async () => {
      await runtime.run({ name: "fetch", command: "echo fetch >> ${mark}" });
      const { code } = await runtime.run({ name: "make", command: "echo make >> ${mark}; [ -e ${mark}.ok ]" });
      if (code !== 0) throw new Error("no");
      return "built";
    }, { retry: { attempts: 2, initial: "10ms" } });
    const after = await runtime.run({ name: "after", command: "echo after >> ${mark}" });
    return [built, after.code];`;

  test("goes on inside: in the attempt it was in, with its row as it was then", async () => {
    harness = await EngineHarness.open();
    const mark = harness.path("mark");
    const old = await harness.run(script(mark));
    expect(shownSteps(old)).toEqual([
      ["build", "block", "failed", 2],
      ["fetch", "process", "succeeded", 1],
      ["make", "process", "failed", 1],
      ["fetch", "process", "succeeded", 1],
      ["make", "process", "failed", 1],
    ]);
    expect(await harness.lines("mark")).toEqual(["fetch", "make", "fetch", "make"]);
    await harness.write("mark.ok", "");
    const second = old.steps.at(-1)?.id ?? "";
    const again = await harness.end(await rerun(old.id, second));
    expect(again).toMatchObject({ status: "succeeded", result: ["built", 0] });
    expect(shownSteps(again)).toEqual([
      ["build", "block", "succeeded", 2],
      ...shownSteps(old).slice(1, 4),
      ["make", "process", "succeeded", 1],
      ["after", "process", "succeeded", 1],
    ]);
    expect(await harness.lines("mark")).toEqual(["fetch", "make", "fetch", "make", "make", "after"]);
    expect((await replay(old.id)).differences).toEqual([]);
    expect((await replay(again.id)).differences).toEqual([]);
  });

  test("is running while a rerun from inside of it executes, and is taken over whole behind its end", async () => {
    harness = await EngineHarness.open();
    const mark = harness.path("mark");
    await harness.write("mark.ok", "");
    const old = await harness.run(script(mark).replace("echo fetch", "sleep 0.3; echo fetch"));
    expect(old.status).toBe("succeeded");
    const id = await rerun(old.id, "fetch");
    await until(async () => (await harness.engine.getRun(id)).steps.length > 1);
    expect((await harness.engine.getRun(id)).steps[0]).toMatchObject({
      kind: "block",
      status: "running",
      finishedAt: null,
    });
    expect((await harness.end(id)).result).toEqual(["built", 0]);
    const behind = await harness.end(await rerun(old.id, "after"));
    expect(shownSteps(behind)).toEqual(shownSteps(old));
    expect(await harness.lines("mark")).toEqual(["fetch", "make", "after", "fetch", "make", "after", "after"]);
  });

  test("and a step that was retried keeps its attempts, and their notes in the log", async () => {
    harness = await EngineHarness.open();
    const mark = harness.path("mark");
    const old = await harness.run(
      `await runtime.run({ name: "flaky", command: "echo x >> ${mark}; [ $(wc -l < ${mark}) -ge 2 ]", retry: { attempts: 3, initial: "10ms" } });
       await runtime.run({ name: "last", command: "true" });`,
    );
    const again = await harness.end(await rerun(old.id, "last"));
    expect(shownSteps(again)).toEqual([
      ["flaky", "process", "succeeded", 2],
      ["last", "process", "succeeded", 1],
    ]);
    const notes = (await harness.logs(again.id)).map(({ text }) => text);
    expect(notes.filter((text) => text.includes("attempt 1 of 3 failed"))).toHaveLength(1);
    expect(await harness.lines("mark")).toHaveLength(2);
  });
});
