// The documentation over HTTP, without a port.

import { describe, expect, test } from "bun:test";
import { gunzipSync } from "node:zlib";
import { createServer } from "../../../src/server/server.ts";
import { createFakeEngine, token } from "./fake-engine.ts";

const ask = (path: string, headers: Record<string, string> = {}, publicUrl: string | null = null) =>
  createServer({ engine: createFakeEngine(), token, publicUrl }).handle(
    new Request(`http://nas:8080${path}`, { headers: { authorization: `Bearer ${token}`, ...headers } }),
  );

describe("the page", () => {
  test("loads, sends and frames nothing beyond this server, whatever its program would like to", async () => {
    const answer = await ask("/swagger");
    const policy = answer.headers.get("content-security-policy") ?? "";
    for (const part of ["default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"]) {
      expect(policy).toContain(part);
    }
    expect(policy).toMatch(/script-src 'self' 'sha256-[\w+/=]+';/);
    expect(policy).not.toMatch(/https?:|\*|script-src[^;]*unsafe/);
    expect(await answer.text()).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  });

  test("finds its parts below the path that a proxy has put before it", async () => {
    const html = await (await ask("/swagger")).text();
    const script = /<script src="([^"]+)"/.exec(html)?.[1] ?? "";
    const description = /data-url="([^"]+)"/.exec(html)?.[1] ?? "";
    const base = "https://example.com/runner/swagger";
    expect(new URL(script, base).pathname).toBe("/runner/swagger/scalar.js");
    expect(new URL(description, base).pathname).toBe("/runner/swagger/json");
  });
});

describe("its program", () => {
  test("is kept by browsers, and asked for again only where it has changed", async () => {
    const first = await ask("/swagger/scalar.js");
    expect(first.headers.get("cache-control")).toContain("immutable");
    const etag = first.headers.get("etag") ?? "";
    expect(await (await ask("/swagger")).text()).toContain(`scalar.js?v=${etag.replaceAll('"', "")}"`);
    expect((await ask("/swagger/scalar.js", { "if-none-match": etag })).status).toBe(304);
    expect((await ask("/swagger/scalar.js", { "if-none-match": '"old"' })).status).toBe(200);
  });

  test("is the same compressed and not", async () => {
    const plain = await (await ask("/swagger/scalar.js")).bytes();
    const packed = await ask("/swagger/scalar.js", { "accept-encoding": "br, gzip" });
    expect(packed.headers.get("content-encoding")).toBe("gzip");
    expect(Bun.hash(gunzipSync(await packed.bytes()))).toBe(Bun.hash(plain));
  });
});

describe("the address of the API", () => {
  const serversOf = async (headers: Record<string, string>, publicUrl: string | null): Promise<unknown> => {
    const document = (await (await ask("/swagger/json", headers, publicUrl)).json()) as { servers: { url: string }[] };
    return document.servers.map(({ url }) => url);
  };

  test("is that of the page where no public one is known", async () => {
    expect(await serversOf({}, null)).toEqual(["/"]);
  });

  test("is the public one for who came by it, and offered to others", async () => {
    const publicUrl = "https://example.com/runner/";
    expect(await serversOf({ host: "example.com" }, publicUrl)).toEqual(["https://example.com/runner"]);
    expect(await serversOf({ host: "127.0.0.1:8080" }, publicUrl)).toEqual(["/", "https://example.com/runner"]);
  });
});
