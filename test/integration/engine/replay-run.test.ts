// A past run executed against its journal: the same calls, answers and end, no effect, and each kind of difference.

import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import type { JournalRecord } from "../../../src/core/journal-record.ts";
import { type ReplayEvent, type ReplayReport, replayRun } from "../../../src/engine/engine.ts";
import { loadBundle } from "../../../src/pipelines/pipelines.ts";
import { EngineHarness, until } from "../../fixtures/harness/engine-harness.ts";

let harness: EngineHarness;
afterEach(() => harness.close());

interface Replayed extends ReplayReport {
  readonly events: readonly ReplayEvent[];
  /** Calls and console lines in their order. */
  readonly shown: readonly string[];
}

async function replay(id: string, script?: string): Promise<Replayed> {
  const events: ReplayEvent[] = [];
  const journal = harness.engine.readJournal(id, { withScript: true });
  const report = await replayRun({
    pool: harness.pool,
    journal,
    onEvent: (event) => void events.push(event),
    ...(script === undefined ? {} : { bundle: await bundleOf(script) }),
  });
  const shown = events.flatMap((event) => {
    if (event.type === "console") return [event.text];
    return event.type === "call"
      ? [`${event.call.number} ${event.call.kind} ${event.call.name}: ${event.call.answer}`]
      : [];
  });
  return { ...report, events, shown };
}

async function bundleOf(script: string) {
  await Bun.write(harness.path("changed/changed.ts"), script);
  const loaded = await loadBundle({ root: harness.path("changed"), file: "changed.ts" });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.bundle;
}

const script = (mark: string, body = ""): string => `export const pipeline = async () => {
  console.log("begins", Date.now(), crypto.randomUUID(), Math.random(), pipelineContext.runID);
  const a = await runtime.run({ name: "a", command: "echo a >> ${mark}; echo out", onOutput: (_, text) => console.log("heard", text.trim()) });
  await storage.set("k", a.code);
  const limit = setTimeout(() => {}, 60_000);
  const both = await Promise.all([
    runtime.run({ name: "slow", command: "echo slow >> ${mark}; sleep 0.1" }),
    runtime.run({ name: "quick", command: "echo quick >> ${mark}; exit 3" }),
  ]);
  clearTimeout(limit);
  ${body}
  await artifacts.save("x", "text");
  await events.emit("a.b", { text: "x" });
  const signed = await crypto.hmac("sha256", { secret: "env:KEY" }, "x");
  console.log("k", storage.get("k"));
  return { codes: both.map(({ code }) => code), signed, now: Date.now() };
};
`;

async function record(body?: string): Promise<string> {
  harness = await EngineHarness.open();
  await harness.add("p", script(harness.path("mark"), body));
  const { runId } = await harness.engine.trigger("p", { params: {}, args: [] });
  await harness.end(runId);
  return runId;
}

describe("the script that the run had", () => {
  test("makes the same calls, prints the same lines and ends the same, and nothing is done", async () => {
    const id = await record();
    const run = await harness.engine.getRun(id);
    const lines = (await harness.logs(id)).filter(({ source }) => source === "console").map(({ text }) => text);
    const bytes = await databaseBytes();
    const replayed = await replay(id);
    expect(replayed).toMatchObject({ runId: id, status: "succeeded", differences: [], calls: 10 });
    expect(replayed.end).toEqual({ status: "succeeded", result: run.result, error: null });
    expect(replayed.shown).toEqual([
      lines[0] ?? "",
      "1 step a: exit code 0",
      "heard out",
      "2 storage set: done",
      "3 timer setTimeout: null",
      "4 step slow: exit code 0",
      "5 step quick: exit code 3",
      "6 clear_timer clearTimeout: timer 3 cleared",
      '7 artifact artifacts.save: {"name":"x","bytes":4}',
      expect.stringMatching(/^8 event a\.b: "evt_[0-9a-f]+"$/) as unknown as string,
      expect.stringMatching(/^9 hmac sha256: "[0-9a-f]+/) as unknown as string,
      "10 storage get: 0",
      "k 0",
    ]);
    expect(await harness.lines("mark")).toHaveLength(3);
    expect(await databaseBytes()).toBe(bytes);
    const places = replayed.events.flatMap((event) => (event.type === "call" ? [event.call.place?.line] : []));
    expect(places.slice(0, 3)).toEqual([3, 4, 5]);
  });

  test("fails as it did, and a call that was never answered is none again", async () => {
    harness = await EngineHarness.open();
    const run = await harness.run(
      `void runtime.run({ name: "left", command: "sleep 5" }).catch(() => {});
       await sleep("20ms"); throw new RangeError("too far");`,
    );
    expect(run.status).toBe("failed");
    const replayed = await replay(run.id);
    expect(replayed.differences).toEqual([]);
    expect(replayed.end).toEqual({ status: "failed", result: null, error: run.error });
  });

  test("of a cancelled run goes as far as the journal, through its tidying up", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start(
      `try { await runtime.run({ name: "long", command: "sleep 30" }); }
       catch (error) { console.log(error.name); throw error; }
       finally { await runtime.run({ name: "tidy", command: "true" }); }`,
    );
    await until(async () => (await harness.engine.getRun(id)).steps[0]?.status === "running");
    await harness.engine.cancel(id);
    expect((await harness.end(id)).status).toBe("cancelled");
    const replayed = await replay(id);
    expect(replayed.differences).toEqual([]);
    expect(replayed.shown).toEqual(["1 step long: null", "CancelledError", "2 step tidy: exit code 0"]);
  });

  test("that asks for other things each time shows where", async () => {
    harness = await EngineHarness.open();
    const id = (await harness.run("await runtime.run({ name: 'at ' + Date.now(), command: 'true' });")).id;
    await harness.engine.stop({ stopSteps: false, graceMs: 1000 });
    await harness.store.close();
    const database = new Database(harness.path("runner.db"));
    database.run(`UPDATE journal_observations SET "values" = json_set("values", '$.clockChanges[0][1]', 12345)`);
    database.close();
    harness = await harness.restart();
    const replayed = await replay(id);
    expect(replayed.differences).toMatchObject([
      { type: "call", number: 1, now: { kind: "step", name: "at 12345" }, place: { line: 2 } },
    ]);
  });

  test("of a run that goes on still is replayed as far as it has come", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start("await runtime.run({ name: 'a', command: 'true' }); await sleep('30s');");
    await until(async () => (await harness.engine.getRun(id)).steps[0]?.status === "succeeded");
    await until(async () => (await harness.store.journal.outline(id)).calls.length === 2);
    const replayed = await replay(id);
    expect(replayed).toMatchObject({ differences: [], end: { status: "waiting" } });
    expect(replayed.shown).toEqual(["1 step a: exit code 0", "2 timer sleep: null"]);
  });

  test("of a rerun from a step is replayed whole, with the run id that it saw", async () => {
    const id = await record();
    const { runId } = await harness.engine.rerun(id, { from: "quick" });
    expect((await harness.end(runId)).status).toBe("succeeded");
    const [first, again] = [await replay(id), await replay(runId)];
    expect(again.differences).toEqual([]);
    expect(again.shown[0]).toBe(first.shown[0] ?? "");
  });
});

describe("a changed script", () => {
  const changed = (change: (text: string) => string) => async (): Promise<Replayed> => {
    const id = await record();
    return await replay(id, change(script(harness.path("mark"))));
  };

  test("with other arguments is told which, answered as recorded, and goes on", async () => {
    const replayed = await changed((text) => text.replace("exit 3", "exit 4").replace('"text"', '{ text: "more" }'))();
    expect(replayed.differences).toEqual([
      {
        type: "arguments",
        number: 5,
        call: { kind: "step", name: "quick" },
        changes: [
          {
            field: "command",
            recorded: expect.stringContaining("exit 3") as never,
            now: expect.stringContaining("exit 4") as never,
          },
        ],
        place: { file: "changed.ts", line: 8 },
      },
      {
        type: "arguments",
        number: 7,
        call: { kind: "artifact", name: "artifacts.save" },
        changes: [{ field: "text", recorded: "text", now: "more" }],
        place: { file: "changed.ts", line: 12 },
      },
    ]);
    expect(replayed.end).toMatchObject({ status: "succeeded", result: { codes: [0, 3] } });
    expect(await harness.lines("mark")).toHaveLength(3);
  });

  test("with another call is told both, and is not followed any further", async () => {
    const replayed = await changed((text) => text.replace('"slow"', '"lint"'))();
    expect(replayed.differences).toEqual([
      {
        type: "call",
        number: 4,
        recorded: { kind: "step", name: "slow" },
        now: { kind: "step", name: "lint" },
        place: { file: "changed.ts", line: 7 },
      },
    ]);
    expect(replayed.shown.at(-1)).toBe("3 timer setTimeout: null");
  });

  test("that leaves out the last calls is told what is missing", async () => {
    const replayed = await changed((text) => text.replace('console.log("k", storage.get("k"));', ""))();
    expect(replayed.differences).toEqual([{ type: "missing", number: 10, recorded: { kind: "storage", name: "get" } }]);
  });

  test("that does not make a call whose result arrives is told so", async () => {
    harness = await EngineHarness.open();
    const run = await harness.run("await runtime.run({ name: 'a', command: 'true' }); return 1;");
    const replayed = await replay(run.id, "export const pipeline = async () => { await new Promise(() => {}); };");
    expect(replayed.differences).toEqual([{ type: "missing", number: 1, recorded: { kind: "step", name: "a" } }]);
  });

  test("with more calls is told of them, and that it is not answered there", async () => {
    harness = await EngineHarness.open();
    const run = await harness.run("await runtime.run({ name: 'a', command: 'true' }); return 1;");
    const more = (call: string): string => `export const pipeline = async () => {
      await runtime.run({ name: 'a', command: 'true' });
      ${call};
      return 1; };`;
    const extra = (await replay(run.id, more('await runtime.run({ name: "b", command: "true" })'))).differences;
    expect(extra).toEqual([
      { type: "extra", number: 2, now: { kind: "step", name: "b" }, place: { file: "changed.ts", line: 3 } },
    ]);
    // A synchronous one cannot even wait.
    const asked = await replay(run.id, more('console.log(storage.get("k"))'));
    expect(asked.differences).toMatchObject([{ type: "extra", number: 2, now: { kind: "storage", name: "get" } }]);
  });

  test("that ends otherwise is told both ends", async () => {
    const replayed = await changed((text) => text.replace("return { codes", "return { steps"))();
    expect(replayed.differences).toMatchObject([
      { type: "end", recorded: { result: { codes: [0, 3] } }, now: { status: "succeeded", result: { steps: [0, 3] } } },
    ]);
    const failing = await changed((text) => text.replace("return { codes", 'throw new Error("no"); return { codes'))();
    expect(failing.differences).toMatchObject([
      { type: "end", recorded: { status: "succeeded" }, now: { status: "failed", error: { message: "no", line: 16 } } },
    ]);
  });

  test("that computes without end is stopped", async () => {
    const id = await record();
    const replayed = await replay(id, "export const pipeline = () => { for (;;); };");
    expect(replayed.end).toMatchObject({ error: { code: "CPU_LIMIT" } });
  }, 30_000);
});

test("a journal of another format, or of a run that never began, is refused", async () => {
  const id = await record();
  async function* other(change: object): AsyncGenerator<JournalRecord> {
    for await (const each of harness.engine.readJournal(id, { withScript: true })) {
      yield each.type === "run" ? { ...each, ...change } : each;
    }
  }
  const refused = (change: object) =>
    replayRun({ pool: harness.pool, journal: other(change), onEvent: () => {} }).then(
      () => "replayed",
      (error: { code: string }) => error.code,
    );
  expect(await refused({ format: 99 })).toBe("RUN_INCOMPATIBLE");
  expect(await refused({ bundle: null })).toBe("VALIDATION_FAILED");
  const { startedAt: _, ...run } = await harness.engine.getRun(id);
  expect(await refused({ run: { ...run, startedAt: null } })).toBe("VALIDATION_FAILED");
});

test("a journal holds no secret that the script names, and the script only where it is asked for", async () => {
  const id = await record();
  const records: JournalRecord[] = [];
  for await (const each of harness.engine.readJournal(id, { withScript: false })) records.push(each);
  const text = JSON.stringify(records);
  expect(text).toContain("env:KEY");
  expect(text).not.toContain(':"key"');
  expect(text).not.toContain("sourceMap");
});

async function databaseBytes(): Promise<string> {
  const database = new Database(harness.path("runner.db"), { readonly: true });
  const tables = database
    .query<{ name: string }, []>("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .all()
    .map(({ name }) => [name, database.query(`SELECT * FROM "${name}"`).values()]);
  database.close();
  return Bun.hash(JSON.stringify(tables)).toString();
}
