// Steps and fetches that are tried again: in the log, in the run's rows, over restarts and out of memory.

import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { Step } from "../../../src/core/run.ts";
import { readProcessStat } from "../../../src/executors/process/process-stat.ts";
import { AheadClock } from "../../fixtures/harness/ahead-clock.ts";
import { EngineHarness, until } from "../../fixtures/harness/engine-harness.ts";

let harness: EngineHarness;
afterEach(() => harness.close());

const minuteMs = 60_000;

async function stepOf(id: string, index = 0): Promise<Step | undefined> {
  return (await harness.engine.getRun(id)).steps[index];
}

async function textsOf(id: string): Promise<string[]> {
  return (await harness.logs(id)).map(({ text }) => text);
}

/** Fails until it was run `times` times, and says at each how often that is. */
function flaky(times: number): string {
  const file = harness.path("tries");
  return `echo x >> ${file}; n=$(wc -l < ${file}); echo try $n; echo error $n >&2; test $n -ge ${times}`;
}

/** Ends a step as a reboot does: nobody of it lives, and nobody has seen its end. */
async function interrupt(pidFile: string): Promise<void> {
  await harness.engine.stop({ stopSteps: false, graceMs: 5000 });
  const pid = Number(await readFile(harness.path(pidFile), "utf8"));
  const fields = await readFile(`/proc/${pid}/stat`, "utf8");
  const session = Number(fields.slice(fields.lastIndexOf(")") + 2).split(" ")[3]);
  process.kill(-session, "SIGKILL");
  await until(() => readProcessStat(pid) === null);
}

describe("a step that is tried again", () => {
  test("resolves with its last attempt; the log has the output of all of them, and why there was another", async () => {
    harness = await EngineHarness.open();
    const run = await harness.run(
      `let seen = "";
       const r = await runtime.run({ name: "flaky", command: "${flaky(3)}", onOutput: (stream, text) => { if (stream === "stdout") seen += text; },
         retry: { attempts: 5, initial: "20ms", jitter: 0 } });
       return [r.code, r.stdout, r.stderr, seen];`,
    );
    expect(run.error).toBeNull();
    expect(run.result).toEqual([0, "try 3\n", "error 3\n", "try 1\ntry 2\ntry 3\n"]);
    expect(run.steps).toMatchObject([{ status: "succeeded", attempts: 3, code: 0, message: null, until: null }]);
    const log = await harness.logs(run.id);
    expect(log.filter(({ source }) => source !== "stderr").map(({ text }) => text)).toEqual([
      "try 1\n",
      'step "flaky": attempt 1 of 5 failed: exit code 1; the next one begins in 20 ms',
      "try 2\n",
      'step "flaky": attempt 2 of 5 failed: exit code 1; the next one begins in 40 ms',
      "try 3\n",
    ]);
    const errors = log.filter(({ source }) => source === "stderr").map(({ text }) => text);
    expect(errors).toEqual(["error 1\n", "error 2\n", "error 3\n"]);
  });

  test("resolves with the failure of its last attempt, which says so in the run", async () => {
    harness = await EngineHarness.open();
    const run = await harness.run(
      `const r = await runtime.run({ name: "bad", command: "echo x >> ${harness.path("tries")}; exit 7", retry: { attempts: 2, initial: 5 } }); return r.code;`,
    );
    expect(run.result).toBe(7);
    expect(run.steps).toMatchObject([{ status: "failed", attempts: 2, code: 7, message: "exit code 7" }]);
    expect(await harness.lines("tries")).toHaveLength(2);
  });

  test("is tried again over its time limit, and after a start that failed where that is named", async () => {
    harness = await EngineHarness.open();
    const run = await harness.run(
      `const slow = await runtime.run({ name: "slow", command: "sleep 5", timeout: "50ms", retry: { attempts: 2, initial: 5 } });
       const retry = { attempts: 3, initial: 5, on: ["STEP_NOT_STARTED"] };
       const code = await runtime.run({ name: "absent", command: { path: "no-such-command" }, retry }).catch((e) => e.code);
       const wrong = await runtime.run({ name: "wrong", command: "true", timeout: "soon", retry: 3 }).catch((e) => e.code);
       return [slow.code, code, wrong];`,
    );
    expect(run.result).toEqual([124, "STEP_NOT_STARTED", "VALIDATION_FAILED"]);
    expect(run.steps).toMatchObject([
      { status: "timed_out", attempts: 2 },
      { status: "failed", attempts: 3 },
      { status: "failed", attempts: 1 },
    ]);
  });

  test("waits as a waiting row with a time and a reason, and holds no step's place meanwhile", async () => {
    harness = await EngineHarness.open({ maxConcurrentSteps: 1 });
    const id = await harness.start(
      `await runtime.run({ name: "flaky", command: "exit 3", retry: { attempts: 2, initial: "50s", jitter: 0 } });`,
    );
    await until(async () => (await stepOf(id))?.status === "waiting");
    const step = await stepOf(id);
    expect(step).toMatchObject({ attempts: 1, code: 3, message: "exit code 3", finishedAt: null });
    expect((step?.until ?? 0) - (step?.startedAt ?? 0)).toBeGreaterThanOrEqual(50_000);
    expect((await harness.run(`return (await runtime.run({ command: "true" })).code;`)).result).toBe(0);
    // It is back within a minute, so the run stays in memory.
    expect((await harness.engine.getRun(id)).status).toBe("running");
    await harness.engine.cancel(id);
    const run = await harness.end(id);
    expect(run).toMatchObject({ status: "cancelled", steps: [{ status: "cancelled", attempts: 1, until: null }] });
  });

  test("lets its run leave memory for a long wait, and is tried at the time it told before a restart", async () => {
    const clock = new AheadClock();
    harness = await EngineHarness.open({ clock });
    const id = await harness.start(
      `console.log("begins");
       const r = await runtime.run({ name: "flaky", command: "${flaky(2)}", retry: { attempts: 3, initial: "30m", max: "1h", jitter: 0 } });
       return r.stdout;`,
    );
    await until(async () => (await harness.engine.getRun(id)).status === "waiting");
    const told = (await stepOf(id))?.until ?? 0;
    expect(told - clock.now()).toBeWithin(29 * minuteMs, 30 * minuteMs + 1);
    expect((await harness.engine.getRun(id)).wakeAt).toBe(told);
    clock.advance(20 * minuteMs);
    harness = await harness.restart();
    await Bun.sleep(100);
    expect(await stepOf(id)).toMatchObject({ status: "waiting", until: told, attempts: 1 });
    expect(await harness.lines("tries")).toHaveLength(1);
    clock.advance(told - clock.now() + 1);
    const run = await harness.end(id);
    expect(run).toMatchObject({ status: "succeeded", result: "try 2\n", steps: [{ attempts: 2 }] });
    expect((await textsOf(id)).filter((text) => text === "begins")).toHaveLength(1);
  });

  test("that waits out of memory is ended by cancelling the run", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start(
      `try { await runtime.run({ name: "flaky", command: "exit 1", retry: { attempts: 2, initial: "1h", max: "1h" } }); } catch (e) { console.log(e.name); }`,
    );
    await until(async () => (await harness.engine.getRun(id)).status === "waiting");
    await harness.engine.cancel(id);
    const run = await harness.end(id);
    expect(run).toMatchObject({ status: "cancelled", steps: [{ status: "cancelled", attempts: 1 }] });
    expect(await textsOf(id)).toContain("CancelledError");
  });

  test("goes on after a restart between two attempts, also where its sandbox was killed meanwhile", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start(
      `const r = await runtime.run({ name: "flaky", command: "${flaky(3)}", retry: { attempts: 3, initial: "400ms", jitter: 0 } }); return r.stdout;`,
    );
    await until(async () => (await stepOf(id))?.status === "waiting");
    harness.killSandboxes();
    harness = await harness.restart();
    const run = await harness.end(id);
    expect(run).toMatchObject({ error: null, result: "try 3\n", steps: [{ attempts: 3, status: "succeeded" }] });
    expect(await harness.lines("tries")).toHaveLength(3);
    const notes = (await textsOf(id)).filter((text) => text.includes("failed: exit code 1"));
    expect(notes).toHaveLength(2);
  });

  test("goes on over a restart with the attempt that runs, its output and its place among the attempts", async () => {
    harness = await EngineHarness.open();
    const [tries, go] = [harness.path("tries"), harness.path("go")];
    const id = await harness.start(
      `const command = "echo x >> ${tries}; n=$(wc -l < ${tries}); echo begun $n; test $n = 2 && while [ ! -e ${go} ]; do sleep 0.05; done; echo done $n; exit $((3 - n))";
       let seen = "";
       const r = await runtime.run({ name: "flaky", command, onOutput: (_, text) => { seen += text; }, retry: { attempts: 3, initial: 5, jitter: 0 } });
       return [r.code, r.stdout, seen];`,
    );
    await until(async () => (await textsOf(id)).includes("begun 2\n"));
    harness = await harness.restart();
    await harness.write("go", "");
    const run = await harness.end(id);
    const all = [1, 2, 3].map((n) => `begun ${n}\ndone ${n}\n`);
    expect(run).toMatchObject({ error: null, result: [0, all[2], all.join("")], steps: [{ attempts: 3 }] });
    const log = await harness.logs(id);
    expect(log.flatMap(({ source, text }) => (source === "stdout" ? [text] : [])).join("")).toBe(all.join(""));
    expect(log.flatMap(({ source, text }) => (source === "system" ? [text] : []))).toEqual([
      'step "flaky": attempt 1 of 3 failed: exit code 2; the next one begins in 5 ms',
      'step "flaky": attempt 2 of 3 failed: exit code 1; the next one begins in 10 ms',
    ]);
  });

  test("whose attempt is interrupted is run again, which takes none of its attempts", async () => {
    harness = await EngineHarness.open();
    const [tries, pid] = [harness.path("tries"), harness.path("pid")];
    const id = await harness.start(
      `const command = "echo x >> ${tries}; case $(wc -l < ${tries}) in 1) exit 1;; 2) echo $$ > ${pid}; echo begun; sleep 60;; esac; echo done";
       const r = await runtime.run({ name: "second", command, retry: { attempts: 2, initial: 5, jitter: 0 } });
       return [r.code, r.stdout];`,
    );
    await until(async () => (await harness.lines("pid")).length === 1 && (await textsOf(id)).includes("begun\n"));
    await interrupt("pid");
    harness = await harness.restart();
    const run = await harness.end(id);
    expect(run).toMatchObject({ error: null, result: [0, "done\n"], steps: [{ attempts: 3, status: "succeeded" }] });
    expect(await textsOf(id)).toEqual([
      'step "second": attempt 1 of 2 failed: exit code 1; the next one begins in 5 ms',
      "begun\n",
      'step "second": was interrupted by the end of the server or of the machine; it is run again',
      "done\n",
    ]);
  });

  test('that is interrupted rejects with onInterrupt: "fail", and is not run again', async () => {
    harness = await EngineHarness.open();
    const [mark, pid] = [harness.path("mark"), harness.path("pid")];
    const id = await harness.start(
      `try {
         await runtime.run({ name: "once", command: "echo x >> ${mark}; echo $$ > ${pid}; sleep 60", onInterrupt: "fail", retry: 3 });
       } catch (e) { return [e.code, e.message, e.hint]; }`,
    );
    await until(async () => (await harness.lines("pid")).length === 1);
    await interrupt("pid");
    harness = await harness.restart();
    const run = await harness.end(id);
    expect(run.result).toEqual([
      "INTERRUPTED",
      'step "once": it was interrupted by the end of the server or of the machine, and nobody knows how far it came',
      "look at what it did, then run it again",
    ]);
    expect(run.steps).toMatchObject([{ status: "failed", attempts: 1 }]);
    expect(await harness.lines("mark")).toEqual(["x"]);
  });

  test("that nobody waits for is tried to its end before the run ends", async () => {
    harness = await EngineHarness.open();
    const run = await harness.run(
      `void runtime.run({ name: "flaky", command: "${flaky(2)}", retry: { attempts: 2, initial: "200ms" } }); return 1;`,
    );
    expect(run).toMatchObject({ status: "succeeded", result: 1, steps: [{ status: "succeeded", attempts: 2 }] });
  });
});

describe("a fetch that is tried again", () => {
  let server: ReturnType<typeof Bun.serve>;
  let url: string;
  const asked: string[] = [];
  /** Answers by path, in order; then 200. */
  const answers = new Map<string, (() => Response | Promise<Response>)[]>();
  beforeAll(() => {
    server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      idleTimeout: 0,
      fetch: async (request) => {
        const { pathname } = new URL(request.url);
        asked.push(`${request.method} ${pathname}`);
        return (await answers.get(pathname)?.shift()?.()) ?? new Response("fine");
      },
    });
    url = `http://127.0.0.1:${server.port}`;
  });
  afterEach(() => {
    asked.length = 0;
    answers.clear();
  });
  afterAll(async () => await server.stop(true));

  const busy =
    (headers: Record<string, string> = {}) =>
    () =>
      new Response("busy", { status: 503, headers });
  const hang = (): Promise<Response> => new Promise(() => {});

  test("resolves with the last answer, and the log says why there was another", async () => {
    harness = await EngineHarness.open();
    answers.set("/a", [busy(), () => new Response("no", { status: 429 })]);
    const run = await harness.run(
      `const r = await fetch("${url}/a", { retry: { attempts: 4, initial: 20, jitter: 0 } }); return [r.status, r.text()];`,
    );
    expect(run.result).toEqual([200, "fine"]);
    expect(run.steps).toMatchObject([{ kind: "fetch", status: "succeeded", attempts: 3, code: 200 }]);
    expect(await textsOf(run.id)).toEqual([
      `step "GET ${url}/a": attempt 1 of 4 failed: HTTP 503; the next one begins in 20 ms`,
      `step "GET ${url}/a": attempt 2 of 4 failed: HTTP 429; the next one begins in 40 ms`,
    ]);
  });

  test("is made again after a failure of the network and after a time-out, but not after 404", async () => {
    harness = await EngineHarness.open();
    answers.set("/slow", [hang]);
    answers.set("/404", [() => new Response("", { status: 404 })]);
    const run = await harness.run(
      `const retry = { attempts: 2, initial: 5 };
       const refused = await fetch("http://127.0.0.1:1/", { retry }).catch((e) => e.code);
       const slow = await fetch("${url}/slow", { retry, timeout: "200ms" });
       const absent = await fetch("${url}/404", { retry });
       const named = await fetch("${url}/404-named", { retry: { ...retry, on: [200] } });
       return [refused, slow.status, absent.status, named.status];`,
    );
    expect(run.result).toEqual(["FETCH_FAILED", 200, 404, 200]);
    expect(run.steps.map(({ attempts }) => attempts)).toEqual([2, 2, 1, 2]);
  });

  test("waits as long as Retry-After asks, within the longest wait, and not in memory", async () => {
    const clock = new AheadClock();
    harness = await EngineHarness.open({ clock });
    answers.set("/later", [busy({ "Retry-After": "600" }), busy({ "Retry-After": "86400" })]);
    const id = await harness.start(
      `const r = await fetch("${url}/later", { method: "POST", retry: { attempts: 3, initial: "1s", max: "20m" } }); return r.status;`,
    );
    await until(async () => (await harness.engine.getRun(id)).status === "waiting");
    const first = (await stepOf(id))?.until ?? 0;
    expect(first - clock.now()).toBeWithin(9 * minuteMs, 10 * minuteMs + 1);
    harness = await harness.restart();
    await Bun.sleep(100);
    expect([(await stepOf(id))?.until, asked.length]).toEqual([first, 1]);
    clock.advance(10 * minuteMs);
    await until(() => asked.length === 2);
    await until(async () => (await harness.engine.getRun(id)).status === "waiting");
    expect(((await stepOf(id))?.until ?? 0) - clock.now()).toBeWithin(19 * minuteMs, 20 * minuteMs + 1);
    clock.advance(20 * minuteMs);
    expect(await harness.end(id)).toMatchObject({ result: 200, steps: [{ attempts: 3, status: "succeeded" }] });
  });

  test("that was under way when the server ended is repeated, unless it could do harm", async () => {
    harness = await EngineHarness.open();
    for (const path of ["/get", "/post", "/post-again", "/get-once"]) answers.set(path, [hang]);
    const id = await harness.start(
      `const settled = await Promise.allSettled([
         fetch("${url}/get"), fetch("${url}/post", { method: "POST" }),
         fetch("${url}/post-again", { method: "POST", onInterrupt: "retry" }), fetch("${url}/get-once", { onInterrupt: "fail" }),
       ]);
       return settled.map(({ value, reason }) => value?.status ?? reason.code);`,
    );
    await until(() => asked.length === 4);
    harness = await harness.restart();
    const run = await harness.end(id);
    expect(run.result).toEqual([200, "INTERRUPTED", 200, "INTERRUPTED"]);
    expect(run.steps.map(({ attempts }) => attempts)).toEqual([2, 1, 2, 1]);
    expect(asked.slice(4).sort()).toEqual(["GET /get", "POST /post-again"]);
  });
});
