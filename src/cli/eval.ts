// `runner eval`: what an expression of expr-lang comes to on a request, as `webhook.when` and `webhookTrigger` see it.

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { AppError } from "../core/app-error.ts";
import type { JsonValue } from "../core/json.ts";
import type { CommandContext } from "./command-context.ts";
import { readInput } from "./read-input.ts";

interface EvalFlags {
  readonly request?: string;
}

const maxRequestBytes = 32 * 1024 * 1024;

const help = `
FILE holds a request as JSON, \`-\` is standard input; all of it is optional:

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

  runner eval 'payload.ref == "refs/heads/main"' --request push.json`;

export function addEvalCommand(program: Command, context: CommandContext): void {
  program
    .command("eval <EXPRESSION>")
    .description("try a condition: print what it comes to on a request")
    .option("--request <FILE>", "the request, as JSON; without it an empty one")
    .addHelpText("after", help)
    .action(async (expression: string, flags: EvalFlags) => {
      const request = flags.request === undefined ? {} : await readRequest(flags.request, context);
      const { tryExpression } = await context.loadApp();
      const value = tryExpression({ expression, request, nowMs: context.now() });
      await context.terminal.out.line(JSON.stringify(value));
      context.end(0);
    });
}

async function readRequest(file: string, { cwd }: CommandContext): Promise<JsonValue> {
  const isInput = file === "-";
  const text = isInput
    ? await readInput(Bun.stdin.stream(), "request", maxRequestBytes)
    : await load(resolve(cwd, file));
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    const place = isInput ? "the request on standard input" : file;
    throw new AppError("USAGE", `${place} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

async function load(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new AppError("USAGE", `the request ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}
