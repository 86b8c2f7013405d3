// Sends one mail: the conversation with its server, within a time, and only to an address that is allowed.

import { isIP } from "node:net";
import type { NodemailerError } from "nodemailer/lib/errors";
import type MailComposer from "nodemailer/lib/mail-composer";
import type SMTPConnection from "nodemailer/lib/smtp-connection";
import type { FindAddresses } from "../find-addresses.ts";
import type { SendError, SendOutcome } from "../send-outcome.ts";
import type { Mail, MailServer } from "./mail.ts";

export interface SendMailOptions {
  readonly findAddresses: FindAddresses;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

const maxAnswerBytes = 16 * 1024;

/** Never rejects. What the server said last is the answer, and its reply code the status. */
export async function sendMail(mail: Mail, options: SendMailOptions): Promise<SendOutcome> {
  const startedAt = performance.now();
  const outcome = await converse(mail, options).catch((thrown: unknown) => toFailure(thrown, mail.server, false));
  return { ...outcome, durationMs: Math.round(performance.now() - startedAt) } as SendOutcome;
}

type Timeless = DistributiveOmit<SendOutcome, "durationMs">;
type DistributiveOmit<Union, Key extends string> = Union extends unknown ? Omit<Union, Key> : never;

async function converse(mail: Mail, { findAddresses, timeoutMs, signal }: SendMailOptions): Promise<Timeless> {
  const found = await findAddresses(mail.server.host);
  if (!found.ok) return { type: "failed", error: found.error, message: found.message };
  // Loaded with the first mail: few servers send any.
  const [{ default: Connection }, { default: Composer }] = await Promise.all([
    import("nodemailer/lib/smtp-connection"),
    import("nodemailer/lib/mail-composer"),
  ]);
  const message = await compose(Composer, mail);
  const limit = AbortSignal.timeout(timeoutMs);
  const ends = AbortSignal.any(signal === undefined ? [limit] : [limit, signal]);
  let failure: Timeless | null = null;
  for (const address of found.addresses) {
    const connection = new Connection(connectionOptions(mail.server, address, timeoutMs));
    const end = Promise.withResolvers<never>();
    end.promise.catch(() => undefined);
    const stop = (): void => end.reject(new Stopped(signal?.aborted ?? false, timeoutMs));
    if (ends.aborted) stop();
    ends.addEventListener("abort", stop);
    try {
      // An error that comes between two commands has no one to tell it otherwise.
      connection.on("error", (error) => end.reject(error));
      await Promise.race([connect(connection), end.promise]);
      return await Promise.race([hand(connection, mail, message), end.promise]);
    } catch (thrown) {
      const isConnected = connection.stage !== "init";
      failure = toFailure(thrown, mail.server, isConnected);
      // Whoever answered once is the server; another address would be tried in vain, or give the mail twice.
      if (isConnected || ends.aborted) return failure;
    } finally {
      ends.removeEventListener("abort", stop);
      connection.close();
    }
  }
  return failure ?? { type: "failed", error: "dns", message: `${mail.server.host} has no address` };
}

function connectionOptions(
  { host, port, security, ca }: MailServer,
  address: string,
  timeoutMs: number,
): ConstructorParameters<typeof SMTPConnection>[0] {
  return {
    host: address,
    port,
    // The certificate is the name's, not the address's.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    tls: ca === undefined ? {} : { ca },
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    socketCloseTimeout: 1000,
    maxResponseSize: 64 * 1024,
  };
}

function connect(connection: SMTPConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve()));
  });
}

async function hand(connection: SMTPConnection, { server, from, to }: Mail, message: Buffer): Promise<Timeless> {
  const { login } = server;
  if (login !== undefined) {
    await new Promise<void>((resolve, reject) => {
      connection.login({ user: login.user, pass: login.password }, (error) => (error ? reject(error) : resolve()));
    });
  }
  const envelope = { from: addressOf(from), to: to.map(addressOf), size: message.length };
  const said = await new Promise<string>((resolve, reject) => {
    connection.send(envelope, message, (error, info) => {
      if (error || info === undefined) return reject(error ?? new Error("no answer"));
      const refused = (info.rejectedErrors ?? []).map(({ response }) => response ?? "");
      resolve([info.response, ...refused.map((text) => `not to all: ${text}`)].join("\n"));
    });
  });
  connection.quit();
  return answered(Number(/^\d{3}/.exec(said)?.[0] ?? 250), said);
}

async function compose(Composer: typeof MailComposer, { from, to, subject, text, messageId }: Mail): Promise<Buffer> {
  const composer = new Composer({
    from,
    to: [...to],
    subject,
    text,
    messageId: `<${messageId}>`,
    // RFC 3834 §5: nobody's absence note answers this.
    headers: { "Auto-Submitted": "auto-generated" },
    textEncoding: "quoted-printable",
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return await new Promise((resolve, reject) => {
    composer.compile().build((error, message) => {
      if (error || message === undefined) reject(error ?? new Error("the mail is empty"));
      else resolve(message);
    });
  });
}

/** `runner <runner@example.org>` without the name. */
function addressOf(text: string): string {
  return (/<([^<>]*)>\s*$/.exec(text)?.[1] ?? text).trim();
}

/** The time is over, or nobody wants the outcome any more. */
class Stopped extends Error {
  readonly error: SendError;

  constructor(isCancelled: boolean, timeoutMs: number) {
    super(isCancelled ? "the attempt was called off" : `the mail server did not answer within ${timeoutMs / 1000} s`);
    this.error = isCancelled ? "cancelled" : "timeout";
  }
}

function answered(status: number, text: string): Timeless {
  const body = new TextEncoder().encode(text);
  const isCut = body.length > maxAnswerBytes;
  return { type: "answered", status, headers: {}, body: body.subarray(0, maxAnswerBytes), isCut };
}

/** By the code that nodemailer gives; a reply of the server is an answer and no failure of the way to it. */
function toFailure(thrown: unknown, { host, port }: MailServer, isConnected: boolean): Timeless {
  if (thrown instanceof Stopped) return { type: "failed", error: thrown.error, message: thrown.message };
  const error = thrown as NodemailerError;
  if (typeof error.responseCode === "number" && error.responseCode >= 400) {
    return answered(error.responseCode, error.response ?? error.message);
  }
  const reason = error.message.split("\n")[0] ?? "";
  return {
    type: "failed",
    error: classify(error, isConnected),
    message: `mail to ${host}:${port} was not sent: ${reason}`,
  };
}

function classify({ code, message }: NodemailerError, isConnected: boolean): SendError {
  if (code === "ETIMEDOUT") return "timeout";
  if (code === "ETLS" || /certificate|tls|ssl/i.test(message)) return "tls";
  if (code === "EDNS") return "dns";
  if (code === "ECONNECTION" || code === "ESOCKET") return isConnected ? "closed" : "connect";
  return "protocol";
}
