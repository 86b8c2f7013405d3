// The globals a script sees.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  answerWithNothing,
  githubPush,
  ScriptRunner,
  type ScriptOptions,
} from "../../fixtures/harness/script-runner.ts";

let runner: ScriptRunner;
beforeAll(async () => {
  runner = new ScriptRunner(1);
  await runner.pool.ready;
});
afterAll(() => runner.close());

/** The value that the body returns. */
async function evaluate(body: string, options: ScriptOptions = {}): Promise<unknown> {
  const { end } = await runner.run(`export const pipeline = async () => { ${body} };`, options);
  if (end.type === "returned") return end.value;
  throw new Error(JSON.stringify(end));
}

describe("plain values", () => {
  const values: readonly (readonly [expression: string, value: unknown])[] = [
    ["new TextDecoder().decode(new TextEncoder().encode('é😀\\u0000'))", "é😀\u0000"],
    ["[...new TextEncoder().encode('€')]", [0xe2, 0x82, 0xac]],
    ["[...new TextEncoder().encode('\\ud800')]", [0xef, 0xbf, 0xbd]],
    ["new TextDecoder().decode(new Uint8Array([0xff, 0x41, 0xe2, 0x82]))", "\uFFFDA\uFFFD"],
    ["atob(btoa('hello \\u00ff'))", "hello \u00ff"],
    ["btoa('a')+btoa('ab')+btoa('abc')", "YQ==YWI=YWJj"],
    ["new URL('../x?a=1#h', 'https://user:pw@example.org:8443/b/c').href", "https://user:pw@example.org:8443/x?a=1#h"],
    ["new URL('http://h/').searchParams.get('x')", null],
    [
      "(() => { const u = new URL('http://h/?a=1'); u.searchParams.append('b', 'c d'); u.hash = 'z'; return u.href; })()",
      "http://h/?a=1&b=c+d#z",
    ],
    ["new URLSearchParams({ a: '1', b: 'ä&=' }).toString()", "a=1&b=%C3%A4%26%3D"],
    ["[...new URLSearchParams('a=1&a=2&b')].length", 3],
    ["URL.canParse('not a url')", false],
    ["structuredClone({ a: [1, { b: new Date(5) }], m: new Map([[1, 2]]) }).a[1].b.getTime()", 5],
    ["(() => { const c = {}; c.self = c; const d = structuredClone(c); return d.self === d && d !== c; })()", true],
    [
      "await crypto.hmac('sha256', 'key', 'The quick brown fox jumps over the lazy dog')",
      "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8",
    ],
    ["await crypto.hmac('SHA-512', 'a', 'b').then((hex) => hex.length)", 128],
    ["typeof new Date().getTime()", "number"],
    ["new Date(0).toISOString()", "1970-01-01T00:00:00.000Z"],
    ["new Date(2020, 0) instanceof Date && new Date().constructor === Date", true],
    ["typeof Date()", "string"],
    ["/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID())", true],
    ["crypto.getRandomValues(new Uint32Array(4)).length", 4],
    ["pipelineContext.runID + pipelineContext.triggeredBy", "run-1manual"],
    ["webhookTrigger('false')", true],
    ["webhookDedup('1')", false],
    ["http.request()", null],
  ];
  for (const [expression, value] of values) {
    test(expression, async () => expect(await evaluate(`return ${expression};`)).toEqual(value));
  }
});

test("Math.random is the same for the same run and another for another", async () => {
  const draw = async (runId: string): Promise<unknown> =>
    await evaluate("return [Math.random(), Math.random()];", { runId });
  expect(await draw("a")).toEqual(await draw("a"));
  expect(await draw("a")).not.toEqual(await draw("b"));
});

describe("the request", () => {
  test("headers are listed in lower case and read in any case", async () => {
    const value = await evaluate(
      "const { headers } = http.request(); return [headers['User-Agent'], headers['USER-AGENT'], 'X-GitHub-Event' in headers, Object.keys(headers), headers.missing ?? null];",
      { request: githubPush },
    );
    expect(value).toEqual(["GitHub-Hookshot/1", "GitHub-Hookshot/1", true, ["user-agent", "x-github-event"], null]);
  });

  test("webhookTrigger evaluates a condition over it", async () => {
    const condition = 'provider == "github" && eventType == "push" && payload.ref == "refs/heads/main"';
    expect(
      await evaluate(`return [webhookTrigger('${condition}'), webhookTrigger('eventType == "x"')];`, {
        request: githubPush,
      }),
    ).toEqual([true, false]);
  });

  test("an invalid condition is false and says why in the log", async () => {
    const { end, console } = await runner.run("export const pipeline = () => webhookTrigger('provider ==');", {
      request: githubPush,
    });
    expect(end).toEqual({ type: "returned", value: false });
    expect(console[0]).toContain(
      "webhookTrigger: the expression ends here; a value is expected (column 12)\n  provider ==\n             ^",
    );
  });

  test("an invalid condition is said in the log of a run by hand too, which passes every condition", async () => {
    const { end, console } = await runner.run("export const pipeline = () => webhookTrigger('payload.ref = 1');");
    expect(end).toEqual({ type: "returned", value: true });
    expect(console[0]).toContain("webhookTrigger");
  });

  test("webhookParams evaluates expressions over it, each by its name", async () => {
    const values = await evaluate(
      `return webhookParams({ ref: "payload.ref", who: 'headers["user-agent"]', none: "payload.none",
        up: "upper(eventType)", list: "split(payload.ref, '/')", __proto__: null, ["__proto__"]: "query.x" });`,
      { request: githubPush },
    );
    expect(values).toEqual(
      JSON.parse(
        '{"ref":"refs/heads/main","who":"GitHub-Hookshot/1","none":null,"up":"PUSH","list":["refs","heads","main"],"__proto__":"1"}',
      ),
    );
  });

  test("an expression without a value is null and says why in the log, with column and caret; the others have theirs", async () => {
    const code = `export const pipeline = () => webhookParams({ a: "payload.ref.x.y", b: "1 +", c: "method", d: 7 });`;
    const { end, console } = await runner.run(code, { request: githubPush });
    expect(end).toEqual({ type: "returned", value: { a: null, b: null, c: "POST", d: 7 } });
    expect(console).toHaveLength(2);
    expect(console[0]).toMatch(/^webhookParams: a: cannot read .* \(column \d+\)\n {2}payload\.ref\.x\.y\n +\^$/);
    expect(console[1]).toContain("webhookParams: b: the expression ends here; a value is expected (column 4)\n  1 +\n");
  });

  test("without one they are the parameters of the run by these names, or null", async () => {
    const code = `export const pipeline = () => webhookParams({ a: "payload.a", b: "payload.b", toString: "1", c: "1 +" });`;
    const { end, console } = await runner.run(code, { params: { a: "given" } });
    expect(end).toEqual({ type: "returned", value: { a: "given", b: null, toString: null, c: null } });
    expect(console).toHaveLength(1);
    expect(console[0]).toContain("webhookParams: c: the expression ends here");
  });

  test.each(["", "null", "'payload.ref'", "['payload.ref']"])("webhookParams(%s) is refused", async (given) => {
    const { end } = await runner.run(`export const pipeline = () => webhookParams(${given});`, { request: githubPush });
    expect(end).toMatchObject({
      type: "threw",
      error: { name: "TypeError", message: expect.stringContaining("an object") },
    });
  });

  test("only the first response counts, and without a webhook there is none", async () => {
    const code =
      "export const pipeline = () => { http.respond({ status: 201, body: 'a' }); http.respond({ status: 500 }); };";
    const answered = await runner.run(code, { request: githubPush });
    expect(answered.calls.map(({ kind, args }) => [kind, args])).toEqual([
      ["respond", { status: 201, headers: {}, body: "a" }],
    ]);
    expect((await runner.run(code)).calls).toEqual([]);
  });

  const refused = [
    "{ status: 99 }",
    "{ status: 600 }",
    "{ status: 200.5 }",
    "{ headers: { 'X-A': 'b\\r\\nSet-Cookie: c' } }",
    "{ headers: { 'bad name': 'b' } }",
    "{ headers: { Connection: 'close' } }",
    "{ headers: { 'Transfer-Encoding': 'chunked' } }",
    "{ body: {} }",
  ];
  for (const response of refused) {
    test(`http.respond(${response}) throws`, async () => {
      const { end, calls } = await runner.run(`export const pipeline = () => http.respond(${response});`, {
        request: githubPush,
      });
      expect(end.type).toBe("threw");
      expect(calls).toEqual([]);
    });
  }
});

describe("steps and timers", () => {
  test("a step passes its command, environment and options on as they are", async () => {
    const { calls } = await runner.run(
      "export const pipeline = () => runtime.run({ name: 'n', command: { path: 'ls', args: ['-l', 5] }, env: { A: 1 }, work_dir: '/tmp', timeout: '5s' });",
    );
    expect(calls[0]).toMatchObject({
      kind: "step",
      name: "n",
      args: {
        command: { path: "ls", args: ["-l", "5"] },
        env: { A: "1" },
        workDir: "/tmp",
        timeout: "5s",
        output: false,
      },
    });
  });

  test("output reaches onOutput before the result", async () => {
    const code = `export const pipeline = async () => {
      const seen = [];
      await runtime.run({ name: 'n', command: 'x', onOutput: (stream, text) => seen.push(stream + ':' + text) });
      return seen;
    };`;
    const hash = Bun.hash(code).toString(36);
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const handle = runner.pool.open(
      { hash, code },
      { ...specFor(hash) },
      {
        onTurn(turn) {
          if (turn.calls[0] !== undefined) {
            void handle.deliver({ type: "output", call: 1, stream: "stdout", text: "a" });
            void handle.deliver({ type: "output", call: 1, stream: "stderr", text: "b" });
            void handle.deliver({ type: "result", call: 1, ok: true, value: {} });
          }
          if (turn.end !== null) resolve(turn.end);
        },
        onAsk: async () => ({ ok: true, value: undefined }),
        onMoved: () => resolve("moved"),
        onFailed: (code_) => resolve(code_),
      },
    );
    expect(await promise).toEqual({ type: "returned", value: ["stdout:a", "stderr:b"] });
    handle.close();
  });

  test("a cleared timer does not fire, and an interval fires until it is cleared", async () => {
    const value = await evaluate(
      `let fired = 0;
       const never = setTimeout(() => { fired += 100; }, 5);
       clearTimeout(never);
       await new Promise((resolve) => { const id = setInterval(() => { if (++fired === 3) { clearInterval(id); resolve(); } }, 1); });
       return fired;`,
    );
    expect(value).toBe(3);
  });

  test("a rejected call carries the host's code and the author's place", async () => {
    const { end } = await runner.run("export const pipeline = async () => {\n\n  await sleep('2 parsecs');\n};", {
      answer: (call) => ({
        type: "result",
        call: call.number,
        ok: false,
        error: { code: "VALIDATION_FAILED", message: "no" },
      }),
    });
    expect(end).toMatchObject({ type: "threw", error: { code: "VALIDATION_FAILED", message: "no" } });
    expect(end.type === "threw" && end.error.stack).toContain("test:3:");
  });

  test("a plain function is accepted, and so is a module that awaits at its top level", async () => {
    expect((await runner.run("export function pipeline() { return 7; }")).end).toEqual({ type: "returned", value: 7 });
    expect((await runner.run("const x = await Promise.resolve(8); export const pipeline = () => x;")).end).toEqual({
      type: "returned",
      value: 8,
    });
  });
});

describe("assert", () => {
  const passes = [
    "equal({ a: [1] }, { a: [1] })",
    "notEqual(1, '1')",
    "truthy('x')",
    "containsString('abc', 'b')",
    "containsElement([1, { a: 2 }], { a: 2 })",
  ];
  const fails = [
    "equal(1, '1')",
    "notEqual([1], [1])",
    "truthy(0)",
    "containsString('abc', 'd')",
    "containsElement([1], 2)",
  ];
  for (const call of passes)
    test(`${call} passes`, async () => expect(await evaluate(`assert.${call}; return true;`)).toBe(true));
  for (const call of fails) {
    test(`${call} fails the run as an ordinary error`, async () => {
      const { end } = await runner.run(`export const pipeline = () => { assert.${call}; };`);
      expect(end.type === "threw" && end.error.name).toBe("AssertionError");
    });
  }
  test("eventuallyContainsString waits for the text", async () => {
    expect(
      await evaluate(
        "let n = 0; await assert.eventuallyContainsString(() => 'n' + n++, 'n3', { intervalMs: 1 }); return n;",
      ),
    ).toBe(4);
  });
});

test("observed values are given again in the same order when a script is executed again", async () => {
  const code =
    "export const pipeline = async () => { const a = Date.now(); await sleep(1); return [a, Date.now(), crypto.randomUUID()]; };";
  const hash = Bun.hash(code).toString(36);
  const observations: unknown[] = [];
  const execute = async (replayed: readonly unknown[]): Promise<unknown> => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const spec = specFor(hash, replayed as never);
    const handle = runner.pool.open({ hash, code }, spec, {
      onTurn(turn) {
        if (turn.observed !== null) observations.push(turn.observed);
        for (const call of turn.calls) {
          const delivery = answerWithNothing(call);
          if (delivery !== undefined) setTimeout(() => void handle.deliver(delivery), 5);
        }
        if (turn.end !== null) resolve(turn.end);
      },
      onAsk: async () => ({ ok: true, value: undefined }),
      onMoved: () => resolve("moved"),
      onFailed: (code_) => resolve(code_),
    });
    const end = await promise;
    handle.close();
    return end;
  };
  const first = await execute([]);
  const recorded = [...observations];
  observations.length = 0;
  expect(recorded.length).toBeGreaterThan(0);
  expect(await execute(recorded)).toEqual(first);
  expect(observations).toEqual([]);
});

function specFor(bundleHash: string, observations: never[] = []): Parameters<typeof runner.pool.open>[1] {
  return {
    bundleHash,
    mode: "run",
    seed: "r",
    context: {
      runID: "r",
      pipelineID: "test",
      triggeredBy: "manual",
      driverName: "local",
      args: [],
      targetJobs: [],
      params: {},
      rerunOf: null,
      after: null,
    },
    request: null,
    limits: { memoryBytes: 64 * 1024 * 1024, cpuPerDeliveryMs: 1000, cpuTotalMs: 600_000 },
    replay: { calls: observations.length > 0 ? 1 : 0, consoleLines: 0, observations, cpuUsedMs: 0 },
  };
}
