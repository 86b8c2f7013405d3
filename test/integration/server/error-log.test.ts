// What of failing requests is in the server's own log.

import { expect, test } from "bun:test";
import { AppError, type ErrorCode } from "../../../src/core/app-error.ts";
import type { Clock } from "../../../src/core/clock.ts";
import { createServer } from "../../../src/server/server.ts";
import { createFakeEngine, runId, token } from "./fake-engine.ts";

function serve(fail: () => unknown) {
  const logged: { message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const log = (message: string, fields = {}) => void logged.push({ message, fields });
  let nowMs = 0;
  const clock: Clock = { now: () => nowMs, elapsed: () => nowMs, after: () => () => undefined };
  const reject = () => Promise.reject(fail() as Error);
  const engine = createFakeEngine({ receiveWebhook: reject, trigger: reject, getRun: reject });
  const server = createServer({ engine, token, clock, logger: { debug: log, info: log, warn: log, error: log } });
  const headers = { authorization: `Bearer ${token}` };
  const send = (path: string, method = "POST") => server.handle(new Request(`http://nas${path}`, { method, headers }));
  return { logged, send, pass: (ms: number) => (nowMs += ms) };
}

const webhook = "/api/webhooks/deploy?signature=abc";

test.each(["SECRET_MISSING", "SIGNATURE_INVALID", "PIPELINE_BROKEN"] as const)(
  "%s is not logged here, by whichever way it comes: the engine logs it",
  async (code) => {
    const { logged, send } = serve(() => new AppError(code, "no"));
    for (const path of [webhook, webhook, "/api/pipelines/deploy/trigger"]) await send(path);
    expect(logged).toEqual([]);
  },
);

test.each(["PIPELINE_NOT_FOUND", "WEBHOOK_DISABLED", "PARAM_INVALID", "RUN_ALREADY_ENDED"] as const)(
  "%s is the caller's mistake and not logged",
  async (code: ErrorCode) => {
    const { logged, send } = serve(() => new AppError(code, "no"));
    for (const path of [webhook, "/api/pipelines/deploy/trigger"]) await send(path);
    expect(logged).toEqual([]);
  },
);

test("an unexpected error is logged each time, with its stack and without the query", async () => {
  const { logged, send } = serve(() => new TypeError("x is undefined"));
  for (const path of [webhook, webhook]) await send(path);
  expect(logged).toHaveLength(2);
  expect(logged[0]?.message).toBe("a request failed");
  expect(logged[0]?.fields).toMatchObject({
    method: "POST",
    path: "/api/webhooks/deploy",
    error: "TypeError: x is undefined",
    stack: expect.stringContaining("error-log.test.ts"),
  });
  expect(JSON.stringify(logged)).not.toContain("signature");
});

test("a store that fails is logged once in ten seconds, with its reason, without a stack, and with a count", async () => {
  const { logged, send, pass } = serve(
    () => new AppError("STORE_UNAVAILABLE", "disk full", { cause: new Error("SQLITE_FULL") }),
  );
  for (let count = 0; count < 50; count++) await send(webhook);
  await send("/api/pipelines/deploy/trigger");
  pass(9_999);
  await send(`/api/runs/${runId}`, "GET");
  expect(logged).toHaveLength(1);
  expect(logged[0]?.fields).toEqual({
    method: "POST",
    path: "/api/webhooks/deploy",
    error: "disk full (STORE_UNAVAILABLE)",
  });
  pass(1);
  await send(webhook);
  expect(logged).toHaveLength(2);
  expect(logged[1]?.fields).toMatchObject({ error: "disk full (STORE_UNAVAILABLE)", unlogged: 51 });
});

test("each kind of failure is counted on its own", async () => {
  let code: ErrorCode = "STORE_UNAVAILABLE";
  const { logged, send } = serve(() => new AppError(code, "no"));
  await send(webhook);
  code = "SHUTTING_DOWN";
  await send(webhook);
  await send(webhook);
  expect(logged.map(({ fields }) => fields["error"])).toEqual(["no (STORE_UNAVAILABLE)", "no (SHUTTING_DOWN)"]);
});

test("a clock that is set back does not silence the log", async () => {
  const { logged, send, pass } = serve(() => new AppError("STORE_UNAVAILABLE", "disk full"));
  await send(webhook);
  pass(-3_600_000);
  await send(webhook);
  expect(logged).toHaveLength(2);
});
