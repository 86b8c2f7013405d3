// A flood of forged webhooks: no run, no 5xx, and neither the memory nor the disk fills.

import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openHttpConnection } from "../bench/http-connection.ts";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";

const pipelines = Object.fromEntries(
  ["quiet", "small", "large"].map((id) => [
    `${id}.ts`,
    `export const config = { webhook: { provider: "github", secret: "s3cret-of-flood" } }; export const pipeline = () => 1;`,
  ]),
);

/** Sends so many requests over a few connections; how many were answered with each status. */
async function flood(server: BinaryServer, request: string, count: number): Promise<Readonly<Record<number, number>>> {
  const port = Number(new URL(server.url).port);
  const statuses: Record<number, number> = {};
  let left = count;
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      const connection = await openHttpConnection(port);
      while (left-- > 0) {
        const status = await connection.send(request);
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
      connection.close();
    }),
  );
  return statuses;
}

function post(pipeline: string, body: string, pad: number): string {
  const headers = [
    `POST /api/webhooks/${pipeline} HTTP/1.1`,
    "Host: e2e",
    "X-GitHub-Event: push",
    `X-Hub-Signature-256: sha256=${"0".repeat(64)}`,
    `X-Pad: ${"p".repeat(pad)}`,
    `Content-Length: ${String(body.length)}`,
  ];
  return `${headers.join("\r\n")}\r\n\r\n${body}`;
}

function residentMiB(pid: number): number {
  const pages = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, "utf8"))?.[1];
  return Number(pages) / 1024;
}

test("12,000 refused requests keep at most 10,000 records and 64 MiB, take nobody else's, and leave the memory flat", async () => {
  const server = await BinaryServer.start({ pipelines });
  const db = new Database(join(server.workspace.dataDir, "runner.db"), { readonly: true });
  const count = (sql: string): number => Number(db.query(sql).values()[0]?.[0]);
  const kept = (pipeline: string): number =>
    count(`SELECT count(*) FROM inbound_requests WHERE verdict = 'refused' AND pipeline = '${pipeline}'`);
  const look = async (): Promise<void> => void (await server.request("GET", "/api/requests?limit=1"));
  try {
    expect(await flood(server, post("quiet", "{}", 1), 20)).toEqual({ 401: 20 });
    expect(await flood(server, post("small", '{"a":1}', 10), 12_000)).toEqual({ 401: 12_000 });
    await look();
    expect([kept("small"), kept("quiet")]).toEqual([9980, 20]);
    expect(server.output.stderr).not.toContain("unrecorded");

    const request = post("large", "x".repeat(8000), 20_000);
    expect(await flood(server, request, 4000)).toEqual({ 401: 4000 });
    await look();
    const before = residentMiB(server.pid);
    expect(await flood(server, request, 12_000)).toEqual({ 401: 12_000 });
    await look();
    // Of 320 MiB that were sent.
    expect(residentMiB(server.pid) - before).toBeLessThan(128);
    expect(count("SELECT count(*) FROM inbound_requests")).toBeLessThanOrEqual(10_000);
    expect(count("SELECT sum(kept_bytes) FROM inbound_requests")).toBeLessThanOrEqual(64 * 1024 * 1024);
    // There is no more than that to be had.
    expect(count("SELECT sum(kept_bytes) FROM inbound_requests")).toBeGreaterThan(60 * 1024 * 1024);
    expect([kept("quiet"), kept("large") > 2000]).toEqual([20, true]);
    expect(count("SELECT count(*) FROM runs")).toBe(0);
  } finally {
    db.close();
    await server.remove();
  }
}, 120_000);
