// Tests of pipelines: each answered by its table, with no effect and on a clock of its own.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Rehearsals } from "../../fixtures/harness/rehearsals.ts";

let rehearsals: Rehearsals;
beforeAll(async () => {
  rehearsals = await Rehearsals.open();
});
afterAll(() => rehearsals.close());

const runAll: Rehearsals["run"] = async (...given) => await rehearsals.run(...given);
const problemsOf: Rehearsals["problemsOf"] = async (...given) => await rehearsals.problemsOf(...given);
const passes: Rehearsals["passes"] = async (...given) => await rehearsals.passes(...given);

describe("steps", () => {
  const twice = `const run = (name) => runtime.run({ name, command: "false" });
    return [(await run("a")).code, (await run("a")).code, (await run("b")).stdout];`;

  test("are answered by name: one for all calls, or a list of which each takes the next", async () => {
    await passes(twice, { steps: { a: 4, b: "out" }, expect: { result: [4, 4, "out"], steps: ["a", "a", "b"] } });
    await passes(twice, { steps: { a: [{ code: 1 }, {}], b: {} }, expect: { result: [1, 0, ""] } });
  });

  test("a name that ends in a star stands for all that begin so; the one that says most wins", async () => {
    await passes(twice, { steps: { "*": 1, "a*": 2, b: "x" }, expect: { result: [2, 2, "x"] } });
  });

  test("one without an answer fails the test where it is called, with what to write", async () => {
    const [result] = await runAll(`console.log("so far");\nawait runtime.run({ name: "deploy", command: "x" });`, {
      it: { steps: { deploi: 0 } },
    });
    expect(result).toEqual({
      pipeline: "p",
      name: "it",
      passed: false,
      problems: [
        {
          message: 'step "deploy" has no answer in this test',
          hint: 'write steps: { "deploy": { code: 0, stdout: "" } }, and not "deploi"',
          file: "p.ts",
          line: 3,
        },
      ],
      warnings: ['steps: "deploi" was never called'],
      console: [{ level: "info", text: "so far" }],
      durationMs: expect.any(Number) as unknown as number,
    });
  });

  test("a list that is used up fails the test", async () => {
    expect(await problemsOf(twice, { steps: { a: [0], b: 0 } })).toEqual([
      'step "a" is called more often than its list has answers: 1',
    ]);
  });

  test("are tried again as the script asks for, each try with an answer of its own", async () => {
    const body = `const started = Date.now();
      const { code } = await runtime.run({ name: "a", command: "x", retry: { attempts: 3, initial: "1m", jitter: 0, backoff: "constant" } });
      return [code, Date.now() - started];`;
    await passes(body, { steps: { a: [1, 1, 0] }, expect: { result: [0, 120_000], steps: ["a"] } });
    await passes(body, { steps: { a: 1 }, expect: { result: [1, 120_000] } });
  });

  test("give their output to onOutput, and take the time that the test says", async () => {
    await passes(
      `const heard = [];
       const started = Date.now();
       const step = runtime.run({ name: "a", command: "x", onOutput: (stream, text) => heard.push(stream + text) });
       const first = await Promise.race([step.then(() => "step"), sleep("1m").then(() => "sleep")]);
       await step;
       return { heard, first, took: Date.now() - started };`,
      {
        steps: { a: { stdout: "1", stderr: "2", takes: "90s" } },
        expect: { result: { heard: ["stdout1", "stderr2"], first: "sleep", took: 90_000 } },
      },
    );
  });

  test("over their timeout are ended, and options that cannot be are refused as they would be", async () => {
    const body = (timeout: string): string =>
      `return await runtime.run({ name: "a", command: "x", timeout: "${timeout}" }).catch((error) => error.code);`;
    await passes(body("10s"), {
      steps: { a: { takes: "1h" } },
      expect: {
        result: { code: 124, stdout: "", stderr: "", status: "abort", message: "not finished within 10000 ms" },
      },
    });
    await passes(body("soon"), { steps: { a: 0 }, expect: { result: "VALIDATION_FAILED" } });
  });

  test("that cannot be started reject with the code and the message", async () => {
    const body = `return await runtime.run({ name: "a", command: "x" }).catch((error) => [error.code, error.message]);`;
    await passes(body, {
      steps: { a: { error: "no such command" } },
      expect: { result: ["STEP_NOT_STARTED", 'step "a": no such command'] },
    });
    await passes(body, {
      steps: { a: { error: { code: "IMAGE_UNAVAILABLE", message: "gone" } } },
      expect: { result: ["IMAGE_UNAVAILABLE", 'step "a": gone'] },
    });
  });

  test("in a container that stays open need no answer for its opening", async () => {
    await passes(
      `const box = await runtime.startSandbox({ image: "alpine" });
       const { stdout } = await box.exec({ name: "in", command: "x" });
       await box.close();
       return stdout;`,
      { steps: { in: "out" }, expect: { result: "out", steps: ["alpine", "in"] } },
    );
  });
});

describe("what else a script asks for", () => {
  test("fetch is answered by method and address, or by the address alone", async () => {
    const body = `const get = await fetch("http://nas/a?b=1"), post = await fetch("http://nas/c", { method: "POST", body: "x" });
      return [get.status, get.text(), post.ok, post.json(), post.headers.get("content-type")];`;
    await passes(body, {
      fetch: { "http://nas/a?b=1": "text", "POST http://nas/*": { status: 201, body: { made: true } } },
      expect: {
        result: [200, "text", true, { made: true }, "application/json"],
        fetch: ["GET http://nas/a", { name: "POST http://nas/c", body: "x" }],
      },
    });
    expect(await problemsOf(body, { fetch: { "GET http://nas/a?b=1": 500 } })).toEqual([
      'fetch "POST http://nas/c" has no answer in this test',
    ]);
    await passes(`return await fetch("http://nas/").catch(({ code, message }) => [code, message]);`, {
      fetch: { "http://nas/": { error: "refused" } },
      expect: { result: ["FETCH_FAILED", "refused"] },
    });
  });

  test("storage begins with the values of the test, and holds at the end what is expected", async () => {
    const body = `await storage.set("n", storage.get("n") + 1); await storage.delete("old"); return storage.list();`;
    await passes(body, {
      storage: { n: 1, old: true },
      expect: { result: ["n"], storage: { n: 2, old: null } },
    });
    expect(await problemsOf(body, { storage: { n: 1 }, expect: { storage: { n: 5 } } })).toEqual([
      "storage.n: expected 5, got 2",
    ]);
  });

  test("what it announces is expected by type, or with parts of its data", async () => {
    const body = `const { id } = await events.emit("deploy.done", { host: "nas", at: { line: 1, column: 2 } });
      await events.emit("deploy.over");
      return id.startsWith("evt_");`;
    const done = { name: "deploy.done", data: { at: { column: 2 } } };
    await passes(body, { expect: { result: true, events: [done, "deploy.over"] } });
    expect(
      await problemsOf(body, { expect: { events: ["deploy.done", { name: "deploy.over", data: { a: 1 } }] } }),
    ).toEqual(["events[1].data.a: expected 1, got nothing"]);
  });

  test("notifications are sent to whatever target is named, and to nobody", async () => {
    const body = `return (await notify.send({ to: "ops", message: "done", level: "success" })).success;`;
    const sent = { name: "ops", message: "done", level: "success" };
    await passes(body, { expect: { result: true, notify: [sent], events: [] } });
    expect(await problemsOf(body, { expect: { notify: [{ name: "ops", message: "failed" }] } })).toEqual([
      'notify[0].message: expected "failed", got "done"',
    ]);
  });

  test("volumes, artifacts and signatures are those of the test", async () => {
    await passes(
      `const src = await volumes.create({ name: "src" });
       const files = await src.readFiles("a.json");
       await artifacts.save("out", { volume: src, path: "a.json" });
       return [files, await crypto.hmac("sha256", { secret: "env:KEY" }, "x")];`,
      {
        volumes: { src: { "a.json": "{}" } },
        secrets: { "env:KEY": "key" },
        expect: {
          result: [{ "a.json": "{}" }, new Bun.CryptoHasher("sha256", "key").update("x").digest("hex")],
          artifacts: ["out"],
        },
      },
    );
    expect(await problemsOf(`await crypto.hmac("sha256", { secret: "env:KEY" }, "x");`, {})).toEqual([
      'secret "env:KEY" has no answer in this test',
    ]);
    expect(await problemsOf(`await volumes.readFiles("src", "b");`, { volumes: { src: { a: "" } } })).toEqual([
      'the file "b" of volume "src" is not in this test',
    ]);
  });

  test("a lock is free, but taken once and given back by whoever has it, as on a server", async () => {
    const body = `const told = (error) => error.code;
      const early = await locks.release("db").catch(told);
      await locks.take("db");
      const twice = await locks.take("db").catch(told);
      await locks.release("db");
      await locks.take("db");
      return [early, twice];`;
    await passes(body, { expect: { result: ["VALIDATION_FAILED", "DEADLOCK"] } });
  });

  test("the clock begins when the test says, and sleeps take no time", async () => {
    const startedAt = performance.now();
    await passes(
      `const times = [new Date().toISOString()];
       await sleep("25h"); times.push(new Date().toISOString());
       await sleepUntil("2026-03-01T00:00:00Z"); times.push(new Date().toISOString());
       return times;`,
      {
        now: "2026-01-31T03:00:00Z",
        expect: { result: ["2026-01-31T03:00:00.000Z", "2026-02-01T04:00:00.000Z", "2026-03-01T00:00:00.000Z"] },
      },
    );
    expect(performance.now() - startedAt).toBeLessThan(60_000);
  });

  test("chance is the same each time, and another one for another test", async () => {
    const body = "return [Math.random(), crypto.randomUUID()].join();";
    const draw = async (name: string): Promise<string> => {
      const [result] = await runAll(`console.log(await (async () => { ${body} })());`, { [name]: {} });
      return result?.console[0]?.text ?? "";
    };
    expect(await draw("a")).toBe(await draw("a"));
    expect(await draw("a")).not.toBe(await draw("b"));
  });
});

describe("what a script waits for", () => {
  const asks = `const { approved, by, comment } = await approval({ name: "go", timeout: "4h" });
    return { approved, by, comment, hours: (Date.now() - Date.parse("2026-01-01T12:00:00Z")) / 3_600_000 };`;

  test("an approval is decided by the test, or not in time", async () => {
    await passes(asks, {
      approvals: { go: true },
      expect: { result: { approved: true, by: "test", comment: null, hours: 0 } },
    });
    await passes(asks, {
      approvals: { go: { approved: false, by: "bob", comment: "no", after: "1h" } },
      expect: { result: { approved: false, by: "bob", comment: "no", hours: 1 } },
    });
    const late = { result: { approved: false, by: "timeout", comment: null, hours: 4 } };
    await passes(asks, { approvals: { go: "timeout" }, expect: late });
    await passes(asks, { approvals: { go: { approved: true, after: "5h" } }, expect: late });
    expect(await problemsOf(asks, {})).toEqual(['approval "go" has no answer in this test']);
    expect(await problemsOf(`await approval({ name: "x" });`, { approvals: { x: "timeout" } })).toEqual([
      'approval "x" has no timeout, so it cannot be over its time',
    ]);
    await passes(`await pipeline.gate("go");`, {
      approvals: { go: false },
      expect: { error: { code: "APPROVAL_DENIED" } },
    });
  });

  test("a signal brings the value of the test, or does not come in time", async () => {
    const body = `return await signal.wait("built", { timeout: "1h" }).catch((error) => error.code);`;
    await passes(body, { signals: { built: { value: [1, { a: null }] } }, expect: { result: [1, { a: null }] } });
    await passes(body, { signals: { built: "timeout" }, expect: { result: "SIGNAL_TIMEOUT" } });
    expect(await problemsOf(body, {})).toEqual(['signal "built" has no answer in this test']);
  });

  test("a run of another pipeline ends as the test says, and is only begun where nobody waits", async () => {
    const body = `const child = await triggerPipeline("home/backup", { params: { keep: 3 } });
      const started = await triggerPipeline("other", { wait: false });
      return [child.status, child.result, child.error?.message ?? null, typeof started.id];`;
    await passes(body, {
      pipelines: { "home/backup": { result: { bytes: 1 } } },
      expect: {
        result: ["succeeded", { bytes: 1 }, null, "string"],
        pipelines: [{ name: "home/backup", params: { keep: 3 } }, "other"],
      },
    });
    await passes(body, {
      pipelines: { "home/*": { error: "disk full" } },
      expect: { result: ["failed", null, "disk full", "string"] },
    });
    expect(await problemsOf(body, {})).toEqual(['pipeline "home/backup" has no answer in this test']);
  });

  test("a block is tried again on the test's clock", async () => {
    await passes(
      `const started = Date.now();
       const value = await step("block", async () => {
         const { code } = await runtime.run({ name: "a", command: "x" });
         if (code !== 0) throw new Error("not yet");
         return code;
       }, { retry: { attempts: 3, initial: "1h", max: "2h", jitter: 0, backoff: "constant" } });
       return [value, (Date.now() - started) / 3_600_000];`,
      { steps: { a: [1, 1, 0] }, expect: { result: [0, 2], steps: ["a", "a", "a"] } },
    );
  });
});

describe("the input", () => {
  test("is a webhook, found out as a received one would be", async () => {
    const body = `const { provider, eventType, method, url, headers, query, body } = http.request();
      http.respond({ status: 201, body: JSON.stringify({ ok: true }), headers: { "X-A": "b" } });
      return [provider, eventType, method, url, headers["x-github-event"], query.a, JSON.parse(body).ref,
        webhookTrigger('payload.ref == "main"'), pipelineContext.triggeredBy];`;
    await passes(body, {
      request: { headers: { "X-GitHub-Event": "push" }, body: { ref: "main" }, query: { a: "1" } },
      expect: {
        result: ["github", "push", "POST", "/api/webhooks/p?a=1", "push", "1", "main", true, "webhook"],
        respond: { status: 201, body: { ok: true }, headers: { "x-a": "b" } },
      },
    });
    await passes(`return [http.request().provider, http.request().eventType];`, {
      request: { provider: "slack", eventType: "message" },
      expect: { result: ["slack", "message"], respond: null },
    });
  });

  test("is by hand without one, with parameters of their declared types", async () => {
    const config = { params: { n: { type: "number", required: true } } } as const;
    const body =
      "return [pipelineContext.params.n, pipelineContext.args, pipelineContext.triggeredBy, http.request() ?? null];";
    await passes(body, { params: { n: "3" }, args: ["x"], expect: { result: [3, ["x"], "manual", null] } }, config);
    await passes("const { runID, ...after } = pipelineContext.after; return [after, pipelineContext.triggeredBy];", {
      after: { pipelineID: "build", error: "disk full" },
      expect: {
        result: [
          {
            pipelineID: "build",
            status: "failed",
            result: null,
            error: { code: "SCRIPT_ERROR", message: "disk full" },
          },
          "pipeline",
        ],
      },
    });
    await passes("return pipelineContext.triggeredBy;", { triggeredBy: "schedule", expect: { result: "schedule" } });
    expect(await problemsOf(body, {}, config)).toEqual([expect.stringContaining("n") as unknown as string]);
  });
});

describe("the end", () => {
  test("has to be a success unless the test says otherwise; an error is compared by its parts", async () => {
    const body = `throw new TypeError("no such thing");`;
    expect(await problemsOf(body, {})).toEqual([
      "status: expected succeeded, got failed (SCRIPT_ERROR: TypeError: no such thing)",
    ]);
    await passes(body, { expect: { error: "no such" } });
    await passes(body, { expect: { error: { code: "SCRIPT_ERROR", line: 2 } } });
    expect(await problemsOf(body, { expect: { error: { line: 3 } } })).toHaveLength(1);
    expect(await problemsOf("return 1;", { expect: { error: "x" } })).toEqual([
      "status: expected failed, got succeeded",
    ]);
  });

  test("by the run's time limit comes on the test's clock, with time to tidy up", async () => {
    const body = `try { await sleep("1h"); } finally { await runtime.run({ name: "tidy", command: "x" }); }`;
    const table = { steps: { tidy: 0 }, expect: { status: "timed_out", steps: ["tidy"] } };
    await passes(body, table, { timeoutMs: 60_000 });
    expect(await problemsOf(body, table, { timeoutMs: 7_200_000 })).toEqual([
      "status: expected timed_out, got succeeded",
    ]);
  });

  test("by a cancellation comes while the step executes that says so", async () => {
    const body = `try { await runtime.run({ name: "long", command: "x" }); }
      catch (error) { console.log(error.name); throw error; }`;
    await passes(body, {
      steps: { long: { cancel: true, takes: "5s" } },
      expect: { status: "cancelled", console: ["CancelledError"] },
    });
  });

  test("waits for steps that the script does not wait for, but for no timer", async () => {
    const body = `setInterval(() => console.log("tick"), 60_000);
      void runtime.run({ name: "a", command: "x" }).then(() => console.log("a is done"));
      return 1;`;
    await passes(body, { steps: { a: { takes: "90s" } }, expect: { result: 1, console: ["tick", "a is done"] } });
  });

  test("never comes where the script waits for nothing", async () => {
    await passes("await new Promise(() => {});", { expect: { error: { code: "NEVER_SETTLES" } } }, { timeoutMs: 1000 });
    expect(await problemsOf("for (;;);", {})).toEqual([expect.stringContaining("CPU_LIMIT") as unknown as string]);
  }, 30_000);
});

test("vars are those of the test, else references to its secrets, and jobs are told to nobody", async () => {
  const body = `
    jobs.declare([{ name: "build" }]);
    jobs.begin("build");
    const found = await vars.find(["registry", "TOKEN", "none"]);
    jobs.end("build", { status: "succeeded" });
    return found;`;
  const result = { registry: { host: "r.lan" }, TOKEN: { secret: "secret:TOKEN" } };
  const given = { vars: { registry: { host: "r.lan" } }, secrets: { "secret:TOKEN": "x" } };
  await passes(body, { ...given, expect: { result } });
  expect(await problemsOf(body, { expect: { result } })).not.toEqual([]);
});
