// The examples of the webhook contract, as files in a pipelines folder of the compiled binary; each also with a secret.
// Their containers are of local images with the names they use; the image of golang has a `go` that prints its arguments.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { BinaryServer } from "../../fixtures/harness/binary-server.ts";
import { Workspace } from "../../fixtures/harness/workspace.ts";
import { answers, prepareImages } from "../../fixtures/images/images.ts";

const examplesDir = join(import.meta.dir, "../../fixtures/seed-001/pipelines");
const secret = "it's a secret";
const signedConfig = 'export const config = { webhook: { secret: "env:SEED_SECRET" } };\n';

const hasEngine = answers("docker");

let workspace: Workspace;
let server: BinaryServer;

beforeAll(async () => {
  if (hasEngine) await prepareImages();
  workspace = new Workspace();
  for (const file of await readdir(examplesDir)) {
    const text = await readFile(join(examplesDir, file), "utf8");
    workspace.save(file, text);
    workspace.save(`signed/${file}`, text + signedConfig);
  }
  server = await BinaryServer.start({ workspace, env: { SEED_SECRET: secret } });
});
afterAll(async () => {
  await server.remove();
});

const hmac = (text: string): string => createHmac("sha256", secret).update(text).digest("hex");

function githubHeaders(event: string, body: string): Record<string, string> {
  return { "X-GitHub-Event": event, "X-Hub-Signature-256": `sha256=${hmac(body)}` };
}

function slackHeaders(body: string, ageSeconds = 0): Record<string, string> {
  const time = String(Math.floor(Date.now() / 1000) - ageSeconds);
  return { "X-Slack-Signature": `v0=${hmac(`v0:${time}:${body}`)}`, "X-Slack-Request-Timestamp": time };
}

async function send(
  pipeline: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string; type: string | null }> {
  const response = await server.webhook(pipeline, { body, headers });
  return { status: response.status, text: await response.text(), type: response.headers.get("content-type") };
}

/** The newest run of a pipeline once it has ended, with its log. */
async function lastRun(pipeline: string): ReturnType<typeof finished> {
  const [run] = await server.listRuns(`pipeline=${encodeURIComponent(pipeline)}`);
  if (!run) throw new Error(`${pipeline} has no run`);
  return await finished(run.id);
}

async function finished(id: string): Promise<{ status: string; result: unknown; steps: string[]; log: string }> {
  const { status, result, steps } = await server.waitForEnd(id);
  return { status, result, steps: steps.map(({ name }) => name), log: await server.logText(id) };
}

async function byHand(pipeline: string): ReturnType<typeof finished> {
  return await finished(await server.trigger(pipeline));
}

async function countRuns(pipeline: string): Promise<number> {
  return (await server.listRuns(`pipeline=${encodeURIComponent(pipeline)}`)).length;
}

const push = JSON.stringify({ ref: "refs/heads/main" });

describe("minimal webhook", () => {
  test("any method is answered with the script's status and body", async () => {
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"]) {
      const response = await server.webhook("minimal", { method });
      expect([method, response.status, await response.text()]).toEqual([method, 200, "ok"]);
    }
  });

  test("a run by hand has no request and ends well", async () => {
    expect(await byHand("minimal")).toEqual({ status: "succeeded", result: null, steps: [], log: "" });
  });
});

describe("read body and respond with data", () => {
  test.skipIf(!hasEngine)("the caller gets JSON made from its body, and the step runs after that", async () => {
    const { status, text, type } = await send("read-body", '{"event":"push","ref":"refs/heads/main"}');
    expect([status, type, text]).toEqual([200, "application/json", '{"received":true,"keys":["event","ref"]}']);
    expect(await lastRun("read-body")).toMatchObject({ status: "succeeded", log: "processing webhook\n" });
  });

  test("an error before the answer is a 202 with the run's id, and a failed run that names the line", async () => {
    const { status, text } = await send("read-body", "not JSON");
    expect(status).toBe(202);
    const { run_id: id, ...rest } = JSON.parse(text) as { run_id: string };
    expect(rest).toEqual({});
    const run = await server.waitForEnd(id);
    expect(run).toMatchObject({ status: "failed", error: { code: "SCRIPT_ERROR", file: "read-body.ts", line: 4 } });
  });

  test.skipIf(!hasEngine)("a run by hand runs the same step", async () => {
    expect(await byHand("read-body")).toMatchObject({ status: "succeeded", steps: ["process"] });
  });
});

describe("GitHub webhook", () => {
  test.skipIf(!hasEngine)("a push is answered and built", async () => {
    const { status, text } = await send("signed/github", push, githubHeaders("push", push));
    expect([status, text]).toEqual([200, '{"accepted":true,"event":"push"}']);
    expect(await lastRun("signed/github")).toMatchObject({ status: "succeeded", log: "go build ./...\n" });
  });

  test("another event is answered and not built", async () => {
    const { text } = await send("signed/github", push, githubHeaders("pull_request", push));
    expect(text).toBe('{"accepted":true,"event":"pull_request"}');
    expect(await lastRun("signed/github")).toMatchObject({ status: "succeeded", steps: [] });
  });

  test("a forged, a missing or a foreign signature is a 401 and no run", async () => {
    const before = await countRuns("signed/github");
    const forged: Record<string, string>[] = [
      { ...githubHeaders("push", push), "X-Hub-Signature-256": `sha256=${hmac(`${push} `)}` },
      { "X-GitHub-Event": "push" },
      { "X-GitHub-Event": "push", "X-Webhook-Signature": hmac(push) },
    ];
    for (const headers of forged) expect((await send("signed/github", push, headers)).status).toBe(401);
    expect(await countRuns("signed/github")).toBe(before);
  });

  test("without a secret no signature is needed", async () => {
    const { status, text } = await send("github", push, { "X-GitHub-Event": "push" });
    expect([status, text]).toEqual([200, '{"accepted":true,"event":"push"}']);
  });

  test("a run by hand returns at once", async () => {
    expect(await byHand("github")).toEqual({ status: "succeeded", result: null, steps: [], log: "" });
  });
});

describe("Slack webhook", () => {
  const challenge = JSON.stringify({ type: "url_verification", challenge: "3eZbrw1aBm2rZgRNFdxV2595E9CY" });
  const event = JSON.stringify({ type: "event_callback", event: { type: "app_mention" } });

  test("the challenge is sent back", async () => {
    const { status, text } = await send("signed/slack", challenge, slackHeaders(challenge));
    expect([status, text]).toEqual([200, '{"challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY"}']);
  });

  test("an event is answered and its type is in the log", async () => {
    expect(await send("signed/slack", event, slackHeaders(event))).toMatchObject({ status: 200, text: "ok" });
    expect(await lastRun("signed/slack")).toMatchObject({ status: "succeeded", log: "Slack event: app_mention\n" });
  });

  test("a request signed ten minutes ago, or without its time, is a 401", async () => {
    const { "X-Slack-Signature": signature = "" } = slackHeaders(event);
    const headers = [slackHeaders(event, 600), { "X-Slack-Signature": signature }];
    for (const each of headers) expect((await send("signed/slack", event, each)).status).toBe(401);
  });
});

describe("pipeline that works both ways", () => {
  test.skipIf(!hasEngine)(
    "a webhook is acknowledged, its sender is read in any case of the header, and the step runs",
    async () => {
      const { text } = await send("both-ways", "", { "User-Agent": "curl/8.5.0" });
      expect(text).toBe("acknowledged");
      const { log } = await lastRun("both-ways");
      expect(log).toBe("Webhook: POST from curl/8.5.0\ngo test ./...\n");
    },
  );

  test.skipIf(!hasEngine)("a run by hand says so and runs the same step", async () => {
    expect((await byHand("both-ways")).log).toBe("Manual trigger\ngo test ./...\n");
  });
});

describe("webhookTrigger", () => {
  test.skipIf(!hasEngine)("a push to main deploys", async () => {
    await send("conditional", push, { "X-GitHub-Event": "push" });
    expect(await lastRun("conditional")).toMatchObject({ steps: ["deploy"], log: "deploying\n" });
  });

  test("another branch, another event, another sender and a body that is not JSON do not deploy", async () => {
    const other = JSON.stringify({ ref: "refs/heads/topic" });
    const requests: [string, Record<string, string>][] = [
      [other, { "X-GitHub-Event": "push" }],
      [push, { "X-GitHub-Event": "pull_request" }],
      [push, {}],
      ["not JSON", { "X-GitHub-Event": "push" }],
    ];
    for (const [body, headers] of requests) {
      expect((await send("conditional", body, headers)).text).toBe("acknowledged");
      expect(await lastRun("conditional")).toMatchObject({ status: "succeeded", steps: [] });
    }
  });

  test.skipIf(!hasEngine)("a run by hand always passes", async () => {
    expect(await byHand("conditional")).toMatchObject({ log: "deploying\n" });
    expect(await byHand("mention")).toMatchObject({ result: "mentioned", log: "" });
  });

  test("nested JSON is reached, and triggeredBy tells a webhook", async () => {
    const body = JSON.stringify({ event: { type: "app_mention" } });
    expect((await send("mention", body)).status).toBe(202);
    expect(await lastRun("mention")).toMatchObject({ result: "mentioned", log: "triggered by a webhook\n" });
    await send("mention", JSON.stringify({ event: {} }));
    expect(await lastRun("mention")).toMatchObject({ status: "succeeded", result: null });
  });
});

describe("generic signatures", () => {
  const body = '{"event": "push"}';

  test("the signature may be in the header or in the address", async () => {
    const inHeader = await send("signed/minimal", body, { "X-Webhook-Signature": hmac(body) });
    const inAddress = await send(`signed/minimal?signature=${hmac(body)}`, body);
    expect([inHeader.status, inAddress.status]).toEqual([200, 200]);
  });

  test("with a secret and no signature, or a wrong one, the answer is 401", async () => {
    const wrong = { "X-Webhook-Signature": hmac(`${body}\n`) };
    for (const headers of [{}, wrong]) expect((await send("signed/minimal", body, headers)).status).toBe(401);
  });
});
