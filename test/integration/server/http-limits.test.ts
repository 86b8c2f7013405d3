// What one connection may cost, over real sockets.

import { afterEach, describe, expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import { parseTrustedProxies } from "../../../src/core/trusted-proxies.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { createServer, type HttpLimits, type Listening } from "../../../src/server/server.ts";
import { createFakeEngine, runId, token } from "./fake-engine.ts";
import { exchange, openRaw, type RawConnection } from "./raw-connection.ts";

const opened: Listening[] = [];
afterEach(async () => {
  for (const listening of opened.splice(0)) await listening.stop(0);
});

async function listen(options: { limits?: Partial<HttpLimits>; engine?: Partial<Engine>; trusted?: string } = {}) {
  const engine = createFakeEngine(options.engine);
  const trustedProxies = parseTrustedProxies(options.trusted ?? "");
  const server = createServer({ engine, token, limits: options.limits ?? {}, trustedProxies });
  const listening = await server.listen({ host: "127.0.0.1", port: 0 });
  opened.push(listening);
  return { engine, ...listening };
}

const post = (headers: string) => `POST /api/webhooks/deploy HTTP/1.1\nHost: nas\n${headers}\n`;
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
const codeOf = (answer: string) => /"code":"(\w+)"/.exec(answer)?.[1];

describe("the size of a body", () => {
  test("a declared length far over the limit is 413 before a byte of it came, and the connection is closed", async () => {
    const { port, engine } = await listen();
    const raw = await openRaw(port);
    raw.send(post("Content-Length: 8388609\n"));
    const answer = await raw.waitForClose();
    expect(answer).toStartWith("HTTP/1.1 413");
    expect(codeOf(answer)).toBe("BODY_TOO_LARGE");
    expect(engine.asked.webhooks).toHaveLength(0);
  });

  test("a declared length a little over the limit is 413 once all of it was sent, as a proxy does", async () => {
    const { port, engine } = await listen();
    const body = "x".repeat(3 * 1024 * 1024);
    const answer = await exchange(port, post(`Content-Length: ${body.length}\n`) + body);
    expect([answer.slice(0, 12), codeOf(answer)]).toEqual(["HTTP/1.1 413", "BODY_TOO_LARGE"]);
    expect(engine.asked.webhooks).toHaveLength(0);
  });

  test("and also where it never comes", async () => {
    const { port } = await listen();
    const raw = await openRaw(port);
    raw.send(`${post("Content-Length: 1048577\n")}begun`);
    expect(codeOf(await raw.waitForClose())).toBe("BODY_TOO_LARGE");
  });

  test("exactly the limit is taken, declared and chunked", async () => {
    const { port, engine } = await listen();
    const body = "x".repeat(1024 * 1024);
    expect(await exchange(port, post(`Content-Length: ${body.length}\n`) + body)).toStartWith("HTTP/1.1 202");
    expect(await exchange(port, `${post("Transfer-Encoding: chunked\n")}${chunk(body)}0\n\n`)).toStartWith(
      "HTTP/1.1 202",
    );
    expect(engine.asked.webhooks.map(({ body: { length } }) => length)).toEqual([body.length, body.length]);
  });

  test("one that the pipeline allows is taken, and one a byte longer is 413, declared and chunked", async () => {
    const lengths: number[] = [];
    const { port } = await listen({
      engine: {
        async receiveWebhook(_head, readBody) {
          lengths.push((await readBody(3 * 1024 * 1024)).length);
          return { type: "accepted", runId };
        },
      },
    });
    const body = "x".repeat(3 * 1024 * 1024);
    const declared = (text: string): string => post(`Content-Length: ${text.length}\n`) + text;
    const chunked = (text: string): string => `${post("Transfer-Encoding: chunked\n")}${chunk(text)}0\n\n`;
    for (const write of [declared, chunked]) {
      expect(await exchange(port, write(body))).toStartWith("HTTP/1.1 202");
      expect(await exchange(port, write(`${body}x`))).toStartWith("HTTP/1.1 413");
    }
    expect(lengths).toEqual([body.length, body.length]);
  });

  test("bodies that are together beyond what may be in memory are 503, and there is room once others are answered", async () => {
    const { promise: done, resolve: finish } = Promise.withResolvers<void>();
    let read = 0;
    const { port } = await listen({
      limits: { maxBodiesBytes: 300 * 1024 },
      engine: {
        async receiveWebhook(_head, readBody) {
          await readBody();
          read++;
          await done;
          return { type: "accepted", runId };
        },
      },
    });
    // One below and one above the length from which a body is counted as it comes.
    const bodies = ["x".repeat(50 * 1024), "x".repeat(200 * 1024)];
    const opened = await Promise.all(bodies.map(async () => await openRaw(port)));
    for (const [index, body] of bodies.entries()) opened[index]?.send(post(`Content-Length: ${body.length}\n`) + body);
    while (read < 2) await Bun.sleep(5);
    for (const length of [60 * 1024, 200 * 1024]) {
      const refused = await exchange(port, post(`Content-Length: ${length}\n`) + "x".repeat(length));
      expect([refused.slice(0, 12), codeOf(refused)]).toEqual(["HTTP/1.1 503", "SERVER_BUSY"]);
      expect(refused.toLowerCase()).toContain("retry-after: 5");
    }
    // What is only declared takes no room.
    for (let count = 0; count < 10; count++) (await openRaw(port)).send(post("Content-Length: 200000\n"));
    finish();
    for (const raw of opened) await raw.waitFor(/202 Accepted/);
    const body = "x".repeat(250 * 1024);
    expect(await exchange(port, post(`Content-Length: ${body.length}\n`) + body)).toStartWith("HTTP/1.1 202");
  });

  test("bodies that one sender leaves half-way take no room from those of others", async () => {
    const { port } = await listen({ limits: { maxBodiesBytes: 800 * 1024 }, trusted: "127.0.0.1" });
    const from = (sender: string, length: number) =>
      post(`X-Forwarded-For: ${sender}\nContent-Length: ${length}\n`) + "x".repeat(150 * 1024);
    const held = await Promise.all(Array.from({ length: 6 }, async () => await openRaw(port)));
    for (const raw of held) raw.send(from("192.0.2.9", 1024 * 1024));
    while (held.filter((raw) => raw.received().includes("SERVER_BUSY")).length < 5) await Bun.sleep(5);
    expect(await exchange(port, from("198.51.100.7", 150 * 1024))).toStartWith("HTTP/1.1 202");
    for (const raw of held) raw.socket.destroy();
  });

  test("a request that is refused before its body is read is answered once it is sent, and the connection goes on", async () => {
    const { port } = await listen({
      engine: {
        receiveWebhook: () =>
          Promise.reject(new AppError("RATE_LIMITED", "from 192.0.2.1", { details: { retry_after_seconds: 7 } })),
      },
    });
    const raw = await openRaw(port);
    const body = "x".repeat(900 * 1024);
    for (let count = 1; count <= 2; count++) {
      raw.send(post(`Content-Length: ${body.length}\n`) + body);
      const answers = await raw.waitFor(new RegExp(`(?:429 Too Many Requests[^]*){${String(count)}}\\}$`));
      expect(answers.toLowerCase()).toContain("retry-after: 7");
      expect(answers).not.toContain("192.0.2.1");
    }
  });

  test("an endless chunked body is 413 at the limit, not later", async () => {
    const { port } = await listen({ limits: { maxBodyBytes: 64 * 1024 } });
    const raw = await openRaw(port);
    raw.send(post("Transfer-Encoding: chunked\n"));
    let sent = 0;
    const piece = chunk("x".repeat(16 * 1024));
    for (; !raw.isClosed() && sent < 64 * 1024 * 1024; sent += 16 * 1024) {
      raw.socket.write(piece);
      await Bun.sleep(1);
    }
    expect(sent).toBeLessThan(16 * 1024 * 1024);
    expect(codeOf(raw.received())).toBe("BODY_TOO_LARGE");
  });

  test("more bytes than declared are not the body's", async () => {
    const { port, engine } = await listen();
    const raw = await openRaw(port);
    raw.send(`${post("Content-Length: 3\n")}abcdef`);
    await raw.waitFor(/202 Accepted/);
    expect(new TextDecoder().decode(engine.asked.webhooks[0]?.body)).toBe("abc");
    raw.socket.destroy();
  });

  test("a refused upload to the API is not read to its end", async () => {
    const { port } = await listen();
    const raw = await openRaw(port);
    raw.send("POST /api/pipelines/x/trigger HTTP/1.1\nHost: nas\nContent-Length: 900000\n\nabc");
    expect(await raw.waitForClose()).toStartWith("HTTP/1.1 401");
  });
});

describe("the time of a body", () => {
  const limits = { bodyTimeoutMs: 300 };

  test.each([
    ["declared", "Content-Length: 1000\n", "x"],
    ["chunked", "Transfer-Encoding: chunked\n", "1\n\nx\n"],
  ])("a %s body that drips is 408 and the connection is closed", async (_, headers, drop) => {
    const { port, engine } = await listen({ limits });
    const raw = await openRaw(port);
    raw.send(post(headers));
    for (let i = 0; i < 200 && !raw.isClosed(); i++) {
      raw.send(drop.replace("\n\n", "\n"));
      await Bun.sleep(30);
    }
    const answer = await raw.waitForClose();
    expect(answer).toStartWith("HTTP/1.1 408");
    expect(codeOf(answer)).toBe("BODY_TIMEOUT");
    expect(engine.asked.webhooks).toHaveLength(0);
  });

  test("a body that never comes is 408", async () => {
    const { port } = await listen({ limits });
    const raw = await openRaw(port);
    raw.send(post("Content-Length: 10\n"));
    expect(await raw.waitForClose()).toStartWith("HTTP/1.1 408");
  });

  test.each([
    ["declared", `Content-Length: ${20 * 50 * 1024}\n`, (text: string) => text, ""],
    ["chunked", "Transfer-Encoding: chunked\n", chunk, "0\n\n"],
  ])(
    "a long %s body that comes at 100 KiB a second or faster has all the time it takes",
    async (_, headers, piece, end) => {
      const { port } = await listen({ limits: { ...limits, bodyTimeoutMs: 1000 } });
      const raw = await openRaw(port);
      raw.send(post(headers));
      for (let i = 0; i < 20; i++) {
        raw.send(piece("x".repeat(50 * 1024)));
        await Bun.sleep(100);
      }
      raw.send(end);
      expect(await raw.waitFor(/\r\n\r\n/)).toStartWith("HTTP/1.1 202");
      raw.socket.destroy();
    },
  );

  test.each([
    ["declared", "Content-Length: 1000000\n", (text: string) => text],
    ["chunked", "Transfer-Encoding: chunked\n", chunk],
  ])("what has come at once, and what is %s, buys no time to rest", async (_, headers, piece) => {
    const { port } = await listen({ limits });
    const raw = await openRaw(port);
    raw.send(post(headers) + piece("x".repeat(900 * 1024)));
    for (let i = 0; i < 200 && !raw.isClosed(); i++) {
      raw.send(piece("x"));
      await Bun.sleep(30);
    }
    // At 100 KiB a second it would have nine of them, and be in time here.
    expect([raw.isClosed(), codeOf(raw.received())]).toEqual([true, "BODY_TIMEOUT"]);
  });

  test("a client that leaves in the middle reaches no pipeline", async () => {
    const { port, engine, url } = await listen();
    const raw = await openRaw(port);
    raw.send(`${post("Content-Length: 10\n")}abc`);
    await Bun.sleep(50);
    raw.socket.destroy();
    await Bun.sleep(50);
    expect(engine.asked.webhooks).toHaveLength(0);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});

describe("headers", () => {
  test("32 KiB of them pass the parser's own limit, more is 431 as problem+json", async () => {
    const { port } = await listen();
    const header = (bytes: number) => `X-Long: ${"a".repeat(bytes)}\n`;
    expect(await exchange(port, post(header(31 * 1024)))).toStartWith("HTTP/1.1 202");
    const answer = await exchange(port, post(header(33 * 1024)));
    expect(answer).toStartWith("HTTP/1.1 431");
    expect(codeOf(answer)).toBe("HEADERS_TOO_LARGE");
    expect(await exchange(port, post(header(70 * 1024)))).toStartWith("HTTP/1.1 431");
  });

  test("65 of them are 431, for webhooks and for the API", async () => {
    const { port } = await listen();
    const headers = Array.from({ length: 64 }, (_, index) => `X-${index}: 1\n`).join("");
    expect(codeOf(await exchange(port, post(headers)))).toBe("HEADERS_TOO_LARGE");
    const api = `GET /api/runs HTTP/1.1\nHost: nas\nAuthorization: Bearer ${token}\n${headers}\n`;
    expect(codeOf(await exchange(port, api))).toBe("HEADERS_TOO_LARGE");
  });
});

describe("framing that two parsers could read differently is 400", () => {
  test.each([
    ["two lengths", "Content-Length: 3\nContent-Length: 5\n", "abc"],
    ["a length and chunks", "Content-Length: 3\nTransfer-Encoding: chunked\n", "0\n\n"],
    ["an unknown encoding", "Transfer-Encoding: xchunked\n", "0\n\n"],
    ["two encodings", "Transfer-Encoding: chunked\nTransfer-Encoding: identity\n", "0\n\n"],
    ["a space before the colon", "Transfer-Encoding : chunked\n", "0\n\n"],
    ["a signed length", "Content-Length: +3\n", "abc"],
    ["a folded header", "X-A: 1\n 2\n", ""],
    ["a NUL", "X-A: a\0b\n", ""],
  ])("%s", async (_, headers, body) => {
    const { port, engine } = await listen();
    const raw = await openRaw(port);
    raw.send(post(headers) + body);
    expect(await raw.waitForClose()).toStartWith("HTTP/1.1 400");
    expect(engine.asked.webhooks).toHaveLength(0);
  });
});

describe("addresses", () => {
  test("a short host name, an IPv6 address and no Host at all (HTTP/1.0) reach the same routes", async () => {
    const { port, engine } = await listen();
    const path = "POST /api/webhooks/home%2Fbackup?a=1";
    for (const host of ["pi", "a", "[::1]:8080"]) {
      expect(await exchange(port, `${path} HTTP/1.1\nHost: ${host}\n\n`)).toStartWith("HTTP/1.1 202");
    }
    expect(await exchange(port, `${path} HTTP/1.0\nContent-Length: 2\n\nhi`)).toStartWith("HTTP/1.1 202");
    expect(engine.asked.webhooks.map(({ pipeline, url }) => `${pipeline} ${url}`)).toEqual(
      Array.from({ length: 4 }, () => "home/backup /api/webhooks/home%2Fbackup?a=1"),
    );
    expect(new TextDecoder().decode(engine.asked.webhooks[3]?.body)).toBe("hi");
    expect(await exchange(port, "GET /healthz HTTP/1.0\n\n")).toStartWith("HTTP/1.1 200");
  });

  test("a Host header cannot move the path", async () => {
    const { port } = await listen();
    for (const host of ["nas/healthz?", "nas/api/webhooks/x?", "/healthz", "a#", "a\tb"]) {
      expect(await exchange(port, `GET /api/runs HTTP/1.1\nHost: ${host}\n\n`)).toStartWith("HTTP/1.1 400");
    }
    expect(await exchange(port, "GET http://nas/healthz/../api/runs HTTP/1.1\nHost: nas\n\n")).toStartWith(
      "HTTP/1.1 401",
    );
    expect(await exchange(port, "CONNECT nas:80 HTTP/1.1\nHost: nas\n\n")).toStartWith("HTTP/1.1 4");
  });
});

describe("answers", () => {
  const respond: Partial<Engine> = {
    receiveWebhook: async ({ method }) => ({
      type: "response",
      runId,
      status: 200,
      headers: {},
      body: `hello ${method}`,
    }),
  };

  test("HEAD has the length and no body", async () => {
    const { port } = await listen({ engine: respond });
    const raw = await openRaw(port);
    raw.send("HEAD /api/webhooks/deploy HTTP/1.1\nHost: nas\n\nGET /healthz HTTP/1.1\nHost: nas\n\n");
    const answer = await raw.waitFor(/status/);
    expect(answer).toMatch(
      /^HTTP\/1\.1 200 OK\r\n(?:[\w-]+: .*\r\n)*content-length: 10\r\n(?:[\w-]+: .*\r\n)*\r\nHTTP\/1\.1 200/i,
    );
    raw.socket.destroy();
  });

  test("pipelined requests are answered in order, as far as their answers are there at once", async () => {
    const { port } = await listen();
    const raw = await openRaw(port);
    raw.send("GET /healthz HTTP/1.1\nHost: nas\n\nGET /readyz HTTP/1.1\nHost: nas\n\n");
    expect(await raw.waitFor(/ready/)).toMatch(/"ok"[^]*"ready"/);
    raw.socket.destroy();
  });
});

test("a thousand slow connections neither grow memory nor hold up others", async () => {
  const { port, url } = await listen();
  const before = process.memoryUsage.rss();
  const slow: RawConnection[] = [];
  for (let i = 0; i < 1000; i++) {
    const raw = await openRaw(port);
    raw.send(
      i % 2 === 0 ? `${post("Content-Length: 1000000\n")}abc` : `${post("Transfer-Encoding: chunked\n")}3\nabc\n`,
    );
    slow.push(raw);
  }
  const startedAt = performance.now();
  for (let i = 0; i < 50; i++) expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect((await fetch(`${url}/api/webhooks/deploy`, { method: "POST", body: "x" })).status).toBe(202);
  expect(performance.now() - startedAt).toBeLessThan(3000);
  expect(process.memoryUsage.rss() - before).toBeLessThan(100 * 1024 * 1024);
  for (const raw of slow) raw.socket.destroy();
}, 30_000);
