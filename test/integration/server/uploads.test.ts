// PUT and DELETE /api/pipelines/{id}, without a port and with an engine that only remembers.

import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../../../src/core/app-error.ts";
import type { Engine, PipelineUpload } from "../../../src/engine/engine.ts";
import { createServer } from "../../../src/server/server.ts";
import { makeCertificate } from "../../fixtures/certificates/make-certificate.ts";
import { createFakeEngine, makePipeline, token } from "./fake-engine.ts";
import { readJson } from "./read-json.ts";

const source = "export const pipeline = () => 1;\n";

function serve(changes: Partial<Engine> = {}, publicUrl: string | null = null) {
  const uploads: { readonly id: string; readonly upload: PipelineUpload }[] = [];
  const removed: string[] = [];
  const logged: string[] = [];
  const log = (message: string, fields?: object) => void logged.push(`${message} ${JSON.stringify(fields)}`);
  const engine = createFakeEngine({
    setPipeline: async (id, upload) => {
      uploads.push({ id, upload });
      const secretFrom = typeof upload.webhookSecret === "string" ? "upload" : null;
      return {
        overview: { pipeline: makePipeline(id), lastRun: null, secretFrom, paused: false },
        change: "created",
        warnings: ["w"],
      };
    },
    removePipeline: async (id) => void removed.push(id),
    ...changes,
  });
  const server = createServer({
    engine,
    token,
    publicUrl,
    logger: { debug: log, info: log, warn: log, error: log },
    limits: { maxBodyBytes: 1000 },
  });
  const ask = (method: string, path: string, body?: string | Uint8Array, headers: Record<string, string> = {}) =>
    server.handle(
      new Request(`http://nas:8080${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...headers },
        body: (body ?? null) as string | null,
      }),
    );
  const json = { "content-type": "application/json" };
  const putJson = (path: string, value: unknown) => ask("PUT", path, JSON.stringify(value), json);
  return { server, uploads, removed, logged, ask, putJson };
}

describe("PUT /api/pipelines/{id}", () => {
  test("takes JSON and answers 201 with the pipeline, its webhook and warnings", async () => {
    const { putJson, uploads } = serve();
    const answer = await putJson("/api/pipelines/home/backup", { source, extension: ".js", webhook_secret: "hunter2" });
    const text = await answer.text();
    expect([answer.status, answer.headers.get("location")]).toEqual([201, "/api/pipelines/home%2Fbackup"]);
    expect(JSON.parse(text)).toMatchObject({
      id: "home/backup",
      state: "ok",
      change: "created",
      warnings: ["w"],
      config: { webhook: { url: null, signed: true, secret_from: "upload" } },
      webhook: { url: "http://nas:8080/api/webhooks/home/backup", signed: true, secret_from: "upload" },
    });
    expect(text).not.toContain("hunter2");
    expect(uploads).toEqual([{ id: "home/backup", upload: { source, extension: ".js", webhookSecret: "hunter2" } }]);
  });

  test("names the public address where there is one", async () => {
    const { putJson } = serve({}, "https://example.org/hooks");
    const url = "https://example.org/hooks/api/webhooks/home/backup";
    const answer = await readJson(await putJson("/api/pipelines/home/backup", { source }));
    expect(answer).toMatchObject({ webhook: { url }, config: { webhook: { url } } });
  });

  test("names the address by which the caller came: by HTTPS, and none where its Host is no host", async () => {
    const folder = mkdtempSync(join(tmpdir(), "runner-uploads-"));
    const { certFile, keyFile } = makeCertificate(folder, "ci.example.org");
    const listening = await serve().server.listen({ host: "127.0.0.1", port: 0, tlsCert: certFile, tlsKey: keyFile });
    try {
      const put = async (host: string): Promise<unknown> => {
        const options = { ca: readFileSync(certFile, "utf8"), checkServerIdentity: () => undefined };
        const headers = { host, authorization: `Bearer ${token}` };
        const url = `${listening.url}/api/pipelines/deploy`;
        return await readJson(await fetch(url, { method: "PUT", body: source, headers, tls: options }));
      };
      expect(await put("nas:8443")).toMatchObject({ webhook: { url: "https://nas:8443/api/webhooks/deploy" } });
      expect(await put("[::1")).toMatchObject({ change: "created", webhook: { url: null } });
    } finally {
      await listening.stop(0);
      rmSync(folder, { recursive: true });
    }
  });

  test("answers 200 where the pipeline was there", async () => {
    const overview = { pipeline: makePipeline("deploy"), lastRun: null, secretFrom: null, paused: false };
    const { putJson } = serve({ setPipeline: async () => ({ overview, change: "unchanged", warnings: [] }) });
    expect((await putJson("/api/pipelines/deploy", { source })).status).toBe(200);
  });

  test.each([
    ["no content type", {}, "", ".ts"],
    ["text", { "content-type": "text/plain" }, "?extension=.mjs", ".mjs"],
    ["what curl --data-binary says", { "content-type": "application/x-www-form-urlencoded" }, "?extension=js", ".js"],
  ])("takes the file itself with %s", async (_what, headers: Record<string, string>, query, extension) => {
    const { ask, uploads } = serve();
    const text = `// = & ä + %41\n${source}`;
    const answer = await ask("PUT", `/api/pipelines/home%2Fbackup${query}`, new TextEncoder().encode(text), headers);
    expect(answer.status).toBe(201);
    expect(uploads as unknown).toEqual([{ id: "home/backup", upload: { source: text, extension } }]);
  });

  test("needs the token, and refuses other methods with those there are", async () => {
    const { ask, uploads } = serve();
    for (const method of ["PUT", "DELETE"]) {
      expect((await ask(method, "/api/pipelines/x", source, { authorization: "Bearer wrong" })).status).toBe(401);
    }
    const patched = await ask("PATCH", "/api/pipelines/x");
    expect([patched.status, patched.headers.get("allow"), uploads]).toEqual([405, "GET, HEAD, PUT, DELETE", []]);
    const trigger = await ask("PUT", "/api/pipelines/x/trigger", source);
    expect([trigger.status, trigger.headers.get("allow"), uploads]).toEqual([405, "POST", []]);
  });

  test("refuses a body over the limit, of JSON over twice the limit", async () => {
    const { ask, putJson, uploads } = serve();
    expect((await ask("PUT", "/api/pipelines/x", "x".repeat(1001))).status).toBe(413);
    expect((await putJson("/api/pipelines/x", { source: "x".repeat(2000) })).status).toBe(413);
    // 900 characters that JSON writes as 1,800.
    expect((await putJson("/api/pipelines/x", { source: "\n".repeat(900) })).status).toBe(201);
    expect(uploads).toHaveLength(1);
  });

  test("tells nothing of the secret where the body is refused or the engine fails", async () => {
    const body = `{"source": 1, "webhook_secret": "hunter2"}`;
    const json = { "content-type": "application/json" };
    const refused = serve();
    const texts = [
      await (await refused.ask("PUT", "/api/pipelines/x", body, json)).text(),
      await (await refused.ask("PUT", "/api/pipelines/x", body.replace("}", ""), json)).text(),
    ];
    const failing = serve({ setPipeline: () => Promise.reject(new TypeError("boom")) });
    texts.push(await (await failing.putJson("/api/pipelines/x", { source, webhook_secret: "hunter2" })).text());
    expect([...texts, ...refused.logged, ...failing.logged].join("\n")).not.toContain("hunter2");
  });

  test("hands out every problem of a file that does not load", async () => {
    const problem = { severity: "error", file: "x.ts", line: 2, column: 3, message: "no", hint: null };
    const error = new AppError("LOAD_FAILED", "x.ts does not load", { details: { problems: [problem] } });
    const { putJson } = serve({ setPipeline: () => Promise.reject(error) });
    const answer = await putJson("/api/pipelines/x", { source });
    expect([answer.status, await readJson(answer)]).toMatchObject([
      400,
      { code: "LOAD_FAILED", details: { problems: [problem] } },
    ]);
  });
});

describe("DELETE /api/pipelines/{id}", () => {
  test("answers 204 without a body", async () => {
    const { ask, removed } = serve();
    const answers = [await ask("DELETE", "/api/pipelines/home/backup"), await ask("DELETE", "/api/pipelines/a%2Fb")];
    expect(answers.map(({ status }) => status)).toEqual([204, 204]);
    expect([await answers[0]?.text(), removed]).toEqual(["", ["home/backup", "a/b"]]);
  });

  test("answers 404 where there is none", async () => {
    const error = new AppError("PIPELINE_NOT_FOUND", "there is no pipeline");
    const { ask } = serve({ removePipeline: () => Promise.reject(error) });
    expect((await ask("DELETE", "/api/pipelines/x")).status).toBe(404);
  });
});
