// Runs that are run again, and journals, over HTTP.

import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import { journalRecordFromJson } from "../../../src/core/journal-json.ts";
import { createServer } from "../../../src/server/server.ts";
import { createFakeEngine, makeJournal, makeRun, runId, token, type FakeEngine } from "./fake-engine.ts";
import { readJson } from "./read-json.ts";

function serve(engine: FakeEngine = createFakeEngine()) {
  const server = createServer({ engine, token });
  const ask = (path: string, init: RequestInit = {}) =>
    server.handle(new Request(`http://nas${path}`, { ...init, headers: { authorization: `Bearer ${token}` } }));
  return { engine, ask, post: (path: string, body?: string) => ask(path, { method: "POST", body: body ?? null }) };
}

describe("rerun", () => {
  const path = `/api/runs/${runId}/rerun`;

  test("starts the run again, and is answered like a trigger", async () => {
    const { engine, post } = serve();
    const answer = await post(path);
    expect([answer.status, await answer.json()]).toEqual([202, { run_id: runId }]);
    expect(answer.headers.get("location")).toBe(`/api/runs/${runId}`);
    expect(engine.asked.reruns).toEqual([{ id: runId, options: {} }]);
    expect((await readJson(await post(`${path}?wait=30s`)))["status"]).toBe("succeeded");
  });

  test.each([
    ['{"from":"deploy"}', { from: "deploy" }],
    ['{"from":7}', { from: "7" }],
    ['{"from":null}', {}],
    ["{}", {}],
  ])("%s is from there", async (body, options) => {
    const { engine, post } = serve();
    expect((await post(path, body)).status).toBe(202);
    expect(engine.asked.reruns).toEqual([{ id: runId, options }]);
  });

  test.each([
    ['{"from":""}', "from"],
    ['{"from":[1]}', "from"],
    ['{"from":1.5}', "from"],
    ['{"step":"x"}', "step"],
    ["[]", "body"],
  ])("%s is 400 naming the field", async (body, field) => {
    const { engine, post } = serve();
    const answer = await post(path, body);
    expect([answer.status, (await readJson(answer))["details"]]).toEqual([400, { field }]);
    expect(engine.asked.reruns).toEqual([]);
  });

  test("of an unknown run is 404, of one that has not ended 409", async () => {
    const { post } = serve();
    expect((await readJson(await post("/api/runs/nope/rerun")))["code"]).toBe("RUN_NOT_FOUND");
    const rerun = () => Promise.reject(new AppError("RUN_NOT_ENDED", "it is running"));
    expect((await serve(createFakeEngine({ rerun })).post(path)).status).toBe(409);
  });
});

describe("the journal", () => {
  test("is a record in each line, the script only where it is asked for", async () => {
    const { ask } = serve();
    for (const [query, withScript] of [
      ["", false],
      ["?script=0", false],
      ["?script=1", true],
    ] as const) {
      const answer = await ask(`/api/runs/${runId}/journal${query}`);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/x-ndjson"]);
      const lines = (await answer.text()).trimEnd().split("\n");
      expect(lines.map((line) => journalRecordFromJson(JSON.parse(line)))).toEqual([
        ...makeJournal(makeRun(), withScript),
      ]);
    }
  });

  test("of an unknown run is 404; ?script=x is 400", async () => {
    const { ask } = serve();
    expect((await readJson(await ask("/api/runs/nope/journal")))["code"]).toBe("RUN_NOT_FOUND");
    expect((await ask(`/api/runs/${runId}/journal?script=x`)).status).toBe(400);
  });

  test("that breaks in the middle has no record of its end", async () => {
    const engine = createFakeEngine({
      async *readJournal() {
        yield makeJournal(makeRun(), false)[1] as never;
        throw new AppError("RUN_NOT_FOUND", "it is gone");
      },
    });
    const answer = await serve(engine).ask(`/api/runs/${runId}/journal`);
    expect(await answer.text().catch(() => "broken")).toBe("broken");
  });
});
