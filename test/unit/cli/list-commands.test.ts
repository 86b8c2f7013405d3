import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { listCommands, type CommandContext } from "../../../src/cli/cli.ts";

const commands = listCommands({} as CommandContext);

test("every command of the contract exists, with server as another name of serve", () => {
  expect(commands.map(({ usage }) => usage)).toEqual([
    "init [DIR]",
    "serve",
    "trigger <NAME>",
    "run <FILE|NAME>",
    "runs [RUN]",
    "logs <RUN>",
    "events",
    "artifacts <RUN> [NAME]",
    "cancel <RUN>",
    "approve <RUN> [NAME]",
    "deny <RUN> [NAME]",
    "signal <RUN> <NAME>",
    "schedules",
    "resources [PIPELINE] [RESOURCE]",
    "pause <NAME>",
    "resume <NAME>",
    "rerun <RUN>",
    "replay <RUN>",
    "requests [ID]",
    "redeliver <ID>",
    "webhook <NAME>",
    "webhooks [ACTION] [ID] [VALUE]",
    "sign <NAME>",
    "listen",
    "set-pipeline <FILE>",
    "remove-pipeline <NAME>",
    "secret <set|list|rm> [NAME]",
    "notify <ACTION> [TARGET] [ID]",
    "check [FILE]",
    "compile <FILE>",
    "test [FILE|NAME...]",
    "eval <EXPRESSION>",
    "config",
    "completion <SHELL>",
    "version",
  ]);
  expect(commands.find(({ aliases }) => aliases.includes("server"))?.name).toBe("serve");
});

test("every command says what it does and has a file of its own", async () => {
  const files = await readdir(join(import.meta.dir, "../../../src/cli"));
  for (const { name, description } of commands) {
    expect(description).not.toBe("");
    expect(files).toContain(`${name}.ts`);
  }
});
