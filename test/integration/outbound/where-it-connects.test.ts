// That what is connected to is what was judged: names with several or changing addresses, TLS, proxies.

import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createSender, type SenderOptions } from "../../../src/webhooks/outbound/create-sender.ts";
import type { SendOutcome } from "../../../src/webhooks/webhooks.ts";
import { makeCertificate } from "../../fixtures/certificates/make-certificate.ts";
import { makeFolder, removeFolders } from "../../fixtures/pipelines/temporary-folder.ts";
import { type BadReceiver, openBadReceiver } from "../../fixtures/receivers/bad-receiver.ts";

const closers: (() => unknown)[] = [removeFolders];
afterAll(async () => {
  for (const close of closers) await close();
});

async function openReceiver(): Promise<BadReceiver> {
  const receiver = await openBadReceiver({ statuses: [200] });
  closers.push(async () => await receiver.close());
  return receiver;
}

interface Sent {
  readonly outcomes: readonly SendOutcome[];
  readonly asked: readonly string[];
}

/** Sends `times` requests to a name whose addresses are these, look-up by look-up; the last for ever. */
async function send(
  url: string,
  addresses: readonly (readonly string[])[],
  options: Partial<SenderOptions> = {},
  times = 1,
): Promise<Sent> {
  const asked: string[] = [];
  const resolve = async (name: string): Promise<readonly string[]> =>
    addresses[Math.min(asked.push(name), addresses.length) - 1] ?? [];
  const sender = createSender({ denyPrivate: false, allowHttp: false, resolve, ...options });
  const outcomes: SendOutcome[] = [];
  for (let n = 0; n < times; n++) {
    const body = new TextEncoder().encode("{}");
    outcomes.push(await sender.send({ url, method: "POST", headers: {}, body, timeoutMs: 10_000 }));
  }
  sender.close();
  return { outcomes, asked };
}

describe("a name", () => {
  test("is looked up once an attempt and is in the Host header alone", async () => {
    const receiver = await openReceiver();
    const { outcomes, asked } = await send(`http://Nas.Example.:${receiver.port}/hook`, [["127.0.0.1"]]);
    expect(outcomes).toMatchObject([{ type: "answered", status: 200 }]);
    expect(asked).toEqual(["nas.example"]);
    expect(receiver.requests[0]?.headers["host"]).toBe(`nas.example:${receiver.port}`);
  });

  test("of another alphabet is looked up and sent as punycode", async () => {
    const receiver = await openReceiver();
    const { asked } = await send(`http://büro.example:${receiver.port}/`, [["127.0.0.1"]]);
    expect(asked).toEqual(["xn--bro-hoa.example"]);
    expect(receiver.requests[0]?.headers["host"]).toBe(`xn--bro-hoa.example:${receiver.port}`);
  });

  test("that changes its address to a refused one is refused, though a connection to the old one is open", async () => {
    const receiver = await openReceiver();
    const { outcomes, asked } = await send(
      `http://rebind.example:${receiver.port}/`,
      [["127.0.0.1"], ["127.0.0.1"], ["169.254.169.254"], ["::ffff:169.254.169.254"]],
      {},
      4,
    );
    expect(outcomes).toMatchObject([
      { type: "answered" },
      { type: "answered" },
      { type: "failed", error: "address_refused" },
      { type: "failed", error: "address_refused" },
    ]);
    expect(outcomes[2]).toMatchObject({
      message:
        "rebind.example resolves to 169.254.169.254, which is link-local, where cloud metadata is: nothing is ever sent there",
    });
    expect(asked).toHaveLength(4);
    expect(receiver.requests).toHaveLength(2);
  });

  test("with several addresses is reached by an allowed one, never by the others", async () => {
    const receiver = await openReceiver();
    const addresses = ["fe80::1%eth0", "169.254.169.254", "127.0.0.1", "0.0.0.0"];
    const { outcomes } = await send(`http://nas.example:${receiver.port}/`, [addresses]);
    expect(outcomes).toMatchObject([{ type: "answered", status: 200 }]);
    const refused = await send(`http://nas.example:${receiver.port}/`, [addresses], { denyPrivate: true });
    expect(refused.outcomes).toMatchObject([{ type: "failed", error: "address_refused" }]);
    expect(receiver.requests).toHaveLength(1);
  });

  test("whose first address refuses the connection is reached by the next, which is asked first from then on", async () => {
    const receiver = await openReceiver();
    const { outcomes } = await send(`http://nas.example:${receiver.port}/`, [["127.0.0.77", "127.0.0.1"]], {}, 2);
    expect(outcomes).toMatchObject([{ type: "answered" }, { type: "answered" }]);
    expect(receiver.requests).toHaveLength(2);
  });

  test("with a hundred addresses that refuse is given up after eight", async () => {
    const receiver = await openReceiver();
    const dead = Array.from({ length: 100 }, (_, n) => `127.0.1.${n}`);
    const { outcomes } = await send(`http://nas.example:${receiver.port}/`, [[...dead, "127.0.0.1"]]);
    expect(outcomes).toMatchObject([
      { type: "failed", error: "connect", message: expect.stringMatching(/^127\.0\.1\.7 port/) },
    ]);
    expect(receiver.requests).toHaveLength(0);
  });

  test("without any address, or with something else instead, is not asked", async () => {
    const none = await send("http://nas.example/", [[]]);
    expect(none.outcomes).toMatchObject([{ error: "dns", message: "there is no host named nas.example" }]);
    const odd = await send("http://nas.example/", [["localhost"]]);
    expect(odd.outcomes).toMatchObject([{ error: "address_refused" }]);
  });

  test("that no name server answers for is a failure of the look-up", async () => {
    const resolve = async () => await Promise.reject(Object.assign(new Error("secret"), { code: "DNS_ETIMEOUT" }));
    const { outcomes } = await send("http://nas.example/", [], { resolve });
    expect(outcomes).toMatchObject([
      { error: "dns", message: "nas.example could not be looked up: the name servers gave no answer (ETIMEOUT)" },
    ]);
  });

  test("that is looked up for ever ends in time", async () => {
    const sender = createSender({ denyPrivate: false, allowHttp: false, resolve: () => new Promise(() => {}) });
    const body = new Uint8Array(0);
    const outcome = await sender.send({ url: "http://nas.example/", method: "POST", headers: {}, body, timeoutMs: 50 });
    expect(outcome).toMatchObject({ error: "timeout", message: "nas.example was not looked up within 50 ms" });
  });
});

describe("https", () => {
  const folder = makeFolder();
  const { certFile, keyFile } = makeCertificate(folder, "nas.example");
  const ca = readFileSync(certFile, "utf8");
  let served = 0;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls: { cert: ca, key: readFileSync(keyFile, "utf8") },
    fetch: () => new Response(`answer ${++served}`),
  });
  closers.push(() => server.stop(true));

  test("is checked for the name, not for the address", async () => {
    const { outcomes } = await send(`https://nas.example:${server.port}/`, [["127.0.0.1"]], { ca }, 3);
    expect(outcomes).toMatchObject([{ status: 200 }, { status: 200 }, { status: 200 }]);
  });

  test("of another name does not pass, also over a connection that is open", async () => {
    const before = served;
    const sender = createSender({ denyPrivate: false, allowHttp: false, ca, resolve: async () => ["127.0.0.1"] });
    const outcomes: SendOutcome[] = [];
    for (const host of ["nas.example", "nas.example", "other.example", "127.0.0.1"]) {
      const url = `https://${host}:${server.port}/`;
      outcomes.push(
        await sender.send({ url, method: "POST", headers: {}, body: new Uint8Array(0), timeoutMs: 10_000 }),
      );
    }
    expect(outcomes).toMatchObject([{ status: 200 }, { status: 200 }, { error: "tls" }, { error: "tls" }]);
    expect(served).toBe(before + 2);
    expect(outcomes[2]).toMatchObject({ message: expect.stringContaining("its certificate is for another host name") });
  });

  test("of an authority that nobody knows does not pass", async () => {
    const { outcomes } = await send(`https://nas.example:${server.port}/`, [["127.0.0.1"]]);
    expect(outcomes).toMatchObject([{ type: "failed", error: "tls" }]);
  });

  test("is not what an http server speaks", async () => {
    const plain = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("answer") });
    closers.push(() => plain.stop(true));
    const { outcomes } = await send(`https://nas.example:${plain.port}/`, [["127.0.0.1"]]);
    expect(outcomes).toMatchObject([{ type: "failed", error: "tls" }]);
  });
});

test("no proxy of the environment is used, and no variable of it turns the check of certificates off", async () => {
  const receiver = await openReceiver();
  const tls = await openBadReceiver("self-signed");
  closers.push(async () => await tls.close());
  const program = `
    import { createSender } from ${JSON.stringify(`${import.meta.dir}/../../../src/webhooks/outbound/create-sender.ts`)};
    const sender = createSender({ denyPrivate: false, allowHttp: false });
    for (const url of ${JSON.stringify([receiver.url, tls.url])}) {
      const outcome = await sender.send({ url, method: "POST", headers: {}, body: new Uint8Array(0), timeoutMs: 10_000 });
      console.log(outcome.error ?? outcome.status);
    }
    process.exit();`;
  const dead = "http://127.0.0.1:1";
  const env = {
    ...Bun.env,
    HTTP_PROXY: dead,
    http_proxy: dead,
    HTTPS_PROXY: dead,
    https_proxy: dead,
    NO_PROXY: "",
    NODE_TLS_REJECT_UNAUTHORIZED: "0",
  };
  const child = Bun.spawn([process.execPath, "-e", program], { env, stdout: "pipe", stderr: "pipe" });
  expect((await new Response(child.stdout).text()).trim().split("\n")).toEqual(["200", "tls"]);
});
