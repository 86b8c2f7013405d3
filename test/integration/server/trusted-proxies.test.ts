// Whose word about a sender's address is taken, over real sockets.

import { afterEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseTrustedProxies } from "../../../src/core/trusted-proxies.ts";
import { createServer, type ListenAddress, type Listening } from "../../../src/server/server.ts";
import { createFakeEngine, token } from "./fake-engine.ts";

const opened: Listening[] = [];
afterEach(async () => {
  for (const listening of opened.splice(0)) await listening.stop(0);
});

async function listen(trusted: string, address: Partial<ListenAddress> = {}) {
  const engine = createFakeEngine();
  const warned: unknown[] = [];
  const warn = (_message: string, fields: unknown): void => void warned.push(fields);
  const logger = { debug: () => {}, info: () => {}, warn, error: () => {} };
  const server = createServer({ engine, token, logger, trustedProxies: parseTrustedProxies(trusted) });
  const listening = await server.listen({ host: "127.0.0.1", port: 0, ...address });
  opened.push(listening);
  const senders = (): (string | null)[] => engine.asked.webhooks.map((received) => received.address);
  return { senders, warned, ...listening };
}

test("a trusted proxy that does not say who sends is told of once, and any other never", async () => {
  for (const [trusted, expected] of [
    ["127.0.0.1", [{ peer: "127.0.0.1" }]],
    ["192.0.2.1", []],
  ] as const) {
    const { url, senders, warned } = await listen(trusted);
    await fetch(`${url}/api/webhooks/deploy`, { method: "POST", headers: { "x-forwarded-for": "192.0.2.9" } });
    expect(warned).toEqual([]);
    for (let count = 0; count < 3; count++) await fetch(`${url}/api/webhooks/deploy`, { method: "POST" });
    expect(warned).toEqual([...expected]);
    expect(senders().slice(1)).toEqual(Array(3).fill("127.0.0.1"));
  }
});

describe("the sender that the engine is told", () => {
  test.each([
    ["", "192.0.2.9", "127.0.0.1"],
    ["10.0.0.0/8, ::1, unix", "192.0.2.9", "127.0.0.1"],
    ["127.0.0.0/8", "192.0.2.9", "192.0.2.9"],
    ["127.0.0.1", "198.51.100.7, 192.0.2.9", "192.0.2.9"],
    ["127.0.0.1 10.0.0.0/8", "198.51.100.7, 192.0.2.9, 10.0.0.5", "192.0.2.9"],
    ["127.0.0.1", "127.0.0.1", "127.0.0.1"],
    ["127.0.0.1", "\u00ff", "unknown"],
    ["127.0.0.1", "192.0.2.9, ", "unknown"],
    ["127.0.0.1", "192.0.2.9, unknown", "unknown"],
  ])("with %p trusted and %p forwarded is %p", async (trusted, forwarded, sender) => {
    const { url, senders } = await listen(trusted);
    await fetch(`${url}/api/webhooks/deploy`, { method: "POST", headers: { "x-forwarded-for": forwarded } });
    expect(senders()).toEqual([sender]);
  });

  test("is of all headers of that name together, in their order", async () => {
    const { url, senders } = await listen("127.0.0.1");
    const headers = new Headers([["x-forwarded-for", "192.0.2.1"]]);
    headers.append("x-forwarded-for", "192.0.2.2");
    await fetch(`${url}/api/webhooks/deploy`, { method: "POST", headers });
    expect(senders()).toEqual(["192.0.2.2"]);
  });

  test("is that of IPv4 where it connects to a socket of IPv6", async () => {
    const { port, senders } = await listen("", { host: "::" });
    await fetch(`http://127.0.0.1:${String(port)}/api/webhooks/deploy`, { method: "POST" });
    expect(senders()).toEqual(["127.0.0.1"]);
  });

  test.each([
    ["", null],
    ["127.0.0.1", null],
    ["unix", "192.0.2.9"],
  ])("on a unix socket with %p trusted is %p", async (trusted, sender) => {
    const folder = await mkdtemp(join(tmpdir(), "runner-socket-"));
    try {
      const socket = join(folder, "s");
      const { senders } = await listen(trusted, { socket });
      const headers = { "x-forwarded-for": "192.0.2.9" };
      await fetch("http://localhost/api/webhooks/deploy", { unix: socket, method: "POST", headers });
      expect(senders()).toEqual([sender]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
