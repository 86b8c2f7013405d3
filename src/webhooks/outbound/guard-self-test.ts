// Whether the guard works on this runtime. What it rests on, how URLs are read and that `fetch` connects to the address
// it is given, are promises of nobody: so they are tried before anything is sent.

import { createChooser } from "./choose-addresses.ts";
import { parseOutboundUrl } from "./outbound-url.ts";
import type { Sender, SenderOptions } from "./create-sender.ts";

type CreateSender = (options: SenderOptions) => Pick<Sender, "send">;

/** Ways to write addresses that nothing is sent to. */
const disguised = [
  "http://169.254.169.254/",
  "http://2852039166/",
  "http://0xa9fea9fe/",
  "http://0251.0376.0251.0376/",
  "http://169.254.43518/",
  "http://169.254.169.254./",
  "http://[::ffff:a9fe:a9fe]/",
  "http://[64:ff9b::169.254.169.254]/",
  "http://[fe80::1]/",
  "http://0/",
];

/** RFC 6761 §6.4: no resolver knows it. */
const host = "guard-test.invalid";

/** @returns what is wrong, in a sentence. */
export async function findGuardFault(createSender: CreateSender): Promise<string | null> {
  try {
    const wrong = findUnguarded() ?? (await tryConnections(createSender));
    return wrong === null ? null : `nothing is sent: on this runtime the guard of addresses does not work: ${wrong}`;
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : "unknown error";
    return `nothing is sent: the guard of addresses could not be tested: ${why}`;
  }
}

function findUnguarded(): string | null {
  const choose = createChooser({ denyPrivate: false, allowHttp: true });
  const passed = disguised.find((text) => {
    const url = parseOutboundUrl(text);
    return !("problem" in url) && choose([url.host], url).allowed.length > 0;
  });
  return passed === undefined ? null : `${passed} is let through`;
}

async function tryConnections(createSender: CreateSender): Promise<string | null> {
  /** Others on this machine may connect as well: only what names this path counts. */
  const path = `/${crypto.randomUUID()}`;
  const heads: string[] = [];
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket, bytes) {
        const head = bytes.toString("latin1");
        if (head.includes(path)) heads.push(head);
        socket.end(
          `HTTP/1.1 302 Found\r\nlocation: ${path}/elsewhere\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`,
        );
      },
    },
  });
  const ask = async (address: string, denyPrivate: boolean) => {
    let lookUps = 0;
    const resolve = async (): Promise<readonly string[]> => [lookUps++ === 0 ? address : "127.0.0.1"];
    const sender = createSender({ denyPrivate, allowHttp: false, resolve });
    const url = `http://${host}:${listener.port}${path}`;
    const outcome = await sender.send({ url, method: "POST", headers: {}, body: new Uint8Array(0), timeoutMs: 5000 });
    return { outcome, lookUps };
  };
  try {
    for (const [address, denyPrivate] of [
      ["127.0.0.1", true],
      ["169.254.169.254", false],
    ] as const) {
      const { outcome } = await ask(address, denyPrivate);
      const isRefused = outcome.type === "failed" && outcome.error === "address_refused";
      if (!isRefused || heads.length > 0) return `a name that resolves to ${address} is not refused`;
    }
    const { outcome, lookUps } = await ask("127.0.0.1", false);
    const isAnswered = outcome.type === "answered" && outcome.status === 302;
    if (!isAnswered) return `an allowed address cannot be asked: ${"message" in outcome ? outcome.message : ""}`;
    if (lookUps > 1) return "a name is looked up a second time";
    if (heads.length !== 1) return "a redirect is followed";
    return heads[0]?.toLowerCase().includes(`\r\nhost: ${host}:`) ? null : "the name is not in the Host header";
  } finally {
    listener.stop(true);
  }
}
