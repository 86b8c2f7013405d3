// `fetch` and `YAML` as a script meets them: what it may pass, and what it gets.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ScriptRunner, type ScriptOptions } from "../../fixtures/harness/script-runner.ts";

let runner: ScriptRunner;
beforeAll(async () => {
  runner = new ScriptRunner(1);
  await runner.pool.ready;
});
afterAll(() => runner.close());

async function evaluate(body: string, options: ScriptOptions = {}): Promise<unknown> {
  const { end } = await runner.run(`export const pipeline = async () => { ${body} };`, options);
  if (end.type === "returned") return end.value;
  throw new Error(JSON.stringify(end));
}

/** What a script that does this hands to the host. */
async function callOf(expression: string): Promise<{ name: string; args: unknown } | undefined> {
  const { calls, end } = await runner.run(`export const pipeline = async () => { await ${expression}; };`);
  // The host of this test answers with nothing, which is no answer of a fetch.
  if (calls[0] === undefined) throw new Error(JSON.stringify(end));
  return { name: calls[0].name, args: calls[0].args };
}

/** The message and the hint that the script catches. */
const caught = async (expression: string): Promise<unknown> =>
  await evaluate(`try { await ${expression}; } catch (e) { return [e.message, e.hint ?? ''].join(' | '); }`);

const answered = (value: Record<string, unknown>): ScriptOptions => ({
  answer: (call) => ({
    type: "result",
    call: call.number,
    ok: true,
    value: { url: "http://h/", redirected: false, status: 200, statusText: "OK", headers: {}, ...value } as never,
  }),
});

describe("fetch takes", () => {
  test.each([
    ["fetch('http://h')", "GET http://h/", { url: "http://h", method: "GET", headers: {}, redirect: "follow" }],
    ["fetch('https://u:p@h/a/b?token=x#y')", "GET https://h/a/b", {}],
    ["fetch(new URL('x', 'http://h/a/'))", "GET http://h/a/x", { url: "http://h/a/x" }],
    [
      "fetch('http://h', { method: 'post', body: 'täxt' })",
      "POST http://h/",
      { body: "täxt", headers: { "content-type": "text/plain;charset=UTF-8" } },
    ],
    [
      "fetch('http://h', { method: 'POST', body: new URLSearchParams({ a: 'b c' }) })",
      "POST http://h/",
      { body: "a=b+c", headers: { "content-type": "application/x-www-form-urlencoded;charset=UTF-8" } },
    ],
    [
      "fetch('http://h', { method: 'PUT', body: new Uint8Array([1, 2]).buffer })",
      "PUT http://h/",
      { bytes: "AQI=", headers: {} },
    ],
    [
      "fetch('http://h', { method: 'PUT', body: new Uint8Array([0, 1, 2]).subarray(1), headers: [['Content-Type', 'x/y']] })",
      "PUT http://h/",
      { bytes: "AQI=", headers: { "content-type": "x/y" } },
    ],
    [
      "fetch('http://h', { headers: new Map([['X-A', 1]]), timeout: 500, redirect: 'manual' })",
      "GET http://h/",
      { headers: { "x-a": "1" }, timeout: 500, redirect: "manual" },
    ],
    ["fetch('http://h', { headers: { a: undefined, b: null, c: 0 } })", "GET http://h/", { headers: { c: "0" } }],
    [
      "fetch('http://h', { headers: { A: { secret: 'env:K', prefix: 'token ' } } })",
      "GET http://h/",
      { headers: { a: { secret: "env:K", prefix: "token " } } },
    ],
    ["fetch({ secret: 'file:/run/hook' })", "GET file:/run/hook", { url: { secret: "file:/run/hook" } }],
    ["fetch('http://h', undefined)", "GET http://h/", {}],
    ["fetch('http://h', { method: 'DELETE', body: null })", "DELETE http://h/", { method: "DELETE" }],
  ])("%s", async (expression, name, args) => expect(await callOf(expression)).toMatchObject({ name, args }));
});

describe("fetch refuses", () => {
  test.each([
    ["fetch()", "takes an address"],
    ["fetch({})", "takes an address"],
    ["fetch('/api?token=hush')", '"/api" is not an address of http or https | write it in full'],
    ["fetch('ftp://h/')", "not an address of http or https"],
    ["fetch('http://h', 'POST')", "must be an object"],
    ["fetch('http://h', { metod: 'POST' })", 'unknown option "metod" | did you mean "method"?'],
    ["fetch('http://h', { signal: 1 })", "signal must be an AbortSignal"],
    ["fetch('http://h', { json: {} })", "JSON.stringify"],
    ["fetch('http://h', { credentials: 'omit' })", "the options are method, headers"],
    ["fetch('http://h', { method: 'POST', body: { a: 1 } })", "body is an object; write body: JSON.stringify(data)"],
    ["fetch('http://h', { method: 'POST', body: [1] })", "body is a list"],
    ["fetch('http://h', { method: 'POST', body: 5 })", "body is a number"],
    ["fetch('http://h', { body: 'x' })", 'set method: "POST"'],
    ["fetch('http://h', { method: 'CONNECT' })", "not a method"],
    ["fetch('http://h', { method: 'A B' })", "not a method"],
    ["fetch('http://h', { headers: 'x' })", "headers must be an object"],
    ["fetch('http://h', { headers: { 'a b': '1' } })", "not a valid header name"],
    ["fetch('http://h', { headers: { a: '1\\r\\nb: 2' } })", "line break"],
    ["fetch('http://h', { headers: { 'Content-Length': 5 } })", "belongs to the connection"],
    ["fetch('http://h', { headers: { a: { secret: 'hush' } } })", 'like { secret: "env:NAME" }'],
    ["fetch('http://h', { headers: { a: {} } })", "a secret is named"],
    ["fetch('http://h', { headers: { a: { secret: 'env:A', prefix: 1 } } })", "prefix"],
    ["fetch('http://h', { redirect: 'never' })", "redirect must be"],
  ])("%s", async (expression, message) => {
    const text = await caught(expression);
    expect(text).toContain(message);
    expect(text).not.toContain("hush");
  });

  test("arguments over 1 MiB, as everywhere", async () => {
    const body = (length: number): string =>
      `await fetch('http://h', { method: 'POST', body: 'x'.repeat(${length}) });`;
    const { end } = await runner.run(`export const pipeline = async () => { ${body(1024 * 1024)} };`);
    expect(end).toMatchObject({ type: "limit", code: "VALUE_TOO_LARGE" });
  });

  test("shapes that only a tampered guest can send", async () => {
    const tampered = `Object.prototype.toJSON = function () { return this.kind === 'fetch' ? { ...this, toJSON: undefined, args: { url: 5 } } : this; };`;
    const { end } = await runner.run(`export const pipeline = async () => { ${tampered} await fetch('http://h'); };`);
    expect(JSON.stringify(end)).toContain("malformed");
  });
});

describe("an answer", () => {
  test("has headers that are read in any case, also one called get", async () => {
    const headers = { "content-type": "x/y", get: "G", link: "L" };
    const value = await evaluate(
      `const { headers } = await fetch('http://h');
       return [headers['Content-TYPE'], headers.get('CONTENT-type'), headers.get('get'), headers.get('none'), headers.has('Link'),
         headers.has('none'), Object.keys(headers), [...headers], 'GET' in headers, headers.constructor ?? null];`,
      answered({ headers }),
    );
    const pairs = Object.entries(headers);
    expect(value).toEqual(["x/y", "x/y", "G", null, true, false, Object.keys(headers), pairs, true, null]);
  });

  test("gives its text and data as plain values that can be awaited", async () => {
    const value = await evaluate(
      `const r = await fetch('http://h');
       return [r.json().x, (await r.json()).x, r.text().length, (await r.text()).length, [...r.bytes()].length, r.arrayBuffer().byteLength];`,
      answered({ text: '\uFEFF{"x":"ä"}' }),
    );
    expect(value).toEqual(["ä", "ä", 9, 9, 13, 13]);
  });

  test("that is no JSON says what it is instead", async () => {
    const ask = "(async () => (await fetch('http://h/x')).json())()";
    const message = async (value: Record<string, unknown>): Promise<unknown> =>
      await evaluate(`try { await ${ask}; } catch (e) { return e.name + ' ' + e.message; }`, answered(value));
    expect(await message({ text: "<html>Login</html>", status: 401 })).toContain(
      'SyntaxError fetch: the answer of GET http://h/x (HTTP 401) is not JSON: it begins with "<html>Login</html>"',
    );
    expect(await message({ text: "" })).toContain("it is empty");
  });

  test("can be returned and shown", async () => {
    const { end, console } = await runner.run(
      "export const pipeline = async () => { const r = await fetch('http://h'); console.log(r); return r; };",
      answered({ headers: { a: "b" } }),
    );
    const value = { status: 200, statusText: "OK", ok: true, url: "http://h/", redirected: false, headers: { a: "b" } };
    expect(end).toEqual({ type: "returned", value });
    expect(console[0]).toContain("status: 200");
  });

  test("that does not fit into the memory ends the run, and is never cut or changed", async () => {
    const base64 = Buffer.alloc(10 * 1024 * 1024, 0xff).toString("base64");
    const { end } = await runner.run(
      "export const pipeline = async () => { const r = await fetch('http://h'); return r.text().length; };",
      answered({ base64 }),
    );
    expect(end).toMatchObject({ type: "limit", code: "MEMORY_LIMIT" });
    const keep = "const all = []; for (;;) all.push(await fetch('http://h'));";
    const kept = await runner.run(
      `export const pipeline = async () => { ${keep} };`,
      answered({ text: "x".repeat(8e6) }),
    );
    expect(kept.end).toMatchObject({ type: "limit", code: "MEMORY_LIMIT" });
  });
});

describe("YAML", () => {
  test.each([
    ["YAML.parse('a: [1, x]')", { a: [1, "x"] }],
    ["yaml.parse('a: 1')", { a: 1 }],
    ["await YAML.parse('a: 1')", { a: 1 }],
    ["YAML.parseAll('a\\n---\\nb\\n')", ["a", "b"]],
    [
      "YAML.stringify({ a: [1, 'yes'], at: new Date(0), none: undefined })",
      'a:\n  - 1\n  - "yes"\nat: "1970-01-01T00:00:00.000Z"\n',
    ],
    ["YAML.parse('a\\u0000b: \"x\\\\0\"')", { "a\u0000b": "x\u0000" }],
  ])("%s", async (expression, value) => expect(await evaluate(`return ${expression};`)).toEqual(value));

  test.each([
    ["YAML.parse('a: 1\\na: 2')", 'YAML.parse: the key "a" is there twice at line 2, column 1'],
    ["YAML.parse('--- 1\\n--- 2')", "use YAML.parseAll"],
    ["YAML.parse(5)", "takes a text, not number"],
    ["YAML.parse('x'.repeat(1024 * 1024 + 1))", "over 1 MiB"],
    ["YAML.stringify((() => { const a = []; a.push(a); return a; })())", "circular"],
    ["YAML.stringify(undefined)", "type undefined"],
    ["YAML.stringify('x'.repeat(1024 * 1024))", "over 1 MiB"],
    ["YAML.stringify(Array(300000).fill(1))", "200000 values"],
  ])("%s is refused", async (expression, message) => {
    expect(await evaluate(`try { ${expression}; } catch (e) { return e.message; }`)).toContain(message);
  });

  test("an error has its place as numbers", async () => {
    expect(
      await evaluate("try { YAML.parse('a:\\n  - ]'); } catch (e) { return [e.name, e.line, e.column]; }"),
    ).toEqual(["SyntaxError", 2, 5]);
  });

  test("a hostile text does not cost the process", async () => {
    const { pids } = runner.pool;
    const hostile = "for (let i = 0; i < 3; i++) try { YAML.parse('}{'.repeat(500000)); } catch {} return 1;";
    expect(await evaluate(hostile, { limits: { cpuPerDeliveryMs: 20_000 } })).toBe(1);
    expect(runner.pool.pids).toEqual(pids);
  }, 60_000);
});
