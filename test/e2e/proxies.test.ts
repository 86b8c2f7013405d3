// The server behind real proxies, configured as the README shows: base path, signatures, streams, limits.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { runBinary } from "../fixtures/harness/run-binary.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";
import { choosePorts, publicUrls, recipe, startProxy, type RunningProxy } from "../fixtures/proxies/proxies.ts";
import { readme } from "../fixtures/readme/readme.ts";

const secret = "it's a $ecret";
const pipelines = {
  "team/github.ts": `export const config = { webhook: { provider: "github", secret: "env:S" } };
    export const pipeline = () => {
      const { provider, eventType, body, url, headers } = http.request();
      http.respond({ status: 201, headers: { "x-own": "1" }, body: JSON.stringify({ provider, eventType, body, url, host: headers.host }) });
    };`,
  "size.ts": `export const pipeline = () => http.respond({ body: String(http.request().body.length) });`,
  "near.ts": `export const config = { webhook: { allow: ["127.0.0.2"] } };
    export const pipeline = () => http.respond({ body: "let in" });`,
  "slow.ts": `export const pipeline = async () => {
      const step = await runtime.run({ name: "slow", command: 'echo first; while [ ! -e "$GO" ]; do sleep 0.05; done; echo second', env: { GO: pipelineContext.args[0] } });
      return step.code;
    };`,
};

/** The status of a request from another address of this machine. */
async function postFrom(localAddress: string, url: string, forwardedFor: string): Promise<number | undefined> {
  const headers = { "x-forwarded-for": forwardedFor };
  return await new Promise((resolve, reject) => {
    const sending = request(url, { method: "POST", localAddress, headers, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    sending.on("error", reject).end("{}");
  });
}

for (const name of ["caddy", "nginx"] as const) {
  describe.skipIf(Bun.which(name) === null)(name, () => {
    const ports = choosePorts();
    let server: BinaryServer;
    let proxy: RunningProxy;

    beforeAll(async () => {
      const workspace = new Workspace(pipelines);
      server = await BinaryServer.start({
        workspace,
        args: [`--public-url=${publicUrls(name, ports).url}`, "--trusted-proxies=127.0.0.1"],
        env: { S: secret },
      });
      proxy = await startProxy(name, ports, server.url, workspace);
    });
    afterAll(async () => {
      // Either may be missing where the other did not start.
      await (proxy as RunningProxy | undefined)?.stop();
      await (server as BinaryServer | undefined)?.remove();
    });

    const get = async (path: string, init: RequestInit = {}): Promise<Response> =>
      await fetch(`${proxy.url}${path}`, { ...init, headers: { authorization: `Bearer ${server.token}` } });

    const missingTools = ["curl", "openssl"].filter((tool) => Bun.which(tool) === null);
    test.skipIf(missingTools.length > 0)(
      "the curl that webhook prints goes through it and its signature is accepted",
      async () => {
        const { stdout } = await runBinary(server.workspace, ["webhook", "team/github", "--json"]);
        const { url, curl } = JSON.parse(stdout) as { url: string; curl: string };
        expect(url).toBe(`${proxy.url}/api/webhooks/team/github`);
        const env = { ...server.workspace.environment, WEBHOOK_SECRET: secret };
        const child = Bun.spawn(["sh", "-c", `${curl} -w '%{http_code} %header{x-own}'`], { env, stderr: "pipe" });
        const output = await new Response(child.stdout).text();
        expect(output).toEndWith("}201 1");
        expect(output).toContain('"provider":"github","eventType":"push"');
        // As the server is asked without its base path.
        expect(output).toContain('"url":"/api/webhooks/team/github"');
      },
    );

    test("bytes of a body arrive as they were sent, whatever they are", async () => {
      const body = ' {"a" :\t"é\\u0000😀"}\r\n\n';
      const headers = {
        "x-github-event": "push",
        "x-hub-signature-256": `sha256=${new Bun.CryptoHasher("sha256", secret).update(body).digest("hex")}`,
      };
      const response = await fetch(`${proxy.url}/api/webhooks/team%2Fgithub?a=%2F+b`, {
        method: "POST",
        body,
        headers,
      });
      expect(response.status).toBe(201);
      expect(await response.json()).toMatchObject({ body, url: expect.stringContaining("?a=%2F+b") });
      const forged = await fetch(`${proxy.url}/api/webhooks/team/github`, {
        method: "POST",
        body: `${body} `,
        headers,
      });
      expect(forged.status).toBe(401);
    });

    test("the sender is who called the proxy, whatever it says itself", async () => {
      const url = `${proxy.webhooksUrl}/api/webhooks/near`;
      expect(await postFrom("127.0.0.2", url, "10.0.0.1")).toBe(200);
      expect(await postFrom("127.0.0.3", url, "127.0.0.2")).toBe(403);
      // Past the proxy: who connects is not trusted, and its word neither.
      const direct = `${server.url}/api/webhooks/near`;
      expect(await postFrom("127.0.0.3", direct, "127.0.0.2")).toBe(403);
      expect(await postFrom("127.0.0.2", direct, "10.0.0.1")).toBe(200);
    });

    test("a followed log arrives while the step is running", async () => {
      const go = server.workspace.path(`go-${name}`);
      const started = await server.request("POST", "/api/pipelines/slow/trigger", { args: [go] });
      const { run_id: id } = (await started.json()) as { run_id: string };
      const response = await get(`/api/runs/${id}/logs?follow=1`);
      const decoder = new TextDecoder();
      let text = "";
      for await (const bytes of response.body ?? []) {
        text += decoder.decode(bytes, { stream: true });
        // Only once the first line is here does the step write the second one.
        if (text === "first\n") writeFileSync(go, "");
      }
      expect(text).toBe("first\nsecond\n");
    });

    test("a body of 1 MiB passes", async () => {
      const body = "x".repeat(1024 ** 2);
      const response = await fetch(`${proxy.url}/api/webhooks/size`, { method: "POST", body });
      expect(await response.text()).toBe(String(body.length));
    });

    test("one byte more is refused as too large, not as a failing server", async () => {
      const body = "x".repeat(1024 ** 2 + 1);
      const response = await fetch(`${proxy.url}/api/webhooks/size`, { method: "POST", body });
      expect(response.status).toBe(413);
    });

    test("the commands work through it, with their token", async () => {
      const env = { RUNNER_SERVER: proxy.url, RUNNER_TOKEN: server.token };
      writeFileSync(server.workspace.path("there"), "");
      const { code, stdout } = await runBinary(
        server.workspace,
        ["trigger", "slow", "--arg", server.workspace.path("there")],
        { env },
      );
      expect([code, stdout]).toEqual([0, "first\nsecond\nresult: 0\n"]);
      expect((await get("/api/pipelines/team%2Fgithub")).status).toBe(200);
      expect((await fetch(`${proxy.url}/api/pipelines`)).status).toBe(401);
    });

    test("a browser logs in below the base path, and is sent to where that is", async () => {
      const log = async (origin: string): Promise<Response> =>
        await fetch(`${proxy.url}/login`, {
          method: "POST",
          body: new URLSearchParams({ token: server.token }),
          headers: { origin },
          redirect: "manual",
        });
      const { origin } = new URL(proxy.url);
      const response = await log(origin);
      expect([response.status, response.headers.has("set-cookie")]).toEqual([303, true]);
      const next = new URL(response.headers.get("location") ?? "", `${proxy.url}/login`).href;
      expect(next).toStartWith(`${proxy.url}/`);
      expect((await log("http://elsewhere.example.org")).status).toBe(403);
    });

    test("where only webhooks are let through, nothing else is", async () => {
      const webhook = await fetch(`${proxy.webhooksUrl}/api/webhooks/size`, { method: "POST", body: "abc" });
      expect([webhook.status, await webhook.text()]).toEqual([200, "3"]);
      for (const path of [
        "/api/pipelines",
        "/healthz",
        "/",
        "/swagger",
        "/api/webhooks/../pipelines",
        "/api/webhooks/%2e%2e/pipelines",
      ]) {
        const headers = { authorization: `Bearer ${server.token}` };
        const text = await (await fetch(`${proxy.webhooksUrl}${path}`, { headers })).text();
        expect([path, text]).toEqual([path, expect.not.stringContaining('"pipelines"')]);
        expect([path, text]).toEqual([path, expect.not.stringContaining("swagger")]);
      }
    });

    test("the README shows what was tested here", () => {
      // If this fails: copy test/fixtures/proxies/ into the README, as blocks of this language.
      expect(readme.includes(`\`\`\`${name}\n${recipe(name)}\`\`\`\n`)).toBe(true);
    });
  });
}
