// Who is shown the token: the person at the terminal, and no journal.

import { expect, test } from "bun:test";
import type { CommandContext } from "../../../src/cli/command-context.ts";
import type { OutputStream } from "../../../src/cli/terminal.ts";
import { printWelcome } from "../../../src/cli/welcome.ts";
import type { Config } from "../../../src/config.ts";

const token = "s3cret/token+with=signs";

async function welcome(isTerminal: boolean): Promise<string> {
  let text = "";
  const out = {
    isTerminal,
    paint: (_: string, part: string) => part,
    line: async (line: string) => void (text += `${line}\n`),
  };
  const context = {
    terminal: { out: out as unknown as OutputStream },
    environment: {},
    cwd: "/srv",
    program: { startedAs: ["runner"], file: "/usr/bin/runner" },
    fetch: () => Promise.reject(new Error("no list")),
  } as unknown as CommandContext;
  const config = { host: "127.0.0.1", pipelines: "/srv/pipelines" } as Config;
  const server = {
    url: "http://127.0.0.1:8080",
    token,
    tokenPath: null,
    reload: async () => {},
    stop: () => Promise.resolve(),
  };
  await printWelcome(context, config, server, server.url);
  return text;
}

test("on a terminal the link logs in by itself", async () => {
  const link = /^log in +(\S+)$/m.exec(await welcome(true))?.[1] ?? "";
  const { pathname, hash, search } = new URL(link);
  expect([pathname, search, decodeURIComponent(hash)]).toEqual(["/login", "", `#token=${token}`]);
});

test("elsewhere the token is not written", async () => {
  const text = await welcome(false);
  expect(text).toContain("http://127.0.0.1:8080/login\n");
  expect(text).not.toContain("s3cret");
});
