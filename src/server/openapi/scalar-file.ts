// The program behind the documentation's page: a file within the executable, read when a browser asks for it.

import { gzip } from "node:zlib";
import { promisify } from "node:util";
import scalarPath from "../../../node_modules/@scalar/api-reference/dist/browser/standalone.js" with { type: "file" };

const compress = promisify(gzip);

export async function scalarResponse(request: Request): Promise<Response> {
  const etag = `"${await scalarVersion()}"`;
  const headers: Record<string, string> = {
    etag,
    // Its address names its content, so a browser needs to ask once.
    "cache-control": "private, max-age=31536000, immutable",
    vary: "accept-encoding",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
  };
  if (request.headers.get("if-none-match")?.includes(etag)) return new Response(null, { status: 304, headers });
  headers["content-type"] = "text/javascript; charset=utf-8";
  const file = Bun.file(scalarPath);
  if (!/\bgzip\b/i.test(request.headers.get("accept-encoding") ?? "")) return new Response(file, { headers });
  headers["content-encoding"] = "gzip";
  // Compressed in a thread of its own and kept nowhere: it is asked for once by a browser.
  return new Response(await compress(await file.bytes()), { headers });
}

let version: string | undefined;

export async function scalarVersion(): Promise<string> {
  version ??= Bun.hash(await Bun.file(scalarPath).bytes()).toString(36);
  return version;
}
