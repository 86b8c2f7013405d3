// The life of a run: its result, its error, its steps, its log, its limits, its end.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { EngineHarness, until } from "../../fixtures/harness/engine-harness.ts";

let harness: EngineHarness;
beforeAll(async () => {
  harness = await EngineHarness.open({ maxConcurrentSteps: 2 });
});
afterAll(() => harness.close());

test("the returned value is the result, and console lines and output are the log, in order", async () => {
  const run = await harness.run(
    "console.log('one'); await runtime.run({ name: 'echo', command: 'echo two; echo three >&2' }); console.warn('four'); return { five: 5 };",
  );
  expect(run.status).toBe("succeeded");
  expect(run.result).toEqual({ five: 5 });
  const log = await harness.logs(run.id);
  expect(log.map(({ source, level, text }) => [source, level, text.trim()])).toEqual(
    expect.arrayContaining([
      ["console", "info", "one"],
      ["stdout", "info", "two"],
      ["stderr", "info", "three"],
      ["console", "warn", "four"],
    ]),
  );
  expect(log[0]?.text).toBe("one");
  expect(log.at(-1)?.text).toBe("four");
  expect(run.steps).toMatchObject([{ name: "echo", kind: "process", status: "succeeded", code: 0, attempts: 1 }]);
});

test("an error carries the author's file and line", async () => {
  const run = await harness.run("\n\n  throw new TypeError('boom');");
  expect(run.status).toBe("failed");
  expect(run.error).toMatchObject({ code: "SCRIPT_ERROR", message: "TypeError: boom", line: 4 });
  expect(run.error?.file).toMatch(/^p[0-9a-z]+\.ts$/);
});

test("a non-zero exit resolves with its code, and the step counts as failed", async () => {
  const run = await harness.run("return await runtime.run({ name: 'x', command: 'echo a; echo b >&2; exit 3' });");
  expect(run.result).toEqual({ code: 3, stdout: "a\n", stderr: "b\n", status: "complete" });
  expect(run.steps[0]).toMatchObject({ status: "failed", code: 3 });
});

test("a missing command rejects with its name and the PATH that was searched, at the author's line", async () => {
  const run = await harness.run("\n await runtime.run({ name: 'x', command: { path: 'no-such-command' } });");
  expect(run.error?.message).toContain("no-such-command");
  expect(run.error?.message).toContain("/bin");
  expect(run.error?.line).toBe(3);
  expect(run.steps[0]?.status).toBe("failed");
});

test("a timeout that is no duration rejects, naming the option", async () => {
  const run = await harness.run("await runtime.run({ name: 'x', command: 'true', timeout: '5 seconds' });");
  expect(run.error).toMatchObject({
    code: "VALIDATION_FAILED",
    message: 'step "x": timeout: "5 seconds" is not a duration',
  });
});

test("a timed-out step keeps its output and has a non-zero code", async () => {
  const run = await harness.run(
    "return await runtime.run({ name: 'x', command: 'echo early; sleep 30', timeout: '300ms' });",
  );
  expect(run.result).toMatchObject({ stdout: "early\n", status: "abort" });
  expect((run.result as { code: number }).code).not.toBe(0);
  expect(run.steps[0]?.status).toBe("timed_out");
});

test("a script that waits for what never comes fails with a message", async () => {
  const run = await harness.run("await new Promise(() => {});");
  expect(run.error?.code).toBe("NEVER_SETTLES");
});

test("a step that is not awaited still runs to its end before the run is over", async () => {
  const run = await harness.run(
    "void runtime.run({ name: 'later', command: 'sleep 0.2; echo done' }); setTimeout(() => {}, 1e8); return 'early';",
  );
  expect(run).toMatchObject({ status: "succeeded", result: "early" });
  expect(run.steps).toMatchObject([{ status: "succeeded" }]);
});

test("an error ends the steps that are still running", async () => {
  const run = await harness.run(
    `const slow = runtime.run({ name: 'slow', command: 'echo $$ > ${harness.path("pid")}; sleep 30' });
     while (!(await runtime.run({ name: 'look', command: 'test -s ${harness.path("pid")}' })).code === 0) await sleep(10);
     throw new Error('enough');`,
  );
  expect(run.status).toBe("failed");
  expect(run.steps[0]?.status).toBe("cancelled");
});

test("steps beyond the limit wait in order", async () => {
  const run = await harness.run(
    `const starts = [];
     await Promise.all(Array.from({ length: 6 }, (_, i) => runtime.run({ name: 's' + i, command: 'echo ' + i + ' >> ${harness.path("order")}; sleep 0.1' })));`,
  );
  expect(run.status).toBe("succeeded");
  const startedAt = run.steps.map((step) => step.startedAt ?? 0);
  expect(startedAt).toEqual([...startedAt].sort((a, b) => a - b));
  const overlaps = run.steps.map(
    (step) =>
      run.steps.filter(
        (other) =>
          other !== step &&
          (other.startedAt ?? 0) < (step.startedAt ?? 0) &&
          (other.finishedAt ?? 0) > (step.startedAt ?? 0),
      ).length,
  );
  expect(Math.max(...overlaps)).toBeLessThanOrEqual(2);
});

describe("cancelling", () => {
  test("ends a running step and the run", async () => {
    const id = await harness.start("await runtime.run({ name: 'slow', command: 'sleep 60' });");
    await until(async () => (await harness.engine.getRun(id)).steps[0]?.status === "running");
    await harness.engine.cancel(id);
    const run = await harness.end(id);
    expect(run).toMatchObject({ status: "cancelled", error: { code: "RUN_CANCELLED" } });
    expect(run.steps[0]?.status).toBe("cancelled");
  });

  test("frees the slot of a step that had not started", async () => {
    const ids = await Promise.all(
      Array.from({ length: 6 }, () => harness.start("await runtime.run({ name: 's', command: 'sleep 60' });")),
    );
    await Bun.sleep(200);
    await Promise.all(ids.map((id) => harness.engine.cancel(id)));
    for (const id of ids) expect((await harness.end(id)).status).toBe("cancelled");
    expect(
      (await harness.run("return (await runtime.run({ name: 'after', command: 'echo free' })).stdout;")).result,
    ).toBe("free\n");
  });

  test("a run that has ended cannot be cancelled", async () => {
    const run = await harness.run("return 1;");
    expect(harness.engine.cancel(run.id)).rejects.toMatchObject({ code: "RUN_ALREADY_ENDED" });
  });
});

test("storage is kept across runs of the same pipeline, and a missing key is undefined", async () => {
  await harness.add(
    "counter",
    "export const pipeline = async () => { const n = (storage.get('n') ?? 0) + 1; await storage.set('n', n); return [n, storage.list(), storage.get('none') === undefined]; };",
  );
  for (const expected of [1, 2, 3]) {
    const { runId } = await harness.engine.trigger("counter", { params: {}, args: [] });
    expect((await harness.end(runId)).result).toEqual([expected, ["n"], true]);
  }
});

test("a follower sees every entry once, from the first to the last", async () => {
  const id = await harness.start(
    "for (let i = 0; i < 200; i++) { console.log('line ' + i); if (i % 20 === 0) await sleep(1); }",
  );
  const followed = await harness.logs(id, true);
  expect(followed.map(({ text }) => text)).toEqual(Array.from({ length: 200 }, (_, i) => `line ${i}`));
});

test("a large output reaches the result by head and tail, with a marker between", async () => {
  const run = await harness.run(
    "const r = await runtime.run({ name: 'big', command: 'head -c 3000000 /dev/zero | tr \"\\\\0\" x; echo END' }); return [r.stdout.length, r.stdout.slice(-4), r.stdout.includes('dropped')];",
  );
  const [length, end, marked] = run.result as [number, string, boolean];
  expect(length).toBeLessThan(1024 * 1024 + 100);
  expect(end).toBe("END\n");
  expect(marked).toBe(true);
});

test("output is cut only between characters", async () => {
  const run = await harness.run(
    "const seen = []; await runtime.run({ name: 'utf8', command: 'i=0; while [ $i -lt 3000 ]; do printf \"é😀€\"; i=$((i+1)); done', onOutput: (_, text) => seen.push(text) }); return [seen.join('') === 'é😀€'.repeat(3000), seen.length];",
  );
  expect((run.result as [boolean, number])[0]).toBe(true);
});

test("a stalled disk stalls runs and loses none", async () => {
  let failing = false;
  const stalled = await EngineHarness.open({
    wrapStore: (store) =>
      new Proxy(store, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name);
          if (name !== "commit") return typeof value === "function" ? value.bind(target) : value;
          return async (writes: Parameters<typeof store.commit>[0]) => {
            if (failing)
              throw Object.assign(
                new (await import("../../../src/core/app-error.ts")).AppError("STORE_UNAVAILABLE", "the disk is full"),
              );
            await target.commit(writes);
          };
        },
      }),
  });
  const id = await stalled.start(
    "const r = await runtime.run({ name: 's', command: 'sleep 0.2; echo x' }); return r.stdout;",
  );
  await until(async () => (await stalled.engine.getRun(id)).steps.length === 1);
  failing = true;
  await Bun.sleep(500);
  expect(stalled.engine.trigger("nothing", { params: {}, args: [] })).rejects.toMatchObject({
    code: "PIPELINE_NOT_FOUND",
  });
  expect(stalled.start("return 1;")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  failing = false;
  expect((await stalled.end(id)).result).toBe("x\n");
  await stalled.close();
});
