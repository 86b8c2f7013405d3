// The curls of the seed as they stand there, but for host and token, and a receiver that verifies with its Python.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningServer, startServer } from "../../../src/app.ts";
import { loadConfig } from "../../../src/config.ts";
import { eventually } from "../../fixtures/harness/eventually.ts";

const verifier = join(import.meta.dir, "../../fixtures/seed-003/verify_webhook.py");

const createCurl = String.raw`curl -X POST https://api.sensei.ai/v1/webhooks \
  -H "Authorization: Bearer sk_live_abc123" \
  -H "Content-Type: application/json" \
  -d '{
    "url": "https://your-server.com/webhooks/sensei",
    "events": ["migration.*", "error.escalated"],
    "secret": "whsec_your_signing_secret"
  }'`;

const testCurl = String.raw`curl -X POST https://api.sensei.ai/v1/webhooks/{id}/test \
  -H "Authorization: Bearer sk_live_abc123" \
  -d '{"event_type": "migration.completed"}'`;

/** A phase of the seed's payload, and an error at the end. */
const migration = `export const pipeline = () => {
  events.emit("migration.phase.completed", { migration_id: "mig_xyz789", phase: "data_transfer", phase_number: 3 });
  events.emit("certificate.generated", {});
  throw new Error("needs a person");
};`;

interface Received {
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

let folder: string;
let server: RunningServer;
let receiver: ReturnType<typeof Bun.serve>;
const received: Received[] = [];
/** By path, who does not take all. */
const accepts = new Map<string, (received: Received) => boolean>();

beforeAll(async () => {
  for (const tool of ["curl", "python3"]) if (Bun.which(tool) === null) throw new Error(`${tool} is not installed`);
  folder = await mkdtemp(join(tmpdir(), "runner-seed-"));
  await mkdir(join(folder, "pipelines"));
  await writeFile(join(folder, "pipelines/migrate.ts"), migration);
  const flags = { port: "0", sandboxProcesses: "1" };
  const { config } = await loadConfig({ flags, environment: {}, configFile: undefined, cwd: folder, cores: 2 });
  server = await startServer({ ...config, logLevel: "error" });
  receiver = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { pathname: path } = new URL(request.url);
      const each = { path, headers: request.headers, body: await request.text() };
      received.push(each);
      return new Response(null, { status: (accepts.get(path)?.(each) ?? true) ? 200 : 401 });
    },
  });
});

afterAll(async () => {
  await server.stop();
  await receiver.stop(true);
  await rm(folder, { recursive: true, force: true });
});

/** The command with another host and token: its status and its answer. */
async function run(curl: string): Promise<readonly [number, Record<string, unknown>]> {
  const command = curl.replace("https://api.sensei.ai", server.url).replace("sk_live_abc123", server.token);
  const child = Bun.spawn(["sh", "-c", `${command} -s -w '\n%{http_code}'`], { stderr: "inherit" });
  const lines = (await new Response(child.stdout).text()).split("\n");
  const status = Number(lines.pop());
  return [status, lines.join("") === "" ? {} : (JSON.parse(lines.join("\n")) as Record<string, unknown>)];
}

/** A request of the table of paths. */
async function ask(method: string, path: string, body?: string): Promise<readonly [number, Record<string, unknown>]> {
  const data = body === undefined ? "" : ` -d '${body}'`;
  return await run(`curl -X ${method} https://api.sensei.ai${path} -H "Authorization: Bearer sk_live_abc123"${data}`);
}

/** Those at the receiver's path, by the type of their event, once there are so many. */
async function typesAt(path: string, count: number): Promise<readonly string[]> {
  const at = () => received.filter((each) => each.path === path);
  await eventually(`${count} deliveries to ${path}`, () => at().length >= count);
  return at().map(({ body }) => (JSON.parse(body) as { type: string }).type);
}

function verify(given: readonly Received[], header: string, secret: string): boolean[] {
  const input = given.map(({ headers, body }) => [body, headers.get(header) ?? "", secret]);
  const child = Bun.spawnSync(["python3", verifier], { stdin: Buffer.from(JSON.stringify(input)), stderr: "inherit" });
  return JSON.parse(child.stdout.toString()) as boolean[];
}

test("an endpoint that is made as the seed says gets what it subscribes to, signed, and nothing else", async () => {
  const [status, made] = await run(createCurl);
  expect([status, made]).toMatchObject([
    201,
    {
      url: "https://your-server.com/webhooks/sensei",
      events: ["migration.*", "error.escalated"],
      secret: "whsec_your_signing_secret",
    },
  ]);
  const path = `/v1/webhooks/${String(made["id"])}`;
  const address = `http://127.0.0.1:${receiver.port}/seed`;
  const change = JSON.stringify({ url: address, signature_header: "X-Sensei-Signature" });
  expect((await ask("PATCH", path, change))[0]).toBe(200);

  const [tested, delivery] = await run(testCurl.replace("{id}", String(made["id"])));
  expect([tested, delivery]).toMatchObject([200, { status: "delivered", event_type: "migration.completed" }]);

  await ask("POST", "/api/pipelines/migrate/trigger?wait=20s", "{}");
  const types = await typesAt("/seed", 3);
  expect(types.toSorted()).toEqual(["error.escalated", "migration.completed", "migration.phase.completed"]);
  const sent = received.filter((each) => each.path === "/seed");
  expect(verify(sent, "X-Sensei-Signature", "whsec_your_signing_secret")).toEqual([true, true, true]);
  expect(verify(sent, "X-Sensei-Signature", "whsec_another_secret")).toEqual([false, false, false]);
  const phase = sent.map(({ body }) => JSON.parse(body)).find((event) => event.type === "migration.phase.completed");
  expect(phase).toEqual({
    id: expect.stringMatching(/^evt_[0-9a-f]+$/),
    type: "migration.phase.completed",
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    data: { migration_id: "mig_xyz789", phase: "data_transfer", phase_number: 3 },
    metadata: expect.objectContaining({ pipeline: "migrate" }),
  });
});

test("every path and verb of the seed's table does what it says", async () => {
  const url = `http://127.0.0.1:${receiver.port}/table`;
  const [, { id }] = await ask("POST", "/v1/webhooks", JSON.stringify({ url, events: ["migration.completed"] }));
  const path = `/v1/webhooks/${String(id)}`;
  expect(await ask("GET", "/v1/webhooks")).toMatchObject([
    200,
    { webhooks: expect.arrayContaining([expect.objectContaining({ id })]) },
  ]);
  expect(await ask("GET", path)).toMatchObject([200, { id, events: ["migration.completed"] }]);
  expect(await ask("PATCH", path, '{"events": ["migration.*"]}')).toMatchObject([200, { events: ["migration.*"] }]);
  expect(await ask("POST", `${path}/test`, '{"event_type": "migration.completed"}')).toMatchObject([200, {}]);
  const [, { deliveries }] = await ask("GET", `${path}/deliveries`);
  const [first] = deliveries as { id: string }[];
  expect(first).toMatchObject({
    endpoint_id: id,
    event_type: "migration.completed",
    status: "delivered",
    resent: false,
  });
  expect(await ask("POST", `${path}/deliveries/${first?.id}/retry`)).toMatchObject([202, { resent: true }]);
  expect(await typesAt("/table", 2)).toEqual(["migration.completed", "migration.completed"]);
  const [one, two] = received.filter((each) => each.path === "/table");
  expect(one?.headers.get("webhook-id")).toBe(two?.headers.get("webhook-id") ?? "");
  expect(await ask("DELETE", path)).toEqual([204, {}]);
  for (const [method, below] of [
    ["GET", ""],
    ["POST", `/deliveries/${first?.id}/retry`],
  ] as const) {
    expect(await ask(method, path + below)).toMatchObject([410, { code: "ENDPOINT_GONE" }]);
  }
});

test("a receiver that compares the whole signature takes every event while its secret is exchanged", async () => {
  for (const [path, known] of [
    ["/old", "old"],
    ["/new", "new"],
  ] as const) {
    const url = `http://127.0.0.1:${receiver.port}${path}`;
    const body = { url, events: ["certificate.generated"], secret: "the old secret", retry: ["50ms", "50ms"] };
    const [, { id }] = await ask("POST", "/v1/webhooks", JSON.stringify(body));
    const rotated = await ask("POST", `/v1/webhooks/${String(id)}/rotate-secret`, '{"secret": "the new secret"}');
    expect(rotated).toMatchObject([200, { secret: "the new secret" }]);
    accepts.set(path, (each) => verify([each], "X-Runner-Signature", `the ${known} secret`)[0] === true);
    await ask("POST", `/v1/webhooks/${String(id)}/test`, '{"event_type": "certificate.generated"}');
    const list = `/v1/webhooks/${String(id)}/deliveries?status=delivered`;
    const delivered = async () => ((await ask("GET", list))[1]["deliveries"] as { attempt_count: number }[])[0];
    const delivery = await eventually(`delivery to ${path}`, delivered);
    expect([known, delivery.attempt_count]).toEqual([known, known === "old" ? 1 : 2]);
  }
});

test("filters and wildcards select what the seed says", async () => {
  const subscriptions = { "/exact": ["migration.completed", "error.escalated"], "/errors": ["error.*"], "/all": ["*"] };
  for (const [path, events] of Object.entries(subscriptions)) {
    const url = `http://127.0.0.1:${receiver.port}${path}`;
    expect((await ask("POST", "/v1/webhooks", JSON.stringify({ url, events })))[0]).toBe(201);
  }
  await ask("POST", "/api/pipelines/migrate/trigger?wait=20s", "{}");
  expect((await typesAt("/all", 6)).toSorted()).toEqual([
    "certificate.generated",
    "error.escalated",
    "migration.phase.completed",
    "run.created",
    "run.failed",
    "run.started",
  ]);
  expect(await typesAt("/exact", 1)).toEqual(["error.escalated"]);
  expect(await typesAt("/errors", 1)).toEqual(["error.escalated"]);
});
