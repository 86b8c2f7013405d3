// Requests of scripts against servers that do what they like.

import { afterAll, describe, expect, test } from "bun:test";
import net from "node:net";
import zlib from "node:zlib";
import { AppError } from "../../../src/core/app-error.ts";
import { createFetcher, type FetchRequest, type FetchResponse } from "../../../src/executors/executors.ts";

const cap = 1024 * 1024;
const fetcher = createFetcher({ fetch, maxBytes: cap });
const closers: (() => unknown)[] = [];
afterAll(() => {
  for (const close of closers) close();
});

const never = new AbortController().signal;

async function get(url: string, more: Partial<FetchRequest> = {}): Promise<FetchResponse> {
  const plain = { url, method: "GET", headers: {}, redirect: "follow", timeoutMs: 10_000, signal: never } as const;
  return await fetcher.fetch({ ...plain, ...more });
}

async function failureOf(url: string, more: Partial<FetchRequest> = {}): Promise<AppError> {
  const thrown: unknown = await get(url, more).then(
    () => null,
    (error: unknown) => error,
  );
  if (thrown instanceof AppError) return thrown;
  throw new Error(`no AppError: ${String(thrown)}`);
}

/** A server that answers requests; its address without a slash at the end. */
function serve(answer: (request: Request, url: URL) => Response | Promise<Response>): string {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => answer(request, new URL(request.url)),
  });
  closers.push(() => server.stop(true));
  return `http://127.0.0.1:${server.port}`;
}

interface RawServer {
  readonly url: string;
  readonly opened: () => number;
  readonly open: () => number;
}

/** A server that does what it likes with each connection. */
async function serveRaw(take: (socket: net.Socket) => void): Promise<RawServer> {
  let opened = 0;
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    opened++;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    take(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as net.AddressInfo;
  return { url: `http://127.0.0.1:${port}`, opened: () => opened, open: () => sockets.size };
}

/** Sends the text again and again as long as the other side takes it. */
function flood(socket: net.Socket, head: string, text: string): void {
  const pump = (): void => {
    while (!socket.destroyed && socket.write(text));
  };
  socket.write(head);
  socket.on("drain", pump);
  pump();
}

async function until(condition: () => boolean): Promise<void> {
  const endsAt = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > endsAt) throw new Error("the condition did not come true in time");
    await Bun.sleep(5);
  }
}

const text = (response: FetchResponse): string => new TextDecoder().decode(response.body);

describe("an answer", () => {
  test("has its status, headers in lower case and body, whatever the status", async () => {
    const url = serve(() => new Response("gone", { status: 410, headers: { "X-Why": "b", "Content-Type": "text/x" } }));
    const response = await get(`${url}/a?b=1`);
    expect(response).toMatchObject({ status: 410, statusText: "Gone", redirected: false, url: `${url}/a?b=1` });
    expect(response.headers).toMatchObject({ "x-why": "b", "content-type": "text/x" });
    expect(text(response)).toBe("gone");
  });

  test("joins repeated headers", async () => {
    const { url } = await serveRaw((socket) => {
      socket.once("data", () =>
        socket.end("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nX: 1\r\nx: 2\r\n\r\n"),
      );
    });
    expect((await get(url)).headers).toMatchObject({ "set-cookie": "a=1, b=2", x: "1, 2" });
  });

  test("may lack a body, though it says how it is compressed and how long it is", async () => {
    const { url } = await serveRaw((socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 304 Not Modified\r\nContent-Encoding: gzip\r\nContent-Length: 99999999\r\n\r\n");
      });
    });
    expect(await get(url)).toMatchObject({ status: 304, body: new Uint8Array(0) });
    const head = serve(() => new Response("x".repeat(2 * cap)));
    expect(await get(head, { method: "HEAD" })).toMatchObject({ status: 200, body: new Uint8Array(0) });
  });
});

describe("a request", () => {
  const echo = serve(async (request) =>
    Response.json({ method: request.method, body: await request.text(), headers: request.headers.toJSON() }),
  );
  const sent = async (more: Partial<FetchRequest>, url = echo): Promise<Record<string, Record<string, string>>> =>
    JSON.parse(text(await get(url, more))) as never;

  test("carries method, headers and body, and says who asks", async () => {
    const got = await sent({ method: "PUT", headers: { "x-a": "b" }, body: "täxt" });
    expect(got).toMatchObject({ method: "PUT", body: "täxt", headers: { "x-a": "b" } });
    expect(got["headers"]?.["user-agent"]).toMatch(/^runner\/\d/);
  });

  test("may name itself otherwise", async () => {
    expect(await sent({ headers: { "user-agent": "me" } })).toMatchObject({ headers: { "user-agent": "me" } });
  });

  test("turns user and password of the address into a header, unless there is one", async () => {
    const withUser = echo.replace("//", "//us%40er:p%C3%A4ss@");
    const expected = `Basic ${Buffer.from("us@er:päss").toString("base64")}`;
    expect(await sent({}, withUser)).toMatchObject({ headers: { authorization: expected } });
    expect(await sent({ headers: { authorization: "mine" } }, withUser)).toMatchObject({
      headers: { authorization: "mine" },
    });
    expect((await get(withUser)).url).toBe(`${echo}/`);
  });
});

describe("redirects", () => {
  const other = serve(async (request) =>
    Response.json({ method: request.method, body: await request.text(), headers: request.headers.toJSON() }),
  );
  const url = serve(async (request, { pathname, searchParams }) => {
    const status = Number(searchParams.get("status") ?? 302);
    const to = { "/circle": "/circle?x", "/away": `${other}/end`, "/file": "file:///etc/passwd", "/to": "end#part" }[
      pathname
    ];
    if (to !== undefined) return new Response("look there", { status, headers: { location: to } });
    if (pathname === "/nowhere") return new Response("no location", { status });
    return Response.json({ method: request.method, body: await request.text(), headers: request.headers.toJSON() });
  });
  const headers = { authorization: "a", cookie: "c", "x-key": "k", "x-open": "o", "content-type": "t/p" };
  const post = { method: "POST", headers, body: "data", secretHeaders: ["x-key"] };

  test.each([
    [301, "POST", "GET", ""],
    [302, "POST", "GET", ""],
    [303, "POST", "GET", ""],
    [303, "DELETE", "GET", ""],
    [301, "PUT", "PUT", "data"],
    [307, "POST", "POST", "data"],
    [308, "POST", "POST", "data"],
  ])("HTTP %p: a %s goes on as %s", async (status, method, expected, body) => {
    const response = await get(`${url}/to?status=${status}`, { ...post, method });
    expect(response).toMatchObject({ redirected: true, url: `${url}/end#part` });
    const got = JSON.parse(text(response)) as { headers: Record<string, string> };
    expect(got).toMatchObject({ method: expected, body, headers: { authorization: "a", cookie: "c", "x-key": "k" } });
    expect(got.headers["content-type"]).toBe(body === "" ? undefined : "t/p");
  });

  test("to another server lose what was meant for the first", async () => {
    const got = JSON.parse(text(await get(`${url}/away?status=307`, post))) as { headers: Record<string, string> };
    expect(got).toMatchObject({ method: "POST", body: "data", headers: { "x-open": "o" } });
    for (const name of ["authorization", "cookie", "x-key"]) expect(got.headers[name]).toBeUndefined();
  });

  test("without an address are answers", async () => {
    expect(await get(`${url}/nowhere`)).toMatchObject({ status: 302, redirected: false });
  });

  test("can be given back, or be failures", async () => {
    const response = await get(`${url}/to`, { redirect: "manual" });
    expect(response).toMatchObject({ status: 302, redirected: false, headers: { location: "end#part" } });
    expect(await failureOf(`${url}/to`, { redirect: "error" })).toMatchObject({ code: "FETCH_FAILED" });
  });

  test("end after ten", async () => {
    const { message, code } = await failureOf(`${url}/circle?token=hush`);
    expect([code, message]).toEqual(["FETCH_FAILED", `fetch: GET ${url}/circle: over 10 redirects`]);
  });

  test("lead to nothing but http and https", async () => {
    expect((await failureOf(`${url}/file`)).message).toContain("not one of http or https");
  });

  test("whose own body is endless do not fill the memory", async () => {
    const target = serve(async () => {
      await Bun.sleep(300);
      return new Response("there");
    });
    const endless = await serveRaw((socket) => {
      socket.once("data", () => {
        flood(socket, `HTTP/1.1 302 Found\r\nLocation: ${target}\r\n\r\n`, "x".repeat(64 * 1024));
      });
    });
    expect(text(await get(endless.url))).toBe("there");
    await until(() => endless.open() === 0);
  });
});

describe("compression", () => {
  const data = "täxt ".repeat(1000);
  const encodings: readonly (readonly [name: string, encode: (bytes: Buffer) => Uint8Array])[] = [
    ["gzip", zlib.gzipSync],
    ["x-gzip", zlib.gzipSync],
    ["deflate", zlib.deflateSync],
    ["deflate", zlib.deflateRawSync],
    ["br", zlib.brotliCompressSync],
    ["zstd", zlib.zstdCompressSync],
    ["gzip, br", (bytes) => zlib.brotliCompressSync(zlib.gzipSync(bytes))],
    ["identity", (bytes) => bytes],
    ["gzip", (bytes) => Buffer.concat([zlib.gzipSync(bytes.subarray(0, 10)), zlib.gzipSync(bytes.subarray(10))])],
  ];
  test.each(encodings)("%s is undone", async (name, encode) => {
    const bytes = encode(Buffer.from(data));
    const url = serve(() => new Response(bytes.slice(), { headers: { "content-encoding": name } }));
    expect(text(await get(url))).toBe(data);
  });

  test.each([
    ["cut off", zlib.gzipSync(data).subarray(0, 30), "gzip"],
    ["damaged", Buffer.from("this is no gzip"), "gzip"],
    ["damaged", Buffer.from("this is no brotli, that is sure"), "br"],
    ["damaged", Buffer.from("this is no zstandard"), "zstd"],
    ["unknown", Buffer.from("x"), "rar"],
    ["4 times", Buffer.from("x"), "gzip,gzip,gzip,gzip"],
  ])("that is %s is a failure", async (word, bytes, encoding) => {
    const url = serve(() => new Response(bytes.slice(), { headers: { "content-encoding": encoding } }));
    const { code, message } = await failureOf(url);
    expect(code).toBe("FETCH_FAILED");
    expect(message).toContain(word);
  });

  test.each(["gzip", "br", "zstd", "deflate"])("of far too much is not undone to the end: %s", async (encoding) => {
    const zeros = Buffer.alloc(64 * cap);
    const bomb = {
      gzip: () => zlib.gzipSync(zeros),
      br: () => zlib.brotliCompressSync(zeros, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 3 } }),
      zstd: () => zlib.zstdCompressSync(zeros),
      deflate: () => zlib.deflateSync(zeros),
    }[encoding as "br"]();
    const url = serve(() => new Response(bomb.slice(), { headers: { "content-encoding": encoding } }));
    expect(await failureOf(url)).toMatchObject({ code: "VALUE_TOO_LARGE" });
  });

  test("between two layers is bounded too", async () => {
    // The outer layer is endless members of the inner one that are empty: nothing ever comes out.
    const empties = Buffer.alloc(64 * cap, zlib.gzipSync(""));
    const bomb = zlib.gzipSync(empties);
    const url = serve(() => new Response(bomb.slice(), { headers: { "content-encoding": "gzip, gzip" } }));
    expect(await failureOf(url)).toMatchObject({ code: "VALUE_TOO_LARGE" });
  });
});

describe("a server that", () => {
  const cases: readonly (readonly [title: string, take: (socket: net.Socket) => void, word: string])[] = [
    ["cuts its answer off", (s) => s.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi"), "closed before"],
    ["cuts a chunk off", (s) => s.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhi"), "closed before"],
    ["resets", (s) => s.resetAndDestroy(), "closed before"],
    ["says nothing", (s) => s.end(), "closed before"],
    ["speaks something else", (s) => s.write("SSH-2.0-OpenSSH_9\r\n\r\n"), "FETCH"],
    [
      "sends endless headers",
      (s) => flood(s, "HTTP/1.1 200 OK\r\n", `X: ${"a".repeat(1000)}\r\n`.repeat(60)),
      "headers",
    ],
    ["sends an endless header", (s) => flood(s, "HTTP/1.1 200 OK\r\nX: ", "a".repeat(65_536)), "headers"],
    ["sends an endless status", (s) => flood(s, "HTTP/1.1 200 ", "a".repeat(65_536)), "headers"],
    [
      "switches protocols",
      (s) => s.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
      "protocol",
    ],
    ["sends an endless body", (s) => flood(s, "HTTP/1.1 200 OK\r\n\r\n", "a".repeat(65_536)), "over 1 MiB"],
    ["announces too much", (s) => s.write("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nx"), "over 1 MiB"],
    ["never answers", () => {}, "no complete answer within 700 ms"],
    ["drips headers", (s) => drip(s, "HTTP/1.1 200 OK\r\n"), "no complete answer within 700 ms"],
    [
      "drips its body",
      (s) => drip(s, "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"),
      "no complete answer within 700 ms",
    ],
    ["says 100 for ever", (s) => flood(s, "", "HTTP/1.1 100 Continue\r\n\r\n".repeat(100)), "no complete answer"],
  ];
  for (const [title, take, word] of cases) {
    test(`${title} gets no further, and keeps no connection`, async () => {
      const server = await serveRaw((socket) => {
        socket.once("data", () => take(socket));
      });
      const slow = word.startsWith("no complete");
      const { code, message } = await failureOf(`${server.url}/a?token=hush`, slow ? { timeoutMs: 700 } : {});
      expect(message + code).toContain(word);
      expect(message).toContain(`GET ${server.url}/a`);
      expect(message).not.toContain("hush");
      expect(code).toBe(slow ? "FETCH_TIMEOUT" : word === "over 1 MiB" ? "VALUE_TOO_LARGE" : "FETCH_FAILED");
      await until(() => server.open() === 0);
      expect(server.opened()).toBe(1);
    });
  }
});

function drip(socket: net.Socket, head: string): void {
  socket.write(head);
  const timer = setInterval(() => socket.write("x"), 20);
  socket.on("close", () => clearInterval(timer));
}

describe("what cannot be reached", () => {
  test.each([
    ["http://127.0.0.1:1/", "nothing listens there"],
    ["https://127.0.0.1:1/", "nothing listens there"],
    ["http://no-such-host.invalid/", "no such host name"],
    ["ftp://nas/file", "not one of http or https"],
    ["nonsense", "not one of http or https"],
  ])("%s", async (url, reason) => {
    const { code, message } = await failureOf(url);
    expect(code).toBe("FETCH_FAILED");
    expect(message).toContain(reason);
  });

  test("https where http is spoken says so", async () => {
    const url = serve(() => new Response("x")).replace("http:", "https:");
    expect((await failureOf(url)).message).toContain("TLS");
  });

  test("a secret address is never shown", async () => {
    const message = (await failureOf("http://127.0.0.1:1/services/T0/hush?x=hush", { urlIsSecret: true })).message;
    expect(message).toContain("http://127.0.0.1:1/…");
    expect(message).not.toContain("hush");
    const url = serve(() => new Response("x"));
    expect((await get(`${url}/hush`, { urlIsSecret: true })).url).toBe(url);
  });
});

test("an aborted request ends at once, before, during and after the head of its answer", async () => {
  for (const head of ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab"]) {
    let begun = false;
    const server = await serveRaw((socket) => {
      socket.write(head);
      begun = true;
    });
    const over = new AbortController();
    const failure = failureOf(server.url, { signal: over.signal });
    await until(() => begun);
    over.abort();
    expect((await failure).code).toBe("RUN_CANCELLED");
    await until(() => server.open() === 0);
  }
  expect((await failureOf("http://127.0.0.1:1/", { signal: AbortSignal.abort() })).code).toBe("RUN_CANCELLED");
});
