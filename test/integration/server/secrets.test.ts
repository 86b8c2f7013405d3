// Secrets over the API, without a port: set and removed by name, and never given back.

import { describe, expect, test } from "bun:test";
import { createServer } from "../../../src/server/server.ts";
import { createFakeEngine, token } from "./fake-engine.ts";
import { readJson } from "./read-json.ts";

function serve() {
  const engine = createFakeEngine();
  const server = createServer({ engine, token });
  const ask = (method: string, path: string, body: string | null = null) =>
    server.handle(new Request(`http://nas${path}`, { method, body, headers: { authorization: `Bearer ${token}` } }));
  return { engine, ask };
}

describe("PUT /api/secrets/{name}", () => {
  test.each([
    ["/api/secrets/API_KEY", null],
    ["/api/secrets/API_KEY?pipeline=home%2Fbackup", "home/backup"],
  ])("%s hands the value on and answers without it", async (path, pipeline) => {
    const { engine, ask } = serve();
    const answer = await ask("PUT", path, JSON.stringify({ value: " s3cret\n" }));
    const kept = { name: "API_KEY", pipeline, updated_at: "2026-01-31T00:00:00.000Z" };
    expect([answer.status, await readJson(answer)]).toEqual([201, kept]);
    expect(engine.asked.secrets).toEqual([[{ name: "API_KEY", pipeline }, " s3cret\n"]]);
  });

  test.each([
    ["", "INVALID_JSON"],
    ['"s3cret"', "VALIDATION_FAILED"],
    ['{"value":7,"s3cret":1}', "VALIDATION_FAILED"],
    ['{"value":"s3cret","more":"s3cret"}', "VALIDATION_FAILED"],
    ['{"value":"s3cret', "INVALID_JSON"],
  ])("refuses the body %j, without repeating it", async (body, code) => {
    const { engine, ask } = serve();
    const problem = await readJson(await ask("PUT", "/api/secrets/API_KEY", body));
    expect(problem).toMatchObject({ code });
    expect(JSON.stringify(problem)).not.toContain("s3cret");
    expect(engine.asked.secrets).toEqual([]);
  });

  test("refuses an empty pipeline, which would be every one", async () => {
    const { engine, ask } = serve();
    expect((await ask("PUT", "/api/secrets/API_KEY?pipeline=", '{"value":"x"}')).status).toBe(400);
    expect(engine.asked.secrets).toEqual([]);
  });
});

test("the list has names and no values", async () => {
  const answer = await serve().ask("GET", "/api/secrets");
  const kept = { name: "API_KEY", pipeline: null, updated_at: "2026-01-31T00:00:00.000Z" };
  expect(await readJson(answer)).toEqual({ secrets: [kept] });
});

test("a secret is removed with 204, and one that is not there with 404", async () => {
  const { ask } = serve();
  expect((await ask("DELETE", "/api/secrets/API_KEY")).status).toBe(204);
  const none = await ask("DELETE", "/api/secrets/OTHER");
  expect([none.status, await readJson(none)]).toEqual([404, expect.objectContaining({ code: "SECRET_NOT_FOUND" })]);
});

test("there is no way to read one", async () => {
  expect((await serve().ask("GET", "/api/secrets/API_KEY")).status).toBe(405);
});
