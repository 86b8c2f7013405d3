// Real conversations with a mail server that does what it likes.

import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Mail, MailServer } from "../../../src/webhooks/outbound/targets/mail.ts";
import type { FindAddresses } from "../../../src/webhooks/outbound/find-addresses.ts";
import type { SendOutcome } from "../../../src/webhooks/outbound/send-outcome.ts";
import { sendMail } from "../../../src/webhooks/outbound/targets/send-mail.ts";
import { makeCertificate } from "../../fixtures/certificates/make-certificate.ts";
import { SmtpServer, type SmtpServerOptions } from "../../fixtures/mail/smtp-server.ts";

const folder = mkdtempSync(join(tmpdir(), "runner-mail-"));
const certificate = certificateOf("first");
const servers: SmtpServer[] = [];
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

function certificateOf(name: string): { readonly cert: string; readonly key: string } {
  const { certFile, keyFile } = makeCertificate(folder, "localhost", name);
  return { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
}

async function open(options: SmtpServerOptions = {}): Promise<SmtpServer> {
  const server = await SmtpServer.open({ certificate, ...options });
  servers.push(server);
  return server;
}

const here: FindAddresses = async () => ({ ok: true, addresses: ["127.0.0.1"] });

interface Sending {
  readonly server?: Partial<MailServer>;
  readonly mail?: Partial<Mail>;
  readonly findAddresses?: FindAddresses;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

async function send(to: { readonly port: number }, sending: Sending = {}): Promise<SendOutcome> {
  const { server, mail, findAddresses = here, timeoutMs = 20_000, signal } = sending;
  const plain: Mail = {
    server: { host: "localhost", port: to.port, security: "none", ca: certificate.cert, ...server },
    from: "runner <runner@example.org>",
    to: ["a@example.org"],
    subject: "deploy failed",
    text: "exit 1\n",
    messageId: "dlv_1@example.org",
  };
  const options = { findAddresses, timeoutMs, ...(signal === undefined ? {} : { signal }) };
  return await sendMail({ ...plain, ...mail }, options);
}

function textOf(outcome: SendOutcome): string {
  return outcome.type === "answered" ? new TextDecoder().decode(outcome.body) : outcome.message;
}

describe("a mail", () => {
  test("arrives with its sender, its receivers and the same Message-ID each time", async () => {
    const server = await open();
    const outcome = await send(server, { mail: { to: ["a@example.org", "B <b@example.org>"] } });
    expect(outcome).toMatchObject({ type: "answered", status: 250, headers: {}, isCut: false });
    expect(textOf(outcome)).toContain("queued as 1");
    const [mail] = server.mails;
    expect(mail).toMatchObject({ from: "runner@example.org", to: ["a@example.org", "b@example.org"], user: null });
    expect(mail?.data).toContain("Message-ID: <dlv_1@example.org>\r\n");
    expect(mail?.data).toContain("Auto-Submitted: auto-generated\r\n");
    expect(mail?.data).toContain("From: runner <runner@example.org>\r\n");
  });

  test("keeps a line that begins with a dot, and one that is a dot", async () => {
    const server = await open();
    await send(server, { mail: { text: "one\n.\n.two\n..three\n" } });
    const [mail] = server.mails;
    expect(mail?.raw).toContain("\r\n..\r\n..two\r\n...three");
    expect(mail?.data).toContain("\r\none\r\n.\r\n.two\r\n..three");
  });

  test("has a subject and a text of any language", async () => {
    const server = await open();
    await send(server, { mail: { subject: "Größe überschritten: 日本 🌊", text: "Übermaß\n" } });
    const data = server.mails[0]?.data ?? "";
    const words = [...data.matchAll(/=\?UTF-8\?([QB])\?([^?]*)\?=/gi)].map(([, kind, text = ""]) =>
      kind?.toUpperCase() === "B"
        ? Buffer.from(text, "base64")
        : Buffer.from(
            text
              .replaceAll("_", " ")
              .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
            "latin1",
          ),
    );
    expect(Buffer.concat(words).toString()).toBe("Größe überschritten: 日本 🌊");
    expect(data).toContain("=C3=9Cberma=C3=9F");
  });

  test("cannot gain a header or a receiver by its subject", async () => {
    const server = await open();
    await send(server, { mail: { subject: "x\r\nBcc: everyone@example.org\r\n\r\nhello" } });
    const [mail] = server.mails;
    expect(mail?.to).toEqual(["a@example.org"]);
    expect(mail?.data).not.toMatch(/^Bcc:/im);
  });
});

describe("security", () => {
  test("STARTTLS is made before anything is said", async () => {
    const server = await open({ security: "starttls", login: { user: "u", password: "p" } });
    const outcome = await send(server, { server: { security: "starttls", login: { user: "u", password: "p" } } });
    expect(textOf(outcome)).toContain("queued");
    expect(server.mails[0]).toMatchObject({ isEncrypted: true, user: "u" });
    expect(server.commands.slice(0, 2).map((line) => line.slice(0, 8))).toEqual([
      "EHLO " + server.commands[0]?.slice(5, 8),
      "STARTTLS",
    ]);
  });

  test("TLS from the first byte", async () => {
    const server = await open({ security: "tls" });
    const outcome = await send(server, { server: { security: "tls" } });
    expect(textOf(outcome)).toContain("queued");
    expect(server.mails[0]?.isEncrypted).toBe(true);
  });

  test("a server that offers no STARTTLS gets neither the password nor the mail", async () => {
    const server = await open({ login: { user: "u", password: "p" } });
    const outcome = await send(server, { server: { security: "starttls", login: { user: "u", password: "p" } } });
    expect(outcome.type === "answered" && outcome.status < 400).toBe(false);
    expect(server.commands.some((line) => /^AUTH|^MAIL/i.test(line))).toBe(false);
  });

  test("a certificate of nobody known is not believed", async () => {
    const server = await open({ security: "tls" });
    const other = certificateOf("other");
    const outcome = await send(server, { server: { security: "tls", ca: other.cert } });
    expect(outcome).toMatchObject({ type: "failed", error: "tls" });
    expect(server.mails).toEqual([]);
  });

  test("a certificate of another name is not believed", async () => {
    const server = await open({ security: "tls" });
    const outcome = await send(server, { server: { security: "tls", host: "mail.example.org" } });
    expect(outcome).toMatchObject({ type: "failed", error: "tls" });
  });

  test("a wrong password is the server's answer, and is not repeated in it", async () => {
    const server = await open({ login: { user: "u", password: "p" } });
    const outcome = await send(server, { server: { login: { user: "u", password: "wrong-secret" } } });
    expect(outcome).toMatchObject({ type: "answered", status: 535 });
    expect(textOf(outcome)).not.toContain("wrong-secret");
  });
});

describe("a server that does not take it", () => {
  test.each([
    ["for now, at the greeting", { answers: { "": "421 4.3.2 try later" } }, 421],
    ["for now, the receiver", { answers: { "RCPT TO": "450 4.2.0 greylisted" } }, 450],
    ["for now, at the end", { answers: { ".": "451 4.3.0 full" } }, 451],
    ["ever, the sender", { answers: { "MAIL FROM": "550 5.7.1 not you" } }, 550],
    ["ever, the receiver", { answers: { "RCPT TO": "550 5.1.1 nobody here" } }, 550],
    ["ever, at the end", { answers: { ".": "554 5.7.1 spam" } }, 554],
  ] as const)("%s: its reply is the answer", async (_, options, status) => {
    const server = await open(options);
    const outcome = await send(server);
    expect(outcome).toMatchObject({ type: "answered", status });
    expect(textOf(outcome)).toContain(String(status));
    expect(server.mails).toEqual([]);
  });

  test("one of two receivers: it is sent to the other, and said", async () => {
    const server = await open({ answers: { "RCPT TO:<B@": "550 5.1.1 nobody here" } });
    const outcome = await send(server, { mail: { to: ["a@example.org", "b@example.org"] } });
    expect(outcome).toMatchObject({ type: "answered", status: 250 });
    expect(textOf(outcome)).toContain("not to all: 550 5.1.1");
  });

  test("closes in the middle", async () => {
    const server = await open({ hangUpAt: "DATA" });
    expect(await send(server)).toMatchObject({ type: "failed", error: "closed" });
  });

  test("says nothing", async () => {
    const server = await open({ silentAt: "MAIL FROM" });
    expect(await send(server, { timeoutMs: 200 })).toMatchObject({ type: "failed", error: "timeout" });
  });

  test("is not there", async () => {
    const server = await open();
    const { port } = server;
    server.close();
    expect(await send({ port })).toMatchObject({ type: "failed", error: "connect" });
  });
});

describe("addresses", () => {
  test("where none is allowed nothing is connected to", async () => {
    const server = await open();
    const refuse: FindAddresses = async () => ({ ok: false, error: "address_refused", message: "169.254.1.1 is not" });
    const outcome = await send(server, { findAddresses: refuse });
    expect(outcome).toMatchObject({ type: "failed", error: "address_refused", message: "169.254.1.1 is not" });
    expect(server.connections).toBe(0);
  });

  test("the second is taken where the first does not answer", async () => {
    const server = await open();
    const two: FindAddresses = async () => ({ ok: true, addresses: ["::1", "127.0.0.1"] });
    expect(await send(server, { findAddresses: two })).toMatchObject({ type: "answered", status: 250 });
  });

  test("nobody is asked twice to take one mail", async () => {
    const server = await open({ answers: { ".": "451 4.3.0 full" } });
    const two: FindAddresses = async () => ({ ok: true, addresses: ["127.0.0.1", "127.0.0.1"] });
    expect(await send(server, { findAddresses: two })).toMatchObject({ type: "answered", status: 451 });
    expect(server.connections).toBe(1);
  });
});

test("an attempt that is called off ends at once", async () => {
  const server = await open({ silentAt: "EHLO" });
  const controller = new AbortController();
  const sending = send(server, { signal: controller.signal });
  controller.abort();
  expect(await sending).toMatchObject({ type: "failed", error: "cancelled" });
});
