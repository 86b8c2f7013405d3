// A run survives the death of its sandbox process at any moment, and no step of it starts twice.

import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Store, Write } from "../../../src/store/store.ts";
import { EngineHarness, runIdOf, until } from "../../fixtures/harness/engine-harness.ts";

/** Called before a commit goes to the store, and after it is durable. */
let beforeCommit: (writes: readonly Write[]) => void = () => {};
let afterCommit: (writes: readonly Write[]) => void = () => {};

function watched(store: Store): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name === "commit") {
        return async (writes: readonly Write[]) => {
          beforeCommit(writes);
          await target.commit(writes);
          afterCommit(writes);
        };
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

let harness: EngineHarness;
beforeAll(async () => {
  harness = await EngineHarness.open({ wrapStore: watched });
});
afterAll(() => harness.close());

/** Kills the sandbox processes once, at the first commit that has a write of this type and kind of call. */
function killOnce(moment: "before" | "after", matches: (write: Write) => boolean): () => boolean {
  let killed = false;
  const listener = (writes: readonly Write[]): void => {
    if (killed || !writes.some(matches)) return;
    killed = true;
    harness.killSandboxes();
  };
  beforeCommit = moment === "before" ? listener : () => {};
  afterCommit = moment === "after" ? listener : () => {};
  return () => killed;
}

const calls: readonly (readonly [kind: string, body: string, result: unknown])[] = [
  [
    "step",
    "const r = await runtime.run({ name: 's', command: 'echo started >> MARK; echo out' }); return r.stdout;",
    "out\n",
  ],
  ["timer", "await sleep('30ms'); await new Promise((resolve) => setTimeout(resolve, 10)); return 'slept';", "slept"],
  ["storage", "await storage.set('k', { n: 1 }); return storage.get('k');", { n: 1 }],
  [
    "hmac",
    "return await crypto.hmac('sha256', { secret: 'env:KEY' }, 'data');",
    "5031fe3d989c6d1537a013fa6e739da23463fdaec3b70137d828e36ace221bd0",
  ],
];

const moments: readonly (readonly [title: string, moment: "before" | "after", type: Write["type"]])[] = [
  ["before the call is durable", "before", "journal.start"],
  ["after the call is durable", "after", "journal.start"],
  ["before its result is durable", "before", "journal.complete"],
  ["after its result is durable", "after", "journal.complete"],
];

describe("a run continues with the right result when its sandbox process is killed", () => {
  for (const [kind, body, result] of calls) {
    for (const [title, moment, type] of moments) {
      test(`${kind}: ${title}`, async () => {
        const mark = `mark-${kind}-${moment}-${type}`;
        const wasKilled = killOnce(moment, (write) => write.type === type);
        const run = await harness.run(
          `console.log('before'); const at = Date.now(); const id = crypto.randomUUID();
           const value = await (async () => { ${body.replace("MARK", harness.path(mark))} })();
           console.log('after', at > 0, id.length); return value;`,
        );
        expect(wasKilled()).toBe(true);
        expect(run.error).toBeNull();
        expect(run.result).toEqual(result as never);
        const lines = (await harness.logs(run.id)).filter(({ source }) => source === "console").map(({ text }) => text);
        expect(lines).toEqual(["before", "after true 36"]);
        if (kind === "step") expect(await harness.lines(mark)).toEqual(["started"]);
      });
    }
  }
});

test("a process killed while a step runs does not disturb the step", async () => {
  beforeCommit = afterCommit = () => {};
  const id = await harness.start(
    `const seen = [];
     const r = await runtime.run({ name: 'slow', command: 'echo started >> ${harness.path("slow")}; for i in 1 2 3 4 5 6; do echo $i; sleep 0.1; done',
       onOutput: (stream, text) => seen.push(text) });
     return [r.stdout, seen.join('')];`,
  );
  await until(async () => (await harness.lines("slow")).length === 1);
  for (let round = 0; round < 3; round++) {
    harness.killSandboxes();
    await Bun.sleep(120);
  }
  const run = await harness.end(id);
  expect(run.result).toEqual(["1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\n5\n6\n"]);
  expect(await harness.lines("slow")).toEqual(["started"]);
});

test("the webhook's caller gets its response once, though the process dies right after", async () => {
  await harness.add(
    "respond",
    "export const pipeline = async () => { http.respond({ status: 201, body: 'made' }); await sleep('50ms'); http.respond({ status: 500 }); return 1; };",
  );
  const wasKilled = killOnce("after", (write) => write.type === "journal.start");
  const answer = await harness.receive("respond", { body: "{}" });
  expect(answer).toMatchObject({ type: "response", status: 201, body: "made" });
  expect((await harness.end(runIdOf(answer))).status).toBe("succeeded");
  expect(wasKilled()).toBe(true);
});

test("fifty runs at once survive kills at random moments, and each step starts once", async () => {
  beforeCommit = afterCommit = () => {};
  const ids = await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      return await harness.start(
        `let sum = 0;
         for (let i = 0; i < 3; i++) {
           const r = await runtime.run({ name: 's' + i, command: 'echo ${index}.' + i + ' >> ${harness.path("many")}; echo ' + i });
           sum += Number(r.stdout);
           await storage.set('n' + i, sum);
         }
         return [${index}, sum, storage.get('n2')];`,
      );
    }),
  );
  const chaos = (async () => {
    for (let round = 0; round < 8; round++) {
      await Bun.sleep(60);
      const { pids } = harness.pool;
      const pid = pids[round % pids.length];
      if (pid !== undefined) process.kill(pid, "SIGKILL");
    }
  })();
  const runs = await Promise.all(ids.map((id) => harness.end(id)));
  await chaos;
  expect(runs.map(({ result }) => result)).toEqual(Array.from({ length: 50 }, (_, index) => [index, 3, 3]));
  const marks = await harness.lines("many");
  expect(marks).toHaveLength(150);
  expect(new Set(marks).size).toBe(150);
}, 60_000);

test("a script that makes other calls when executed again fails with NONDETERMINISTIC, its step and its line", async () => {
  beforeCommit = afterCommit = () => {};
  const id = await harness.start(
    "const at = Date.now();\n await runtime.run({ name: 'at ' + at, command: 'sleep 1' });\n await sleep('20s');",
  );
  await until(async () => (await harness.engine.getRun(id)).steps[0]?.status === "succeeded");
  // Nothing a script can see differs in replay, so the recorded clock is changed behind its back.
  const database = new Database(harness.path("runner.db"));
  const before = database.query("SELECT count(*) AS n FROM journal_observations WHERE run_id = ?").get(id) as {
    n: number;
  };
  expect(before.n).toBeGreaterThan(0);
  database.run(
    'UPDATE journal_observations SET "values" = json_set("values", \'$.clockChanges[0][1]\', 12345) WHERE run_id = ?',
    [id],
  );
  database.close();
  harness.killSandboxes();
  const run = await harness.end(id);
  expect(run.status).toBe("failed");
  expect(run.error).toMatchObject({ code: "NONDETERMINISTIC", line: 3 });
  expect(run.error?.message).toContain("at 12345");
});

test("a process that is stopped by SIGSTOP is replaced, and its runs continue", async () => {
  const id = await harness.start("await sleep('100ms'); return 'continued';");
  const stopped = [...harness.pool.pids];
  for (const pid of stopped) process.kill(pid, "SIGSTOP");
  const run = await harness.end(id);
  expect(run.result).toBe("continued");
  expect(harness.pool.pids.filter((pid) => stopped.includes(pid)).length).toBeLessThan(stopped.length);
  for (const pid of stopped) {
    try {
      process.kill(pid, "SIGCONT");
    } catch {
      // It has been killed already.
    }
  }
}, 30_000);
