// `runner eval`: what an expression of expr-lang comes to on a request, as `webhook.when` and `webhookTrigger` see it.

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { AppError } from "../core/app-error.ts";
import type { JsonValue } from "../core/json.ts";
import { addClientFlags, connect, type ClientFlags } from "./client-flags.ts";
import type { CommandContext } from "./command-context.ts";
import { readInput } from "./read-input.ts";

interface EvalFlags extends ClientFlags {
  readonly request?: string;
}

const maxRequestBytes = 32 * 1024 * 1024;

const help = `
It is the id of a webhook that the server received (runner requests), or a file that holds one as JSON, \`-\` for
standard input; all of it is optional:

  {
    "method": "POST",
    "headers": { "X-GitHub-Event": "push" },
    "query": { "env": "prod" },
    "body": { "ref": "refs/heads/main" },
    "provider": "github",
    "eventType": "push"
  }

\`body\` is a text, or data that is sent as JSON; without \`provider\` and \`eventType\` the headers and the body tell.
The value is printed as JSON. Where there is none the exit code is 65.

  runner eval 'payload.ref == "refs/heads/main"' --request push.json
  runner eval 'payload.ref == "refs/heads/main"' --request 019c11a5-5a00-7000-9d1b-70c84ad0b8e2`;

export function addEvalCommand(program: Command, context: CommandContext): void {
  addClientFlags(
    program.command("eval <EXPRESSION>").description("try a condition: print what it comes to on a request"),
  )
    .option("--request <FILE|ID>", "the request: a file of JSON, or one that was received; without it an empty one")
    .addHelpText("after", help)
    .action(async (expression: string, flags: EvalFlags) => {
      const request = flags.request === undefined ? {} : await readRequest(flags.request, flags, context);
      const { tryExpression } = await context.loadApp();
      const value = tryExpression({ expression, request, nowMs: context.now() });
      await context.terminal.out.line(JSON.stringify(value));
      context.end(0);
    });
}

async function readRequest(given: string, flags: ClientFlags, context: CommandContext): Promise<JsonValue> {
  if (given === "-") {
    const text = await readInput(Bun.stdin.stream(), "request", maxRequestBytes);
    return parse(text, "the request on standard input");
  }
  const text = await load(resolve(context.cwd, given), given);
  return text === undefined ? await fetchRequest(given, flags, context) : parse(text, given);
}

function parse(text: string, place: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw new AppError("USAGE", `${place} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/** Undefined where it is no file, but an id. */
async function load(path: string, given: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (isAbsent(cause) && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(given)) return undefined;
    throw new AppError("USAGE", `the request ${path} cannot be read: ${(cause as Error).message}`, {
      cause,
      hint: "name a file, - for standard input, or the id of a request that `runner requests` lists",
    });
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

async function fetchRequest(id: string, flags: ClientFlags, context: CommandContext): Promise<JsonValue> {
  const kept = await (await connect(context, flags)).getRequest(id);
  if (kept.body_truncated) {
    const note = `note: of its body of ${kept.body_bytes} bytes only the beginning was kept, so there may be no payload`;
    await context.terminal.err.line(note);
  }
  const { method, url, headers, query, provider, event_type: eventType } = kept;
  // As a script and a condition see it.
  const body = kept.body ?? Buffer.from(kept.body_base64 ?? "", "base64").toString();
  return { method, url, headers, query, body, provider, eventType };
}
