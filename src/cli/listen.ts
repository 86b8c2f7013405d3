// `runner listen`: a receiver for debugging senders, which answers 200 and prints what comes.

import { Option, type Command } from "commander";
import { AppError } from "../core/app-error.ts";
import { providerNames } from "../core/webhook-provider.ts";
import type { UnverifiedRequest, VerifyOptions } from "../webhooks/webhooks.ts";
import type { CommandContext } from "./command-context.ts";
import { readGivenSecret, secretForms } from "./given-secret.ts";
import { formatLookedAt } from "./listen/format-looked-at.ts";
import { lookAt } from "./listen/looked-at.ts";

interface ListenFlags {
  readonly port: string;
  readonly host: string;
  readonly secret?: string;
  readonly provider?: string;
  readonly publicUrl?: string;
  readonly json?: true;
}

const maxBodyBytes = 25 * 1024 ** 2;

export function addListenCommand(program: Command, context: CommandContext): void {
  program
    .command("listen")
    .description("answer every request with 200 and print it, with its provider and whether a secret verifies it")
    .option("--port <PORT>", "port to listen on, 0 for any free one", "9000")
    .option("--host <HOST>", "address to listen on", "127.0.0.1")
    .option("--secret <SECRET>", `the secret to verify with: ${secretForms}`)
    .addOption(
      new Option("--provider <PROVIDER>", "verify as this one signs (default: by the headers)").choices(providerNames),
    )
    .option("--public-url <URL>", "the address that the sender sends to, which twilio signs")
    .option("--json", "print each request as one line of JSON")
    .action(async (flags: ListenFlags) => {
      await listen(flags, context);
      context.end(0);
    });
}

async function listen(flags: ListenFlags, context: CommandContext): Promise<void> {
  const { out, err } = context.terminal;
  const secrets = flags.secret === undefined ? [] : [await readGivenSecret(flags.secret, context)];
  const { provider, publicUrl = null } = flags;
  const options = { ...(provider === undefined ? {} : { provider }), secrets, publicUrl };
  const stopped = waitForSignal();
  const server = serve(flags, async (request) => {
    const received = await receive(request);
    const verify: VerifyOptions = { ...options, nowMs: context.now() };
    const seen = lookAt(received, verify);
    await out.write(flags.json ? `${JSON.stringify(seen)}\n` : formatLookedAt(seen, out));
    return new Response("ok\n", { headers: { "content-type": "text/plain" } });
  });
  await err.line(`listening at ${server.url.href}, any path; Ctrl-C stops it`);
  await stopped;
  await server.stop(true);
}

/** @throws {AppError} USAGE where the address cannot be had. */
function serve({ host, port }: ListenFlags, handle: (request: Request) => Promise<Response>) {
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new AppError("USAGE", `--port: ${JSON.stringify(port)} is not a port`, { hint: "0 to 65535" });
  }
  try {
    return Bun.serve({
      hostname: host,
      port: Number(port),
      development: false,
      maxRequestBodySize: maxBodyBytes,
      fetch: handle,
      error: () => new Response("the request could not be read\n", { status: 400 }),
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("USAGE", `cannot listen on ${host}, port ${port}: ${reason}`, {
      hint: "choose another with --port",
      cause,
    });
  }
}

async function receive(request: Request): Promise<UnverifiedRequest> {
  const { pathname, search, searchParams } = new URL(request.url);
  return {
    method: request.method,
    url: pathname + search,
    headers: Object.fromEntries(request.headers),
    // The first value of each parameter.
    query: Object.fromEntries([...searchParams].toReversed()),
    body: await request.bytes(),
  };
}

function waitForSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(name, () => resolve());
  });
}
