// Where the server listens: HTTPS, unix sockets, IPv6, below a base path; asked by the real curl.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { cpSync, existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import { AppError } from "../../../src/core/app-error.ts";
import { type Clock, systemClock } from "../../../src/core/clock.ts";
import { createServer, type ListenAddress, type Listening } from "../../../src/server/server.ts";
import { makeCertificate, openssl } from "../../fixtures/certificates/make-certificate.ts";
import { createFakeEngine, token } from "./fake-engine.ts";

let folder: string;
let open: Listening[];
let logged: string[];
/** What waits for a minute to pass. */
let alarms: (() => void)[];
const received: string[] = [];

const clock: Clock = {
  ...systemClock,
  after: (delayMs, callback) => {
    if (delayMs < 60_000) return systemClock.after(delayMs, callback);
    alarms.push(callback);
    return () => {};
  },
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runner-listen-"));
  open = [];
  logged = [];
  alarms = [];
});
afterEach(async () => {
  for (const { stop } of open) await stop(0);
  rmSync(folder, { recursive: true, force: true });
});

async function listen(address: Partial<ListenAddress>, publicUrl: string | null = null): Promise<Listening> {
  const log = (message: string): void => void logged.push(message);
  const logger = { debug: log, info: log, warn: log, error: log };
  const engine = createFakeEngine({
    receiveWebhook: async ({ url }) => {
      received.push(url);
      await Bun.sleep(url.endsWith("slow") ? 400 : 0);
      return { type: "response", runId: "r", status: 200, headers: {}, body: url };
    },
    trigger: async () => ({ runId: "r1" }),
  });
  const server = createServer({ engine, token, clock, logger, publicUrl });
  const listening = await server.listen({ host: "127.0.0.1", port: 0, ...address });
  open.push(listening);
  return listening;
}

async function refusalOf(address: Partial<ListenAddress>): Promise<string> {
  const thrown: unknown = await listen(address).then(
    () => null,
    (error: unknown) => error,
  );
  if (!(thrown instanceof AppError)) throw new Error(`no AppError: ${String(thrown)}`);
  expect(thrown.code).toBe("CONFIG_INVALID");
  return thrown.message;
}

async function curl(...args: readonly string[]): Promise<string> {
  const child = Bun.spawn(["curl", "-sS", "-g", "--max-time", "10", ...args], { stdout: "pipe", stderr: "pipe" });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return (await child.exited) === 0 ? out : err;
}

async function passMinute(): Promise<void> {
  for (const callback of alarms.splice(0)) callback();
  const endsAt = Date.now() + 5000;
  while (alarms.length === 0 && Date.now() < endsAt) await Bun.sleep(5);
}

describe("HTTPS", () => {
  const connectTo = (port: number): string[] => ["--connect-to", `ci.example.org:443:127.0.0.1:${port}`];

  test("is spoken with a certificate and its key, to clients that trust it", async () => {
    const { certFile, keyFile } = makeCertificate(folder, "ci.example.org");
    const { url, port } = await listen({ tlsCert: certFile, tlsKey: keyFile });
    expect(url).toBe(`https://127.0.0.1:${port}`);
    const address = "https://ci.example.org/api/webhooks/deploy?x=1";
    expect(await curl("--cacert", certFile, ...connectTo(port), "-X", "POST", address)).toBe(
      "/api/webhooks/deploy?x=1",
    );
    expect(await curl(...connectTo(port), address)).toContain("certificate");
    expect(await curl(`http://127.0.0.1:${port}/healthz`)).not.toContain("ok");
    const bearer = ["-H", `Authorization: Bearer ${token}`];
    const list = await curl(
      "--cacert",
      certFile,
      ...connectTo(port),
      ...bearer,
      "https://ci.example.org/api/pipelines",
    );
    expect(list).toContain('"id":"deploy"');
  });

  test("gives browsers that log in a cookie for secure connections alone", async () => {
    const { certFile, keyFile } = makeCertificate(folder, "ci.example.org");
    const { url } = await listen({ tlsCert: certFile, tlsKey: keyFile });
    expect(await curl("-k", "-i", "-d", `token=${token}`, `${url}/login`)).toMatch(/set-cookie: .*; Secure/i);
  });

  const peerOf = (port: number): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = tls.connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      });
      socket.once("error", reject);
    });

  test("takes a renewed certificate within a minute, and finishes what it has begun", async () => {
    const { certFile, keyFile } = makeCertificate(folder, "first");
    // As certbot does it: a link that is made to point elsewhere.
    const link = join(folder, "live.pem");
    symlinkSync(certFile, link);
    const { url, port, stop } = await listen({ tlsCert: link, tlsKey: keyFile });
    const slow = curl("-k", "-X", "POST", `${url}/api/webhooks/slow`);
    while (!received.includes("/api/webhooks/slow")) await Bun.sleep(5);
    await passMinute();
    expect(await peerOf(port)).toBe("first");
    const second = makeCertificate(folder, "second", "second");
    rmSync(link);
    symlinkSync(second.certFile, link);
    await passMinute();
    // The key is still the old one.
    expect(logged.join()).toContain("the one before stays in force");
    expect(await peerOf(port)).toBe("first");
    cpSync(second.keyFile, keyFile);
    await passMinute();
    expect(await peerOf(port)).toBe("second");
    expect(logged).toContain("the renewed certificate is in force");
    expect(await curl("-k", "-X", "POST", `${url}/api/webhooks/again`)).toBe("/api/webhooks/again");
    expect(await slow).toBe("/api/webhooks/slow");
    await stop(1000);
    expect(await curl("-k", url)).toContain("connect");
  });

  test("is refused with files that are of no use, each named with the reason", async () => {
    const { certFile, keyFile } = makeCertificate(folder, "a");
    const other = makeCertificate(folder, "b", "other");
    const empty = join(folder, "empty.pem");
    writeFileSync(empty, "");
    const locked = join(folder, "locked.pem");
    openssl(["pkey", "-in", keyFile, "-aes256", "-passout", "pass:x", "-out", locked]);
    const of = (tlsCert: string | null, tlsKey: string | null): Promise<string> => refusalOf({ tlsCert, tlsKey });
    expect(await of(certFile, null)).toBe("--tls-cert is set and --tls-key is not: HTTPS needs both");
    expect(await of(null, keyFile)).toBe("--tls-key is set and --tls-cert is not: HTTPS needs both");
    expect(await of("/nowhere", keyFile)).toContain("/nowhere: cannot read the certificate: it does not exist");
    expect(await of(certFile, folder)).toContain(`${folder}: cannot read the private key: it is a folder`);
    expect(await of(empty, keyFile)).toContain("empty.pem: there is no certificate in it");
    expect(await of(certFile, empty)).toContain("empty.pem: there is no private key in it");
    expect(await of(certFile, locked)).toContain("locked.pem: the private key has a passphrase");
    expect(await of(certFile, other.keyFile)).toContain(`it is not the key of the certificate in ${certFile}`);
    expect(await refusalOf({ tlsCert: certFile, tlsKey: keyFile, socket: join(folder, "s") })).toContain("--socket");
  });
});

describe("a unix socket", () => {
  test("takes requests, and is there for its owner and group alone", async () => {
    const path = join(folder, "runner.sock");
    const { url, stop } = await listen({ socket: path });
    expect(url).toBe(`unix:${path}`);
    expect(statSync(path).mode & 0o777).toBe(0o660);
    expect(await curl("--unix-socket", path, "-X", "POST", "http://localhost/api/webhooks/a?b=1")).toBe(
      "/api/webhooks/a?b=1",
    );
    await stop(0);
    expect(existsSync(path)).toBe(false);
  });

  test("that a killed server left is replaced; one that is in use, and any other file, is not", async () => {
    const path = join(folder, "runner.sock");
    const killed = Bun.spawn(
      [
        "bun",
        "-e",
        `require("net").createServer().listen(${JSON.stringify(path)}, () => console.log("up")); setTimeout(() => {}, 60000)`,
      ],
      { stdout: "pipe" },
    );
    await killed.stdout.getReader().read();
    expect(await refusalOf({ socket: path })).toContain("another program listens there");
    killed.kill("SIGKILL");
    await killed.exited;
    expect(existsSync(path)).toBe(true);
    await listen({ socket: path });
    expect(await curl("--unix-socket", path, "http://localhost/healthz")).toContain("ok");
    expect(await refusalOf({ socket: path })).toContain("another program listens there");
    const file = join(folder, "precious");
    writeFileSync(file, "data");
    expect(await refusalOf({ socket: file })).toContain("a file that is no socket");
    const link = join(folder, "link");
    symlinkSync(file, link);
    expect(await refusalOf({ socket: link })).toContain("a file that is no socket");
    expect(existsSync(file)).toBe(true);
    expect(await refusalOf({ socket: join(folder, "none", "s") })).toContain("no such file");
    expect(await refusalOf({ socket: join(folder, "x".repeat(120)) })).toContain("name too long");
  });
});

describe("IPv6", () => {
  test.each([
    ["::1", "[::1]"],
    ["::", "[::1]"],
  ])("%s is listened on and written in brackets", async (host, shown) => {
    const { url, port } = await listen({ host });
    expect(url).toBe(`http://${shown}:${port}`);
    expect(await curl(`${url}/healthz`)).toContain("ok");
    expect(await curl("-X", "POST", `http://[::1]:${port}/api/webhooks/a`)).toBe("/api/webhooks/a");
  });

  test("a port that is taken is said to be", async () => {
    const { port } = await listen({ host: "::1" });
    expect(await refusalOf({ host: "::1", port })).toBe(`cannot listen on ::1, port ${port}: the port is in use`);
  });
});

describe("a public address with a base path", () => {
  test("is understood with and without the path, by proxies that take it off or not", async () => {
    const { url } = await listen({}, "https://example.org/my/runner");
    for (const base of ["", "/my/runner"]) {
      expect(await curl("-X", "POST", `${url}${base}/api/webhooks/home/backup?x=/my/runner`)).toBe(
        "/api/webhooks/home/backup?x=/my/runner",
      );
      expect(await curl(`${url}${base}/healthz`)).toContain("ok");
    }
    expect(await curl(`${url}/my/runners/healthz`)).toContain("token");
  });

  test("leads a browser from the path alone into it, for the addresses of pages are relative", async () => {
    const { url } = await listen({}, "https://example.org/my/runner");
    const follow = ["-L", "-o", "/dev/null", "-w", "%{url_effective}", "-H", "Accept: text/html"];
    expect(await curl(...follow, `${url}/my/runner?x=1`)).toBe(`${url}/my/runner/login?next=%2F%3Fx%3D1`);
    expect(await curl(...follow, `${url}/my/runner/swagger`)).toBe(`${url}/my/runner/login?next=%2Fswagger`);
  });

  test("is in the addresses that the server gives", async () => {
    const { url } = await listen({}, "https://example.org/runner");
    const trigger = ["-i", "-X", "POST", "-H", `Authorization: Bearer ${token}`];
    for (const base of ["", "/runner"]) {
      const answer = await curl(...trigger, `${url}${base}/api/pipelines/deploy/trigger`);
      expect(answer).toMatch(/^Location: \/runner\/api\/runs\/r1\r$/im);
    }
  });

  test("that looks like the API itself is no riddle", async () => {
    const { url } = await listen({}, "https://example.org/api");
    for (const base of ["", "/api"]) {
      expect(await curl("-X", "POST", `${url}${base}/api/webhooks/a`)).toBe("/api/webhooks/a");
    }
  });
});

test.each([
  ["/healthz", null],
  ["/my/runner/healthz", "https://example.org/my/runner"],
])("a request for %p without a Host header is understood, also over a unix socket", async (target, publicUrl) => {
  const path = join(folder, "s");
  await listen({ socket: path }, publicUrl);
  const answer = await new Promise<string>((resolve) => {
    let text = "";
    const socket = net.connect({ path }, () => socket.write(`GET ${target} HTTP/1.0\r\n\r\n`));
    socket.on("data", (bytes) => (text += bytes.toString()));
    socket.on("close", () => resolve(text));
  });
  expect(answer).toContain('{"status":"ok"}');
});
