// `github.dispatch` from the script to the server: a step of the run, whose token is looked up by the host alone.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { EngineHarness } from "../../fixtures/harness/engine-harness.ts";

interface Asked {
  readonly path: string;
  readonly authorization: string | null;
  readonly body: unknown;
}

let harness: EngineHarness;
let server: ReturnType<typeof Bun.serve>;
let url: string;
const asked: Asked[] = [];
let statuses: number[] = [];

beforeAll(async () => {
  harness = await EngineHarness.open({ environment: { GITHUB_TOKEN: "ghp_a-secret-token" } });
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      asked.push({ path: pathname, authorization: request.headers.get("authorization"), body: await request.json() });
      const status = statuses.shift() ?? 204;
      return status === 204
        ? new Response(null, { status })
        : Response.json({ message: "Bad credentials" }, { status });
    },
  });
  url = `http://127.0.0.1:${server.port}`;
});
afterAll(async () => {
  await harness.close();
  await server.stop(true);
});

const dispatch = (token: string, more = ""): string =>
  `await github.dispatch({ repo: "octo/hub", eventType: "deploy", payload: { ref: "main" }, token: ${token}, apiUrl: '${url}'${more} });`;

test("it is a step, tried again where the server is not well, and its token is in no record", async () => {
  [statuses, asked.length] = [[502], 0];
  const run = await harness.run(dispatch('"env:GITHUB_TOKEN"', ', retry: { attempts: 2, initial: "1ms" }'));
  expect(run.error).toBeNull();
  expect(asked).toEqual(
    Array(2).fill({
      path: "/repos/octo/hub/dispatches",
      authorization: "Bearer ghp_a-secret-token",
      body: { event_type: "deploy", client_payload: { ref: "main" } },
    }),
  );
  const name = `POST ${url}/repos/octo/hub/dispatches`;
  expect(run.steps).toMatchObject([{ kind: "fetch", name, status: "succeeded", code: 204, attempts: 2 }]);
  const records = [];
  for await (const record of harness.engine.readJournal(run.id, { withScript: false })) records.push(record);
  expect(JSON.stringify(records)).not.toContain("ghp_a-secret-token");
});

test("a refusal fails the run with what GitHub said and what to do", async () => {
  [statuses, asked.length] = [[401], 0];
  const { status, error } = await harness.run(dispatch('{ secret: "env:GITHUB_TOKEN", prefix: "token " }'));
  expect([status, error?.message]).toEqual([
    "failed",
    "github.dispatch: octo/hub was not told: HTTP 401: Bad credentials",
  ]);
  expect(error?.hint).toContain("the token is not one");
  expect(asked[0]?.authorization).toBe("token ghp_a-secret-token");
});

test("a token that comes from outside never becomes a reference", async () => {
  [statuses, asked.length] = [[], 0];
  await harness.run(dispatch('"env:" + "GITHUB_TOKEN"'));
  expect(asked[0]?.authorization).toBe("Bearer env:GITHUB_TOKEN");
});
