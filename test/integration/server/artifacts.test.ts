// Artifacts over HTTP: whole files and parts of them, as a browser and curl get them, over a real connection.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../../../src/core/app-error.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { createServer, type Listening } from "../../../src/server/server.ts";
import { createFakeEngine, runId, token } from "./fake-engine.ts";

const folder = mkdtempSync(join(tmpdir(), "runner-artifacts-"));
const files = new Map<string, Awaited<ReturnType<Engine["openArtifact"]>>>();
let asked: string[] = [];
let listening: Listening;

function keep(name: string, content: string, bytes = Buffer.byteLength(content)): void {
  const path = join(folder, String(files.size));
  writeFileSync(path, content);
  files.set(name, { artifact: { name, bytes, createdAt: 1 }, path });
}

beforeAll(async () => {
  const engine = createFakeEngine({
    async openArtifact(run, name) {
      asked.push(name);
      const found = run === runId ? files.get(name) : undefined;
      if (found) return found;
      throw new AppError("ARTIFACT_NOT_FOUND", `there is no artifact ${name}`, { hint: "it has a.txt" });
    },
  });
  const log = (): void => {};
  const logger = { debug: log, info: log, warn: log, error: log };
  listening = await createServer({ engine, token, logger, publicUrl: null }).listen({ host: "127.0.0.1", port: 0 });
});
afterAll(async () => {
  await listening.stop(0);
  rmSync(folder, { recursive: true });
});

const get = (segment: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${listening.url}/api/runs/${runId}/artifacts/${segment}`, {
    ...init,
    headers: { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string>) },
  });

describe("an artifact", () => {
  test("comes whole with its length, to be saved and never to be run", async () => {
    keep("a.txt", "content");
    const answer = await get("a.txt");
    expect([answer.status, await answer.text()]).toEqual([200, "content"]);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-length": "7",
      "content-type": "text/plain; charset=utf-8",
      "content-disposition": `attachment; filename="a.txt"; filename*=UTF-8''a.txt`,
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox",
      "cache-control": "no-store",
    });
  });

  test.each(["page.html", "image.svg", "script.js", "page.xhtml", "x", ".html", "constructor", "x.__proto__"])(
    "named %s has no type that a browser would run",
    async (name) => {
      keep(name, "<script>alert(1)</script>");
      const answer = await get(name);
      expect(answer.headers.get("content-type")).toBe("application/octet-stream");
      expect(answer.headers.get("content-disposition")).toStartWith("attachment;");
    },
  );

  test.each([
    [`ü "q"\\ 100% 'x'.txt`, `filename="_ _q__ 100_ 'x'.txt"`, "UTF-8''%C3%BC%20%22q%22%5C%20100%25%20%27x%27.txt"],
    ["a;b=c.txt", `filename="a;b=c.txt"`, "UTF-8''a%3Bb%3Dc.txt"],
    ["%2e%2e", `filename="_2e_2e"`, "UTF-8''%252e%252e"],
    ["…?#&+.txt", `filename="_?#&+.txt"`, "UTF-8''%E2%80%A6%3F%23%26%2B.txt"],
  ])("named %s is found by its encoded name and keeps it", async (name, plain, encoded) => {
    keep(name, "x");
    const answer = await get(encodeURIComponent(name));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-disposition")).toBe(`attachment; ${plain}; filename*=${encoded}`);
  });

  test("answers HEAD with its length and no body", async () => {
    keep("head.json", "{}");
    const answer = await get("head.json", { method: "HEAD" });
    expect([answer.status, answer.headers.get("content-length"), await answer.text()]).toEqual([200, "2", ""]);
    expect(answer.headers.get("content-type")).toBe("application/json");
  });

  test("of no bytes is an empty answer", async () => {
    keep("empty", "");
    const answer = await get("empty");
    expect([answer.status, answer.headers.get("content-length"), await answer.text()]).toEqual([200, "0", ""]);
  });

  test.each([
    ["bytes=2-4", 206, "cde", "bytes 2-4/10"],
    ["bytes=8-", 206, "ij", "bytes 8-9/10"],
    ["bytes=-3", 206, "hij", "bytes 7-9/10"],
    ["bytes=10-", 416, "", "bytes */10"],
  ])("answers the range %s with %i", async (range, status, text, contentRange) => {
    keep("ranges", "abcdefghij");
    const answer = await get("ranges", { headers: { range } });
    expect([answer.status, await answer.text(), answer.headers.get("content-range")]).toEqual([
      status,
      text,
      contentRange,
    ]);
    expect(answer.headers.get("content-disposition")).toStartWith("attachment;");
  });

  test("of many megabytes arrives whole", async () => {
    keep("large", "", 50_000_000);
    truncateSync(files.get("large")?.path ?? "", 50_000_000);
    expect((await (await get("large")).arrayBuffer()).byteLength).toBe(50_000_000);
  });

  test.each([
    ["that there is not", "none"],
    ["with a slash", "a%2Fb"],
  ])("%s is a 404 with a hint", async (_, segment) => {
    const answer = await get(segment);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ code: "ARTIFACT_NOT_FOUND", hint: "it has a.txt" });
  });

  test("whose file is gone or cut is a 404, not half a file", async () => {
    keep("gone", "gone");
    rmSync(files.get("gone")?.path ?? "");
    keep("cut", "cut", 100);
    for (const name of ["gone", "cut"]) {
      const answer = await get(name);
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([404, "ARTIFACT_NOT_FOUND"]);
    }
  });

  test("is one segment of the address: what is behind it is another resource", async () => {
    asked = [];
    expect((await get("a.txt/../../../x")).status).toBe(404);
    expect((await get("a.txt/b")).status).toBe(404);
    expect((await get("%ff")).status).toBe(400);
    expect(asked).toEqual([]);
  });

  test("needs the token and no method but GET", async () => {
    expect((await fetch(`${listening.url}/api/runs/${runId}/artifacts/a.txt`)).status).toBe(401);
    const answer = await get("a.txt", { method: "DELETE" });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });
});
