// Schedules, pauses and a full queue in the API, without a port.

import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import type { ScheduleConfig } from "../../../src/core/pipeline-config.ts";
import { createServer } from "../../../src/server/server.ts";
import { createFakeEngine, type FakeEngine, makePipeline, token } from "./fake-engine.ts";
import { readJson } from "./read-json.ts";

function serve(engine: FakeEngine = createFakeEngine()) {
  const server = createServer({ engine, token });
  const ask = (method: string, path: string, guarded = true) =>
    server.handle(
      new Request(`http://nas${path}`, { method, headers: guarded ? { authorization: `Bearer ${token}` } : {} }),
    );
  return { engine, ask };
}

const nightly: ScheduleConfig = {
  cron: "0 3 * * *",
  timezone: null,
  jitterMs: 60_000,
  catchUp: "last",
  overlap: false,
  params: { target: "nas" },
};

describe("GET /api/schedules", () => {
  test("tells the next times, the last one, and in which zone", async () => {
    const at = Date.UTC(2026, 5, 1, 1);
    const listSchedules = (): ReturnType<FakeEngine["listSchedules"]> => [
      {
        pipeline: "home/backup",
        config: nightly,
        timezone: "Europe/Berlin",
        next: [at, at + 86_400_000],
        lastTick: at - 86_400_000,
        lastRun: "r",
        paused: false,
      },
      { pipeline: "x", config: nightly, timezone: "UTC", next: [], lastTick: null, lastRun: null, paused: true },
    ];
    const answer = await serve(createFakeEngine({ listSchedules })).ask("GET", "/api/schedules");
    expect(await readJson(answer)).toEqual({
      schedules: [
        {
          pipeline: "home/backup",
          schedule: "0 3 * * *",
          timezone: "Europe/Berlin",
          params: { target: "nas" },
          next: ["2026-06-01T01:00:00.000Z", "2026-06-02T01:00:00.000Z"],
          last: "2026-05-31T01:00:00.000Z",
          last_run: "r",
          paused: false,
        },
        {
          pipeline: "x",
          schedule: "0 3 * * *",
          timezone: "UTC",
          params: { target: "nas" },
          next: [],
          last: null,
          last_run: null,
          paused: true,
        },
      ],
    });
  });

  test("needs the token, and is all that there is", async () => {
    const { ask } = serve();
    expect((await ask("GET", "/api/schedules", false)).status).toBe(401);
    const answer = await ask("POST", "/api/schedules");
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });
});

describe("pause and resume", () => {
  test.each(["home/backup", "home%2Fbackup"])("of %s answer with the pipeline", async (id) => {
    const { engine, ask } = serve();
    const paused = await ask("POST", `/api/pipelines/${id}/pause`);
    expect([paused.status, (await readJson(paused))["paused"]]).toEqual([200, true]);
    const resumed = await ask("POST", `/api/pipelines/${id}/resume/`);
    expect([resumed.status, (await readJson(resumed))["paused"]]).toEqual([200, false]);
    expect(engine.asked.pauses).toEqual(["pause home/backup", "resume home/backup"]);
  });

  test.each(["GET", "PUT", "DELETE"])("are no resources for %s", async (method) => {
    for (const verb of ["pause", "resume"]) {
      const engine = createFakeEngine({
        removePipeline: () => Promise.reject(new AppError("PIPELINE_NOT_FOUND", "no such pipeline")),
      });
      const answer = await serve(engine).ask(method, `/api/pipelines/deploy/${verb}`);
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
    }
  });

  test("of an unknown pipeline are 404, and nobody pauses without the token", async () => {
    const { engine, ask } = serve();
    expect((await ask("POST", "/api/pipelines/unknown/pause")).status).toBe(404);
    expect((await ask("POST", "/api/pipelines/deploy/pause", false)).status).toBe(401);
    expect(engine.asked.pauses).toEqual(["pause unknown"]);
  });

  test("show in the list of pipelines, with what the config says of the queue and the times", async () => {
    const version = makePipeline("deploy").version;
    const config = {
      webhook: {},
      params: {},
      priority: 5,
      concurrencyLimit: 1,
      concurrencyKey: "deploy-${payload.ref}",
      onConflict: "skip",
      schedules: [nightly],
      after: [{ pipeline: "build", statuses: ["succeeded"] }],
    } as const;
    const pipeline = makePipeline("deploy", { version: version && { ...version, config } });
    const overview = { pipeline, lastRun: null, secretFrom: null, paused: true } as const;
    const engine = createFakeEngine({ getPipeline: async () => overview });
    expect(await readJson(await serve(engine).ask("GET", "/api/pipelines/deploy")))["toMatchObject"]({
      paused: true,
      config: {
        priority: 5,
        concurrency_limit: 1,
        concurrency_key: "deploy-${payload.ref}",
        on_conflict: "skip",
        schedules: [
          {
            cron: "0 3 * * *",
            timezone: null,
            jitter_ms: 60_000,
            catch_up: "last",
            overlap: false,
            params: { target: "nas" },
          },
        ],
        after: [{ pipeline: "build", statuses: ["succeeded"] }],
      },
    });
  });
});

describe("a run that is not taken now", () => {
  const refusing = (code: "QUEUE_FULL" | "PIPELINE_PAUSED"): FakeEngine => {
    const refuse = async (): Promise<never> => await Promise.reject(new AppError(code, "10000 runs wait"));
    return createFakeEngine({ receiveWebhook: refuse, trigger: refuse });
  };

  test.each(["/api/webhooks/deploy", "/api/pipelines/deploy/trigger"])(
    "because too many wait is 503 at %s, and says when to try again",
    async (path) => {
      const answer = await serve(refusing("QUEUE_FULL")).ask("POST", path);
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
      expect(await readJson(answer))["toMatchObject"]({ code: "QUEUE_FULL" });
    },
  );

  test.each(["/api/webhooks/deploy", "/api/pipelines/deploy/trigger"])(
    "because its pipeline is paused is 409 at %s",
    async (path) => {
      const answer = await serve(refusing("PIPELINE_PAUSED")).ask("POST", path);
      expect([answer.status, answer.headers.has("retry-after")]).toEqual([409, false]);
      expect(await readJson(answer))["toMatchObject"]({ code: "PIPELINE_PAUSED" });
    },
  );

  test("tells a webhook's sender no more than that", async () => {
    const { ask } = serve(refusing("QUEUE_FULL"));
    expect(await (await ask("POST", "/api/webhooks/deploy")).text()).not.toContain("10000");
  });
});
