// `fetch` of a script, from the call to the answer: its secrets, its place in the journal, its end with its run.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { EngineHarness, until } from "../../fixtures/harness/engine-harness.ts";

let harness: EngineHarness;
let server: ReturnType<typeof Bun.serve>;
let url: string;
/** Requests by path. */
const asked = new Map<string, number>();
const seen: Request[] = [];
const waiting = new Set<Request>();
let mostWaiting = 0;

beforeAll(async () => {
  harness = await EngineHarness.open();
  server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer, idleTimeout: 0 });
  url = `http://127.0.0.1:${server.port}`;
});
afterAll(async () => {
  await harness.close();
  await server.stop(true);
});

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  asked.set(pathname, (asked.get(pathname) ?? 0) + 1);
  seen.push(request.clone() as Request);
  waiting.add(request);
  mostWaiting = Math.max(mostWaiting, waiting.size);
  request.signal.addEventListener("abort", () => waiting.delete(request));
  if (pathname === "/never") await new Promise(() => {});
  if (pathname === "/slow") await Bun.sleep(100);
  waiting.delete(request);
  if (pathname === "/big") return new Response("0123456789abcdef".repeat(640 * 1024));
  if (pathname === "/too-big") return new Response("0123456789abcdef".repeat(640 * 1024 + 1));
  if (pathname === "/bytes") return new Response(new Uint8Array([0, 255, 128, 65]));
  if (pathname === "/fails") return new Response("no", { status: 503 });
  const echo = { method: request.method, body: await request.text(), headers: request.headers.toJSON() };
  return Response.json(echo, { headers: { "X-Thing": "Value" } });
}

async function journal(): Promise<string> {
  const db = new Database(`${harness.folder}/runner.db`, { readonly: true });
  const tables = db.query("SELECT name FROM sqlite_schema WHERE type = 'table'").all() as { name: string }[];
  const rows = tables.map(({ name }) => JSON.stringify(db.query(`SELECT * FROM "${name}"`).all()));
  db.close();
  return rows.join("\n");
}

describe("an answer", () => {
  test("is there with status, headers and data, and is a step of the run", async () => {
    const run = await harness.run(
      `const r = await fetch('${url}/echo?token=hush', { method: 'post', body: JSON.stringify({ a: 1 }), headers: { 'X-A': 'b' } });
       return [r.status, r.ok, r.headers['x-THING'], r.headers.get('X-Thing'), r.json().method, (await r.json()).body, r.url];`,
    );
    expect(run.error).toBeNull();
    expect(run.result).toEqual([200, true, "Value", "Value", "POST", '{"a":1}', `${url}/echo?token=hush`]);
    expect(run.steps).toMatchObject([{ name: `POST ${url}/echo`, kind: "fetch", status: "succeeded", code: 200 }]);
  });

  test("with an error status is no error", async () => {
    const run = await harness.run(
      `const r = await fetch('${url}/fails'); return [r.status, r.ok, r.statusText, r.text()];`,
    );
    expect(run.result).toEqual([503, false, "Service Unavailable", "no"]);
    expect(run.steps).toMatchObject([{ status: "succeeded", code: 503 }]);
  });

  test("may be bytes", async () => {
    const run = await harness.run(
      `const r = await fetch('${url}/bytes');
       return [[...r.bytes()], [...new Uint8Array(await r.arrayBuffer())], r.text()];`,
    );
    expect(run.result).toEqual([[0, 255, 128, 65], [0, 255, 128, 65], "\u0000\uFFFD\uFFFDA"]);
  });

  test("of 10 MiB fits into the sandbox, and no more is taken", async () => {
    const run = await harness.run(`const r = await fetch('${url}/big'); return [r.text().length, r.text().slice(-3)];`);
    expect(run.error).toBeNull();
    expect(run.result).toEqual([10 * 1024 * 1024, "def"]);
    const more = await harness.run(`await fetch('${url}/too-big')`);
    expect(more.error).toMatchObject({
      code: "VALUE_TOO_LARGE",
      message: `fetch: GET ${url}/too-big: the answer has over 10 MiB`,
    });
    expect(more.error?.hint).toContain("curl");
  });
});

test("a body of bytes is sent as it is", async () => {
  const run = await harness.run(
    `const r = await fetch('${url}/echo', { method: 'PUT', body: new Uint8Array([104, 105]) }); return r.json();`,
  );
  expect(run.result).toMatchObject({ method: "PUT", body: "hi" });
});

describe("a failed fetch", () => {
  test("can be caught, and says why", async () => {
    const run = await harness.run(
      `try { await fetch('http://127.0.0.1:1/x?token=hush'); } catch (e) { return [e.code, e.message, e.hint]; }`,
    );
    const message = "fetch: GET http://127.0.0.1:1/x failed: connection refused: nothing listens there";
    expect(run.result).toEqual(["FETCH_FAILED", message, "is the service running, and is the port right?"]);
    expect(run.steps).toMatchObject([{ status: "failed", code: null }]);
  });

  test("that is not caught is the error of the run, at its line", async () => {
    const run = await harness.run(`await fetch('http://127.0.0.1:1/');`);
    expect(run.error).toMatchObject({ code: "FETCH_FAILED", line: 2 });
  });

  test("because of its timeout is a step that timed out", async () => {
    const run = await harness.run(`await fetch('${url}/never', { timeout: '200ms' });`);
    expect(run.error).toMatchObject({ code: "FETCH_TIMEOUT" });
    expect(run.steps).toMatchObject([{ status: "timed_out" }]);
  });

  test.each(["'11m'", "0", "'soon'", "{}"])("may not have the timeout %s", async (timeout) => {
    const run = await harness.run(`await fetch('${url}/echo', { timeout: ${timeout} });`);
    expect(run.error?.message).toContain(
      timeout === "'soon'" || timeout === "{}" ? "not a duration" : "within 1ms and 10m",
    );
  });
});

describe("a secret", () => {
  test("is sent, but neither in the sandbox nor in the journal", async () => {
    const run = await harness.run(
      `const r = await fetch('${url}/echo', { headers: { Authorization: { secret: 'env:KEY', prefix: 'Bearer s-' } } });
       return r.ok;`,
    );
    expect(run.error).toBeNull();
    expect(seen.at(-1)?.headers.get("authorization")).toBe("Bearer s-key");
    // The answer of this server repeats it: the arguments are what counts.
    const calls = (await journal()).split("\n").find((rows) => rows.includes("args_hash")) ?? "";
    expect(calls).toContain("env:KEY");
    expect(calls).not.toContain("s-key");
  });

  test("that is missing is named", async () => {
    const run = await harness.run(`await fetch('${url}/echo', { headers: { A: { secret: 'env:NOT_THERE' } } });`);
    const message = "fetch: header a: the environment variable NOT_THERE is not set";
    expect(run.error).toMatchObject({ code: "SECRET_MISSING", message });
  });

  test("may be the address", async () => {
    const run = await harness.run(
      `try { await fetch({ secret: 'env:KEY' }); } catch (e) { return [e.code, e.message]; }`,
    );
    expect(run.result).toEqual([
      "FETCH_FAILED",
      "fetch: GET an address that is none: the address is not one of http or https",
    ]);
    expect(run.steps).toMatchObject([{ name: "GET env:KEY" }]);
  });
});

describe("when the run ends", () => {
  test("its fetches end with it, and it does not wait for them", async () => {
    asked.delete("/never");
    const id = await harness.start(
      `void fetch('${url}/never', { timeout: '10m' }).catch(() => {}); await sleep('10m');`,
    );
    await until(() => asked.get("/never") === 1);
    await harness.engine.cancel(id);
    const run = await harness.end(id);
    expect(run.status).toBe("cancelled");
    expect(run.steps).toMatchObject([
      { kind: "fetch", status: "cancelled" },
      { kind: "sleep", status: "cancelled" },
    ]);
    await until(() => waiting.size === 0);
  });

  test("those that wait for their turn never begin", async () => {
    asked.delete("/never");
    const id = await harness.start(
      `await Promise.all(Array.from({ length: 40 }, () => fetch('${url}/never', { timeout: '10m' })));`,
    );
    await until(() => asked.get("/never") === 32);
    await harness.engine.cancel(id);
    expect((await harness.end(id)).steps.every(({ status }) => status === "cancelled")).toBe(true);
    expect(asked.get("/never")).toBe(32);
    await until(() => waiting.size === 0);
  });
});

test("at most 32 are under way at once, over all runs", async () => {
  mostWaiting = 0;
  const body = `await Promise.all(Array.from({ length: 30 }, () => fetch('${url}/slow'))); return 'done';`;
  const runs = await Promise.all([1, 2, 3].map(async (n) => await harness.run(`${body} // ${n}`)));
  expect(runs.map(({ result }) => result)).toEqual(["done", "done", "done"]);
  expect(mostWaiting).toBeGreaterThan(8);
  expect(mostWaiting).toBeLessThanOrEqual(32);
});

test("a script that is executed again gets the recorded answer, and nothing is asked twice", async () => {
  asked.delete("/echo-once");
  const id = await harness.start(
    `const r = await fetch('${url}/echo-once'); await sleep('300ms'); return [r.status, r.json().method, r.headers['X-Thing']];`,
  );
  await until(() => asked.get("/echo-once") === 1);
  await Bun.sleep(100);
  harness.killSandboxes();
  expect((await harness.end(id)).result).toEqual([200, "GET", "Value"]);
  expect(asked.get("/echo-once")).toBe(1);
});
