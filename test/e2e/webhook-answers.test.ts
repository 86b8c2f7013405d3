// What the caller of a webhook is answered, and when.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";

const timeoutMs = 1500;

const pipelines = {
  "at-once.ts": `export const pipeline = async () => {
    http.respond({ status: 418, body: "first", headers: { "X-One": "1" } });
    http.respond({ status: 500, body: "second" });
    await sleep("300ms");
    console.log("went on");
    return "done";
  };`,
  "after-work.ts": `export const pipeline = async () => {
    const { stdout } = await runtime.run({ name: "work", command: "sleep 0.2; echo made" });
    http.respond({ status: 200, body: stdout });
  };`,
  "too-late.ts": `export const pipeline = async () => {
    await sleep("${String(timeoutMs * 2)}ms");
    http.respond({ status: 200, body: "nobody hears this" });
    return "ended";
  };`,
  "never.ts": `export const pipeline = () => "no answer";`,
  "throws.ts": `export const pipeline = () => { throw new Error("boom"); };`,
  "smuggler.ts": `export const pipeline = () => {
    http.respond({ status: 200, body: "x", headers: { "X-A": "1\\r\\nX-B: 2", "Transfer-Encoding": "chunked" } });
  };`,
  "empty.ts": `export const pipeline = () => { http.respond({ status: 204 }); };`,
};

let server: BinaryServer;
beforeAll(async () => {
  server = await BinaryServer.start({ pipelines, args: [`--webhook-timeout=${String(timeoutMs)}ms`] });
});
afterAll(async () => {
  await server.remove();
});

async function send(id: string) {
  const sentAt = performance.now();
  const response = await server.webhook(id);
  const text = await response.text();
  const runId = response.status === 202 ? (JSON.parse(text) as { run_id: string }).run_id : "";
  return { response, text, runId, tookMs: performance.now() - sentAt };
}

test("the first http.respond is the answer, and the run goes on after it", async () => {
  const { response, text } = await send("at-once");
  expect([response.status, text, response.headers.get("x-one")]).toEqual([418, "first", "1"]);
  const [run] = await server.listRuns("pipeline=at-once");
  const { id, result } = await server.waitForEnd(run?.id ?? "");
  expect(result).toBe("done");
  expect(await server.logText(id)).toContain("went on\n");
});

test("an answer may come after a step", async () => {
  const { response, text } = await send("after-work");
  expect([response.status, text]).toEqual([200, "made\n"]);
});

test("after the time-out the caller gets 202 with the run's id, and the run goes on to its end", async () => {
  const { response, runId, tookMs } = await send("too-late");
  expect(response.status).toBe(202);
  expect(response.headers.get("content-type")).toContain("application/json");
  expect(tookMs).toBeGreaterThanOrEqual(timeoutMs - 50);
  expect(tookMs).toBeLessThan(timeoutMs * 1.9);
  const { status, result } = await server.waitForEnd(runId);
  expect([status, result]).toEqual(["succeeded", "ended"]);
});

test.each([
  ["ends without responding", "never", "succeeded"],
  ["fails before it responds", "throws", "failed"],
])("a run that %s answers 202 at once", async (_, id, status) => {
  const { response, runId, tookMs } = await send(id);
  expect(response.status).toBe(202);
  expect(tookMs).toBeLessThan(timeoutMs * 0.8);
  expect((await server.getRun(runId)).status).toBe(status as "succeeded" | "failed");
});

test("a script cannot smuggle headers into its answer", async () => {
  const { response } = await send("smuggler");
  expect(response.headers.get("x-b")).toBeNull();
  const [run] = await server.listRuns("pipeline=smuggler");
  const { status, error } = await server.waitForEnd(run?.id ?? "");
  expect([status, error?.file, error?.line]).toEqual(["failed", "smuggler.ts", 2]);
});

test("an answer without a body has none", async () => {
  const { response, text } = await send("empty");
  expect([response.status, text]).toEqual([204, ""]);
});

test("a caller who leaves early does not end the run", async () => {
  const leaving = new AbortController();
  const request = server.webhook("too-late", { signal: leaving.signal }).catch(() => null);
  await Bun.sleep(300);
  leaving.abort();
  await request;
  const [run] = await server.listRuns("pipeline=too-late");
  expect((await server.waitForEnd(run?.id ?? "")).status).toBe("succeeded");
});
