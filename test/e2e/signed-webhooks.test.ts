// Webhooks of each provider against the binary: genuine, forged, unsigned, and those that can have no run.

import { createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { runBinary } from "../fixtures/harness/run-binary.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";

const secret = "e2e secret: ä✓";
const body = '{"ref":"refs/heads/main","who":"Jürgen"}\n';

const answer = `export const pipeline = () => {
  const { provider, eventType, method, body } = http.request();
  http.respond({ status: 200, body: JSON.stringify({ provider, eventType, method, body, by: pipelineContext.triggeredBy }) });
};`;
const guardedBy = (reference: string): string =>
  `export const config = { webhook: { secret: ${JSON.stringify(reference)} } };\n${answer}`;

let workspace: Workspace;
let server: BinaryServer;
beforeAll(async () => {
  workspace = new Workspace({
    // As in seeds and README: the answer first, the work after it.
    "push.ts": `export const config = { webhook: { provider: "github", secret: "env:E2E_SECRET" } };
    export const pipeline = async () => {
      const { body, eventType, headers } = http.request();
      http.respond({
        status: 201,
        headers: { "Content-Type": "application/json", "X-Event": eventType },
        body: JSON.stringify({ accepted: JSON.parse(body).ref }),
      });
      if (!webhookTrigger('eventType == "push" && payload.ref endsWith "main"')) return "skipped";
      await runtime.run({ name: "build", command: { path: "echo", args: ["built for", JSON.parse(body).who] } });
      return headers["X-GITHUB-DELIVERY"];
    };`,
    "guarded.ts": guardedBy("env:E2E_SECRET"),
    "by-file.ts": guardedBy("file:SECRET_FILE"),
    "literal.ts": guardedBy("s3cr3t"),
    "open.ts": answer,
    "length.ts":
      "export const pipeline = () => { http.respond({ status: 200, body: `${http.request().body.length}` }); };",
    "missing.ts": guardedBy("env:E2E_NOT_SET"),
    "empty.ts": guardedBy("env:E2E_EMPTY"),
    "no-file.ts": guardedBy("file:/nonexistent/e2e-secret"),
    "off.ts": `export const config = { webhook: false };\n${answer}`,
    "home/nas/backup.ts": answer,
  });
  writeFileSync(workspace.path("secret"), `${secret}\n`, { mode: 0o600 });
  workspace.save("by-file.ts", guardedBy(`file:${workspace.path("secret")}`));
  server = await BinaryServer.start({ workspace, env: { E2E_SECRET: secret, E2E_EMPTY: "" } });
});
afterAll(async () => {
  await server.remove();
});

const hmac = (text: string, key = secret): string => createHmac("sha256", key).update(text).digest("hex");
const github = (signature: string, event = "push", delivery: string = crypto.randomUUID()) => ({
  "x-github-event": event,
  "x-github-delivery": delivery,
  "x-hub-signature-256": `sha256=${signature}`,
});
const slack = (at: number, signed = at) => ({
  "x-slack-request-timestamp": String(at),
  "x-slack-signature": `v0=${hmac(`v0:${String(signed)}:${body}`)}`,
});
const now = (): number => Math.floor(Date.now() / 1000);
const countRuns = async (pipeline: string): Promise<number> => (await server.listRuns(`pipeline=${pipeline}`)).length;

async function expectRefused(path: string, init: RequestInit, status: number, code: string): Promise<void> {
  const [pipeline = ""] = decodeURIComponent(path).split("?");
  const before = await countRuns(pipeline);
  const response = await server.webhook(path, init);
  expect(response.headers.get("content-type")).toContain("application/problem+json");
  expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([status, code]);
  expect(await countRuns(pipeline)).toBe(before);
}

async function expectAnswer(path: string, init: RequestInit, expected: Record<string, string>): Promise<void> {
  const response = await server.webhook(path, init);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ by: "webhook", ...expected });
}

test("a signed push gets the pipeline's own answer, and the output of its step is in the log", async () => {
  const response = await server.webhook("push", { body, headers: github(hmac(body), "push", "delivery-7") });
  expect(response.status).toBe(201);
  expect(response.headers.get("content-type")).toContain("application/json");
  expect(response.headers.get("x-event")).toBe("push");
  expect(await response.json()).toEqual({ accepted: "refs/heads/main" });

  const [run] = await server.listRuns("pipeline=push");
  const { id, status, result, trigger, steps } = await server.waitForEnd(run?.id ?? "");
  expect({ status, result, trigger }).toEqual({ status: "succeeded", result: "delivery-7", trigger: "webhook" });
  expect(steps.map(({ name, code }) => [name, code])).toEqual([["build", 0]]);
  expect(await server.logText(id)).toContain("built for Jürgen\n");
});

test("an event that GitHub delivers again begins nothing, unless its run has failed", async () => {
  const flaky = `export const config = { webhook: { provider: "github", secret: "env:E2E_SECRET" } };
    export const pipeline = async () => {
      http.respond({ status: 201 });
      const { code } = await runtime.run({ name: "work", command: "test -e ${workspace.path("mended")}" });
      if (code !== 0) throw new Error("not mended yet");
    };`;
  workspace.save("flaky.ts", flaky);
  await eventually("pipeline flaky", async () => (await server.request("GET", "/api/pipelines/flaky")).ok);
  const deliver = async (): Promise<{ readonly status: number; readonly text: string }> => {
    const response = await server.webhook("flaky", { body, headers: github(hmac(body), "push", "g-1") });
    return { status: response.status, text: await response.text() };
  };
  expect((await deliver()).status).toBe(201);
  const [failed] = await server.listRuns("pipeline=flaky");
  expect((await server.waitForEnd(failed?.id ?? "")).status).toBe("failed");
  writeFileSync(workspace.path("mended"), "");
  expect((await deliver()).status).toBe(201);
  const [mended] = await server.listRuns("pipeline=flaky");
  expect(await server.waitForEnd(mended?.id ?? "")).toMatchObject({ status: "succeeded", rerun_of: failed?.id });
  for (let index = 0; index < 3; index++) {
    const { status, text } = await deliver();
    expect([status, JSON.parse(text)]).toEqual([200, { run_id: mended?.id, duplicate: true }]);
  }
  expect(await countRuns("flaky")).toBe(2);
});

test("webhookTrigger keeps a push to another branch from its steps", async () => {
  const other = '{"ref":"refs/heads/other","who":"x"}';
  const response = await server.webhook("push", { body: other, headers: github(hmac(other)) });
  expect(response.status).toBe(201);
  const [run] = await server.listRuns("pipeline=push");
  const { result, steps } = await server.waitForEnd(run?.id ?? "");
  expect([result, steps.length]).toEqual(["skipped", 0]);
});

test.each([
  ["of another secret", github(hmac(body, "another"))],
  ["of another body", github(hmac(`${body} `))],
  ["cut short", github(hmac(body).slice(0, 63))],
  ["of no length", github("")],
  ["that is missing", { "x-github-event": "push" }],
  ["in the header of SHA-1", { "x-github-event": "push", "x-hub-signature": `sha1=${hmac(body)}` }],
  ["in the generic header alone", { "x-github-event": "push", "x-webhook-signature": hmac(body) }],
])("a GitHub signature %s is refused with 401 and makes no run", async (_, headers) => {
  await expectRefused("push", { body, headers }, 401, "SIGNATURE_INVALID");
});

test("a pinned provider refuses what another provider's rules would accept", async () => {
  await expectRefused("push", { body, headers: { "x-webhook-signature": hmac(body) } }, 401, "SIGNATURE_INVALID");
});

test("a Slack request is accepted up to five minutes off, and refused beyond", async () => {
  for (const offBy of [0, -280, 280]) {
    await expectAnswer("guarded", { body, headers: slack(now() + offBy) }, { provider: "slack", body });
  }
  for (const offBy of [-320, 320, -86_400]) {
    await expectRefused("guarded", { body, headers: slack(now() + offBy) }, 401, "SIGNATURE_INVALID");
  }
});

test("a Slack request whose time is not the signed one, or is missing, is refused", async () => {
  await expectRefused("guarded", { body, headers: slack(now(), now() - 100) }, 401, "SIGNATURE_INVALID");
  const { "x-slack-signature": signature } = slack(now());
  await expectRefused("guarded", { body, headers: { "x-slack-signature": signature } }, 401, "SIGNATURE_INVALID");
});

test("the generic signature is taken from its header and from ?signature=", async () => {
  const expected = { provider: "generic", eventType: "", body };
  await expectAnswer("guarded", { body, headers: { "x-webhook-signature": hmac(body) } }, expected);
  await expectAnswer(`guarded?signature=${hmac(body)}`, { body }, expected);
  await expectRefused("guarded", { body }, 401, "SIGNATURE_INVALID");
  await expectRefused("guarded?signature=00", { body }, 401, "SIGNATURE_INVALID");
  await expectRefused(
    "guarded",
    { body, headers: { "x-webhook-signature": hmac(body, "x") } },
    401,
    "SIGNATURE_INVALID",
  );
});

test("every method is taken, and a body is signed as its exact bytes", async () => {
  await expectAnswer(
    "guarded",
    { method: "PUT", body, headers: { "x-webhook-signature": hmac(body) } },
    { method: "PUT" },
  );
  const response = await server.webhook(`guarded?signature=${hmac("")}`, { method: "GET" });
  expect(await response.json()).toMatchObject({ method: "GET", body: "" });
  const bytes = new Uint8Array([0xff, 0x00, 0x0a, 0xfe]);
  const signature = createHmac("sha256", secret).update(bytes).digest("hex");
  const binary = await server.webhook("guarded", { body: bytes, headers: { "x-webhook-signature": signature } });
  expect(binary.status).toBe(200);
});

test("a secret may be in a file or in the script itself", async () => {
  await expectAnswer("by-file", { body, headers: { "x-webhook-signature": hmac(body) } }, { body });
  await expectAnswer("literal", { body, headers: { "x-webhook-signature": hmac(body, "s3cr3t") } }, { body });
  await expectRefused("literal", { body, headers: { "x-webhook-signature": hmac(body) } }, 401, "SIGNATURE_INVALID");
});

test("a pipeline without a secret accepts everything, and the server says so at start", async () => {
  await expectAnswer("open", { body }, { provider: "generic" });
  await expectAnswer("open", { body, headers: github("forged") }, { provider: "github", eventType: "push" });
  await eventually("warning", () => /webhook has no secret.*open/.test(server.output.stderr));
});

test.each(["missing", "empty", "no-file"])("a secret that is %s is answered with 503, signed or not", async (id) => {
  await expectRefused(id, { body }, 503, "SECRET_MISSING");
  await expectRefused(id, { body, headers: { "x-webhook-signature": hmac(body, "") } }, 503, "SECRET_MISSING");
});

test("check tells of missing secrets", async () => {
  const { stdout } = await runBinary(workspace, ["check"], { env: { E2E_SECRET: secret, E2E_EMPTY: "" } });
  for (const id of ["missing", "empty", "no-file"]) expect(stdout).toContain(`pipelines/${id}.ts`);
  expect(stdout).not.toContain("pipelines/guarded.ts");
});

test("webhook: false is a 404, while the pipeline can be started by hand", async () => {
  await expectRefused("off", { body }, 404, "WEBHOOK_DISABLED");
  expect((await server.request("POST", "/api/pipelines/off/trigger")).status).toBe(202);
});

test("an unknown pipeline is a 404 and makes no run", async () => {
  const before = (await server.listRuns()).length;
  await expectRefused("nobody", { body }, 404, "PIPELINE_NOT_FOUND");
  await expectRefused("home", { body }, 404, "PIPELINE_NOT_FOUND");
  await expectRefused("..%2Fpush", { body }, 404, "PIPELINE_NOT_FOUND");
  expect((await server.listRuns()).length).toBe(before);
});

test("an id with slashes is taken plain and encoded", async () => {
  for (const path of ["home/nas/backup", "home%2Fnas%2Fbackup", "home%2fnas/backup"]) {
    await expectAnswer(path, { body }, { provider: "generic" });
  }
  expect((await server.listRuns("pipeline=home%2Fnas%2Fbackup")).length).toBe(3);
});

test("a body over 1 MiB is refused with 413, an encoded one with 415", async () => {
  await expectRefused("open", { body: "x".repeat(1024 * 1024 + 1) }, 413, "BODY_TOO_LARGE");
  await expectRefused("open", { body, headers: { "content-encoding": "gzip" } }, 415, "UNSUPPORTED_ENCODING");
  for (const character of ["x", '"', "\u0001"]) {
    const response = await server.webhook("length", { body: character.repeat(1024 * 1024) });
    expect([response.status, await response.text()]).toEqual([200, "1048576"]);
  }
});
