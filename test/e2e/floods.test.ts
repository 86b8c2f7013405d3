// Floods: many triggers and many webhooks at once.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { countRunningSteps } from "../bench/process-tree.ts";
import { openHttpConnection } from "../bench/http-connection.ts";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { eventually } from "../fixtures/harness/eventually.ts";

const maxSteps = 8;
const triggers = 500;
const webhooks = 10_000;
const connections = 1000;

const pipelines = {
  "step.ts": `
export const config = { params: { file: { type: "string", required: true }, number: { type: "number", required: true } } };
export const pipeline = async () => {
  const { file, number } = pipelineContext.params;
  await runtime.run({ name: "append", command: { path: "sh", args: ["-c", 'echo "$1" >> "$2"; sleep 0.02', "sh", String(number), file] } });
  return number;
};`,
  "trivial.ts": `export const pipeline = () => {
    const { body } = http.request();
    http.respond({ status: 200, body });
    return body;
  };`,
};

let server: BinaryServer;
beforeAll(async () => {
  server = await BinaryServer.start({ pipelines, args: [`--max-concurrent-steps=${String(maxSteps)}`] });
});
afterAll(async () => {
  await server.remove();
});

test("500 triggers at once: never more steps than allowed, and nothing is lost", async () => {
  const file = server.workspace.path("starts");
  const numbers = Array.from({ length: triggers }, (_, number) => number);
  let most = 0;
  const sampling = setInterval(() => (most = Math.max(most, countRunningSteps("step"))), 15);
  try {
    const ids = await Promise.all(numbers.map((number) => server.trigger("step", { file, number })));
    for (const id of ids) await server.waitForEnd(id, 60_000);
  } finally {
    clearInterval(sampling);
  }
  const runs = await server.listRuns("pipeline=step");
  expect(runs.filter(({ status }) => status === "succeeded").length).toBe(triggers);
  expect(runs.map(({ result }) => Number(result)).toSorted((a, b) => a - b)).toEqual(numbers);
  expect(
    server.workspace
      .lines("starts")
      .map(Number)
      .toSorted((a, b) => a - b),
  ).toEqual(numbers);
  expect(most).toBeLessThanOrEqual(maxSteps);
  // Fewer would mean that the sampling saw nothing.
  expect(most).toBeGreaterThan(1);
}, 90_000);

test("10,000 webhooks over 1,000 connections: each is answered by its own run, and /healthz answers meanwhile", async () => {
  const port = Number(new URL(server.url).port);
  const statuses: Record<string, number> = {};
  let sent = 0;
  const flooding = Promise.all(
    Array.from({ length: connections }, async () => {
      const connection = await openHttpConnection(port);
      while (sent < webhooks) {
        const body = String(sent++);
        const length = `Content-Length: ${String(body.length)}`;
        const status = await connection.send(
          `POST /api/webhooks/trivial HTTP/1.1\r\nHost: e2e\r\n${length}\r\n\r\n${body}`,
        );
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
      connection.close();
    }),
  ).then(() => "flooded" as const);
  const health = await openHttpConnection(port);
  const healthStatuses: number[] = [];
  while ((await Promise.race([flooding, Bun.sleep(20)])) !== "flooded") {
    healthStatuses.push(await health.send("GET /healthz HTTP/1.1\r\nHost: e2e\r\n\r\n"));
  }
  health.close();

  // A caller that has waited for too long gets a 202, and its run goes on without it.
  expect((statuses[200] ?? 0) + (statuses[202] ?? 0)).toBe(webhooks);
  expect(healthStatuses.length).toBeGreaterThan(5);
  expect(healthStatuses.filter((status) => status !== 200)).toEqual([]);
  await eventually("end of all runs", async () => (await server.listRuns("status=queued")).length === 0, 60_000);
  const runs = await server.listRuns("pipeline=trivial&status=succeeded");
  expect(new Set(runs.map(({ result }) => result)).size).toBe(webhooks);
  expect(runs.length).toBe(webhooks);
  expect(server.isAlive).toBe(true);
}, 120_000);
