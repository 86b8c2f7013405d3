// Decisions and signals over the API, without a port.

import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import { createServer } from "../../../src/server/server.ts";
import { createFakeEngine, type FakeEngine, runId, token } from "./fake-engine.ts";
import { readJson } from "./read-json.ts";

function serve(engine: FakeEngine = createFakeEngine()) {
  const server = createServer({ engine, token });
  const ask = (method: string, path: string, body: string | null = null, headers: Record<string, string> = {}) =>
    server.handle(
      new Request(`http://nas${path}`, { method, body, headers: { authorization: `Bearer ${token}`, ...headers } }),
    );
  return { engine, ask, post: (path: string, body: string | null = null) => ask("POST", path, body) };
}

const approval = `/api/runs/${runId}/approvals/go-live`;
const signal = `/api/runs/${runId}/signals/ready`;

describe("a decision", () => {
  test.each([
    ['{"approved":true}', { approved: true, by: "api", comment: null }],
    ['{"approved":false,"by":" ada ","comment":"no\\nway"}', { approved: false, by: "ada", comment: "no\nway" }],
    ['{"approved":true,"by":"","comment":null}', { approved: true, by: "api", comment: null }],
  ])("%s is handed on, and answered with the run", async (body, decision) => {
    const { engine, post } = serve();
    const answer = await post(approval, body);
    expect([answer.status, await readJson(answer)]).toEqual([200, expect.objectContaining({ id: runId })]);
    expect(engine.asked.news).toEqual([[runId, "go-live", decision]]);
  });

  test.each([
    ["", "INVALID_JSON"],
    ["{", "INVALID_JSON"],
    ["true", "VALIDATION_FAILED"],
    ["[]", "VALIDATION_FAILED"],
    ["{}", "VALIDATION_FAILED"],
    ['{"approved":"yes"}', "VALIDATION_FAILED"],
    ['{"approved":true,"reason":"x"}', "VALIDATION_FAILED"],
    ['{"approved":true,"by":7}', "VALIDATION_FAILED"],
    [`{"approved":true,"by":"${"x".repeat(101)}"}`, "VALIDATION_FAILED"],
    [`{"approved":true,"comment":"${"x".repeat(4001)}"}`, "VALIDATION_FAILED"],
  ])("that is %p is refused", async (body, code) => {
    const { engine, post } = serve();
    const answer = await post(approval, body);
    expect([answer.status, await readJson(answer)]).toEqual([400, expect.objectContaining({ code })]);
    expect(engine.asked.news).toEqual([]);
  });

  test.each([
    ["APPROVAL_NOT_FOUND", 404],
    ["APPROVAL_DECIDED", 409],
    ["RUN_ALREADY_ENDED", 409],
    ["RUN_NOT_FOUND", 404],
  ] as const)("that meets %s is answered with %i and the state of the run", async (code, status) => {
    const decide = async (): Promise<never> => {
      throw new AppError(code, "what it is", { details: { status: "running", waits_for: ["x"] } });
    };
    const answer = await serve(createFakeEngine({ decide })).post(approval, '{"approved":true}');
    expect(answer.status).toBe(status);
    expect(await readJson(answer)).toMatchObject({ code, details: { status: "running", waits_for: ["x"] } });
  });

  test("finds its approval by a name with characters of any kind", async () => {
    const { engine, post } = serve();
    await post(`/api/runs/${runId}/approvals/${encodeURIComponent("to/the moon? 100%")}`, '{"approved":true}');
    expect(engine.asked.news[0]?.[1]).toBe("to/the moon? 100%");
  });
});

describe("a signal", () => {
  test.each([
    ["", null],
    ["null", null],
    ["0", 0],
    ['"go"', "go"],
    ['{"a":[1,{"b":"ü"}]}', { a: [1, { b: "ü" }] }],
  ])("%p is handed on, and answered with the run", async (body, value) => {
    const { engine, post } = serve();
    const answer = await post(signal, body);
    expect([answer.status, await readJson(answer)]).toEqual([200, expect.objectContaining({ id: runId })]);
    expect(engine.asked.news).toEqual([[runId, "ready", value]]);
  });

  test("of up to 256 KiB is taken, of more it is refused", async () => {
    const { engine, post } = serve();
    const text = (bytes: number): string => JSON.stringify("x".repeat(bytes - 2));
    expect((await post(signal, text(256 * 1024))).status).toBe(200);
    expect((await post(signal, text(256 * 1024 + 1))).status).toBe(413);
    expect(engine.asked.news).toHaveLength(1);
  });

  test("that is no JSON, or nested too deep for a script, is refused", async () => {
    const { engine, post } = serve();
    const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
    for (const [body, status] of [
      ["{", 400],
      ["go", 400],
      [nested(100_000), 400],
      [`{"a":${nested(1001)}}`, 400],
      [nested(1000), 200],
    ] as const) {
      expect((await post(signal, body)).status).toBe(status);
    }
    expect(engine.asked.news).toHaveLength(1);
  });

  test("that nobody waits for is a conflict", async () => {
    const refuse = async (): Promise<never> => {
      throw new AppError("SIGNAL_NOT_AWAITED", "nobody waits", { hint: "it waits for x" });
    };
    const answer = await serve(createFakeEngine({ signal: refuse })).post(signal, "1");
    expect([answer.status, await readJson(answer)]).toEqual([409, expect.objectContaining({ hint: "it waits for x" })]);
  });
});

test.each([approval, signal])("%s needs the token, and is for POST alone", async (path) => {
  const { engine, ask } = serve();
  expect((await ask("POST", path, '{"approved":true}', { authorization: "Bearer wrong" })).status).toBe(401);
  for (const method of ["GET", "PUT", "DELETE"]) {
    const answer = await ask(method, path);
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
  }
  expect(engine.asked.news).toEqual([]);
});
