// The resources of YAML pipelines in the API, without a port.

import { expect, test } from "bun:test";
import { createServer } from "../../../src/server/server.ts";
import { createFakeEngine, runId, token } from "./fake-engine.ts";
import { readJson } from "./read-json.ts";

const server = createServer({ engine: createFakeEngine(), token });
const ask = (method: string, path: string) =>
  server.handle(new Request(`http://nas${path}`, { method, headers: { authorization: `Bearer ${token}` } }));

const repo = {
  pipeline: "ci",
  name: "repo",
  type: "git",
  check_every_ms: 60_000,
  last_check: { at: "2023-11-14T22:13:20.000Z", error: "no route" },
  next_check: "2023-11-14T22:14:20.000Z",
  paused: false,
  versions: [
    {
      version: { ref: "abc" },
      found_at: "2023-11-14T22:13:20.000Z",
      passed: [{ job: "build", run_id: runId }],
    },
  ],
};

test("they are listed with their checks and versions, all or those of a pipeline", async () => {
  expect(await readJson(await ask("GET", "/api/resources"))).toEqual({ resources: [repo] });
  expect((await ask("GET", "/api/resources?pipeline=home%2Fci")).status).toBe(200);
  expect(await readJson(await ask("GET", "/api/resources?pipeline=missing"))).toMatchObject({
    code: "PIPELINE_NOT_FOUND",
    status: 404,
  });
  expect((await ask("POST", "/api/resources")).headers.get("allow")).toBe("GET, HEAD");
});

test("those of a pipeline are checked on request, or one of them", async () => {
  expect(await readJson(await ask("POST", "/api/pipelines/home/ci/check-resources"))).toEqual({ resources: [repo] });
  expect((await ask("POST", "/api/pipelines/ci/check-resources?resource=repo")).status).toBe(200);
  expect(await readJson(await ask("POST", "/api/pipelines/ci/check-resources?resource=other"))).toMatchObject({
    code: "RESOURCE_NOT_FOUND",
    status: 404,
  });
  expect((await ask("PUT", "/api/pipelines/ci/check-resources")).headers.get("allow")).toBe("POST");
});

test("they need the token", async () => {
  for (const [method, path] of [
    ["GET", "/api/resources"],
    ["POST", "/api/pipelines/ci/check-resources"],
  ] as const) {
    expect((await server.handle(new Request(`http://nas${path}`, { method }))).status).toBe(401);
  }
});
