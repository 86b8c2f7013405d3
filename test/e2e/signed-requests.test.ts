// `runner sign` and `runner listen` against the binary: what the one sends is believed, and the other says so.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { type ProviderName, providerNames } from "../../src/core/webhook-provider.ts";
import { signRequest } from "../../src/webhooks/webhooks.ts";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { runBinary } from "../fixtures/harness/run-binary.ts";
import { runnerBinary } from "../fixtures/harness/runner-binary.ts";

const secret = 'it\'s a $ecret "of" ours';
const standardSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const data = '{"ref":"refs/heads/main","who":"Jürgen"}\n';
const publicUrl = "https://box.example.org/runner";
const answer = `export const pipeline = () => {
  const { provider, eventType, body } = http.request();
  http.respond({ body: JSON.stringify({ provider, eventType, body }) });
};`;

/** Only Discord has the key that its requests are signed with. */
const signing = providerNames.filter((name) => name !== "discord");
const secretOf = (provider: ProviderName): string => (provider === "standard" ? standardSecret : secret);

function signedHeaders(provider: ProviderName) {
  const origin = { provider, secret: secretOf(provider), eventType: "x", deliveryId: "d", contentType: "text/plain" };
  return signRequest({ ...origin, url: "http://box/", body: Buffer.from("{}"), nowMs: Date.now() });
}

let server: BinaryServer;
beforeAll(async () => {
  const pipelines = Object.fromEntries(
    signing.map((provider) => [
      `${provider}.ts`,
      `export const config = { webhook: { provider: "${provider}", secret: "env:${provider === "standard" ? "STANDARD" : "S"}" } };\n${answer}`,
    ]),
  );
  server = await BinaryServer.start({
    pipelines: {
      ...pipelines,
      "old.ts": `export const config = { webhook: { provider: "github", secret: "env:S", algorithm: "sha1" } };\n${answer}`,
      "any.ts": `export const config = { webhook: { secret: ["env:S", "older"] } };\n${answer}`,
      "dash.ts": `export const config = { webhook: { secret: "-" } };\n${answer}`,
      "open.ts": answer,
    },
    env: { S: secret, STANDARD: standardSecret },
    args: ["--public-url", publicUrl],
  });
  writeFileSync(server.workspace.path("push.json"), data);
});
afterAll(async () => {
  await server.remove();
});

interface Answer {
  readonly provider: string;
  readonly eventType: string;
  readonly body: string;
}

async function send(pipeline: string, args: readonly string[], key = secret): Promise<Answer> {
  const words = ["sign", pipeline, "--send", "--event", "an event", ...args];
  const { code, stdout, stderr } = await runBinary(server.workspace, words, { env: { WEBHOOK_SECRET: key } });
  expect([pipeline, code, stderr]).toEqual([pipeline, 0, "200 OK\n"]);
  return JSON.parse(stdout) as Answer;
}

describe("runner sign --send", () => {
  test.each(signing)("is believed by a pipeline of %s", async (provider) => {
    const seen = await send(provider, ["--data", "@push.json"], secretOf(provider));
    expect(seen.provider).toBe(provider);
    expect(JSON.parse(seen.body)).toMatchObject({ ref: "refs/heads/main", who: "Jürgen" });
  });

  test("is believed where SHA-1 is asked for, and as any provider where none is pinned", async () => {
    expect(await send("old", ["--data", data])).toEqual({ provider: "github", eventType: "an event", body: data });
    expect(await send("any", ["--provider", "gitea"])).toEqual({
      provider: "gitea",
      eventType: "an event",
      body: "{}",
    });
    expect(await send("any", [])).toMatchObject({ provider: "generic" });
  });

  test("is believed with the secret that the pipeline's file names, where no other is given", async () => {
    const { code, stdout } = await runBinary(server.workspace, ["sign", "any", "--send"], { env: { S: secret } });
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { provider: "generic" }]);
  });

  test("takes a dash for the secret itself where the pipeline's file says so", async () => {
    const { code, stdout } = await runBinary(server.workspace, ["sign", "dash", "--send"], { stdin: "another" });
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { provider: "generic" }]);
  });

  test("shows the answer to a wrong secret, and fails", async () => {
    const { code, stdout, stderr } = await runBinary(server.workspace, [
      "sign",
      "github",
      "--send",
      "--secret",
      "wrong",
    ]);
    expect([code, stderr]).toEqual([1, "401 Unauthorized\n"]);
    expect(JSON.parse(stdout)).toMatchObject({ code: "SIGNATURE_INVALID" });
  });
});

describe("a signature that is none", () => {
  /** The headers together may have 32 KiB. */
  const tooMuch = "0".repeat(3000);
  const wrong = ["", " ", "0", "sha256=", "v1=", "t=,v1=", "v1,", "Bearer", "Basic %", "zz".repeat(32), tooMuch];
  /** A byte that is no UTF-8. */
  const noText = "\u00FF".repeat(64);

  test.each(signing)("is refused of %s with 401 and the same words, whatever is wrong with it", async (provider) => {
    const { headers } = signedHeaders(provider);
    const answers = new Set<string>();
    for (const text of [...wrong, noText, ...Object.values(headers).map((value) => `${value}, ${value}`)]) {
      const forged = Object.fromEntries(Object.keys(headers).map((name) => [name, text]));
      const init = { method: "POST", headers: { ...forged, "content-type": "application/json" }, body: data };
      const response = await fetch(`${server.url}/api/webhooks/${provider}?token=x&signature=x`, init);
      const { code, detail } = (await response.json()) as { readonly code: string; readonly detail: string };
      answers.add(`${response.status} ${code} ${detail}`);
    }
    expect([...answers]).toEqual([expect.stringContaining("401 SIGNATURE_INVALID")]);
    expect(await server.listRuns(`pipeline=${provider}&status=failed`)).toEqual([]);
  });
});

describe("runner sign", () => {
  test.skipIf(Bun.which("curl") === null)("prints a command that is believed as it stands", async () => {
    const words = ["sign", "github", "--data", "@push.json", "--event", "it's"];
    const { code, stdout } = await runBinary(server.workspace, words, { env: { WEBHOOK_SECRET: secret } });
    expect(code).toBe(0);
    expect(stdout).toContain(`'${publicUrl}/api/webhooks/github'`.replaceAll("'", ""));
    const local = stdout.replace(publicUrl, server.url);
    const child = Bun.spawnSync(["sh", "-c", local], { cwd: server.workspace.dir });
    expect(JSON.parse(child.stdout.toString())).toEqual({ provider: "github", eventType: "it's", body: data });
  });

  test("refuses a pipeline without a secret, one that is not there, and a secret that cannot be had", async () => {
    const attempt = async (...words: string[]) => {
      const { code, stderr } = await runBinary(server.workspace, ["sign", ...words]);
      return [code, stderr.split("\n")[0]];
    };
    expect(await attempt("open")).toEqual([2, expect.stringContaining("has no secret, so there is nothing to sign")]);
    expect(await attempt("nobody")).toEqual([66, expect.stringContaining("PIPELINE_NOT_FOUND")]);
    expect(await attempt("github")).toEqual([
      2,
      expect.stringContaining("the secret of github cannot be read here: the environment variable S is not set"),
    ]);
  });
});

describe("runner listen", () => {
  async function listening(args: readonly string[]) {
    const child = Bun.spawn([runnerBinary, "listen", "--port", "0", ...args], {
      cwd: server.workspace.dir,
      env: server.workspace.environment,
      stdout: "pipe",
      stderr: "pipe",
    });
    const reader = child.stderr.getReader();
    const first = new TextDecoder().decode((await reader.read()).value);
    const url = /http:\S+\//.exec(first)?.[0] ?? "";
    const end = async (): Promise<string> => {
      child.kill("SIGINT");
      expect(await child.exited).toBe(0);
      return await new Response(child.stdout).text();
    };
    return { url, end };
  }

  test("answers 200 and says which provider it is, and whether the secret verifies it", async () => {
    const { url, end } = await listening(["--secret", "It's a Secret to Everybody"]);
    const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    const headers = { "x-github-event": "push", "x-github-delivery": "d-7", "x-hub-signature-256": signature };
    for (const body of ["Hello, World!", "Hello, World?"]) {
      const response = await fetch(`${url}any/path?x=1`, { method: "POST", headers, body });
      expect(response.status).toBe(200);
    }
    const [verified = "", forged = ""] = (await end()).split(/\n\n(?=\d{4}-)/);
    expect(verified).toContain("POST /any/path?x=1");
    expect(verified).toContain("provider github, event push, delivery d-7, 13 bytes");
    expect(verified).toContain("verified by the secret");
    expect(verified).toEndWith("Hello, World!");
    expect(forged).toContain("not verified: signature_mismatch");
  });

  test("prints lines of JSON, masks what was sent in clear, and says that nothing was checked", async () => {
    const { url, end } = await listening(["--json"]);
    await fetch(url, { method: "PUT", headers: { "x-gitlab-token": "hunter2" }, body: Uint8Array.of(255) });
    await fetch(url, { headers: { "user-agent": "\u009B31m" } });
    const text = await end();
    const [first, second] = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(first).toMatchObject({
      method: "PUT",
      provider: "gitlab",
      verified: null,
      reason: null,
      body_base64: "/w==",
    });
    expect(second).toMatchObject({ method: "GET", provider: "generic", bytes: 0 });
    expect(text).not.toContain("hunter2");
  });
});
