// `completion`: the scripts in the shells they are for.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startFakeServer, type FakeServer } from "./fake-server.ts";
import { fakeMain, makeHome, runCli, type CliResult } from "./spawn-cli.ts";

let home: Awaited<ReturnType<typeof makeHome>>;
let server: FakeServer;
let environment: Record<string, string>;

beforeAll(async () => {
  home = await makeHome();
  server = startFakeServer();
  mkdirSync(join(home.dir, "bin"));
  mkdirSync(join(home.dir, "work/some folder"), { recursive: true });
  writeFileSync(join(home.dir, "work/a b.ts"), "");
  const program = join(home.dir, "bin/runner");
  writeFileSync(program, `#!/bin/sh\nexec ${process.execPath} ${fakeMain} "$@"\n`);
  chmodSync(program, 0o755);
  environment = {
    PATH: `${join(home.dir, "bin")}:${process.env["PATH"] ?? ""}`,
    HOME: home.dir,
    RUNNER_SERVER: server.url,
    RUNNER_TOKEN: server.token,
  };
  for (const shell of ["bash", "zsh", "fish"]) {
    const { code, stdout } = await run(["completion", shell]);
    expect(code).toBe(0);
    writeFileSync(join(home.dir, `runner.${shell}`), stdout);
  }
});

afterAll(async () => {
  await server.stop();
  await home.remove();
});

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliResult> =>
  runCli(args, { cwd: home.dir, env, main: fakeMain });

async function runShell(shell: string, args: readonly string[]): Promise<string> {
  const child = Bun.spawn([shell, ...args], { cwd: join(home.dir, "work"), env: environment, stderr: "pipe" });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  expect(stderr).toBe("");
  return stdout;
}

const missing = (shell: string): boolean => Bun.which(shell) === null;

/** What is offered for the last word of a line, taken apart as bash does. */
async function inBash(...words: readonly string[]): Promise<readonly string[]> {
  const script = `
    source "$HOME/runner.bash"
    COMP_WORDS=("$@")
    COMP_CWORD=$(( $# - 1 ))
    $(complete -p runner | sed 's/.*-F \\([^ ]*\\) .*/\\1/') 
    [ "\${#COMPREPLY[@]}" -eq 0 ] || printf '%s\\n' "\${COMPREPLY[@]}"`;
  const output = await runShell("bash", ["-c", script, "bash", ...words]);
  return output
    .split("\n")
    .filter((line) => line !== "")
    .sort();
}

describe.skipIf(missing("bash"))("bash", () => {
  test.each([
    [["runner", "tr"], ["trigger"]],
    [
      ["runner", "ser"],
      ["serve", "server"],
    ],
    [["runner", "--v"], ["--version"]],
    [["runner", "runs", "--st"], ["--status"]],
    [["runner", "runs", "--status", "c"], ["cancelled"]],
    [["runner", "runs", "--status", "=", "tim"], ["timed_out"]],
    [
      ["runner", "runs", "--status", "="],
      "queued running waiting succeeded failed cancelled timed_out skipped".split(" "),
    ],
    [
      ["runner", "serve", "--log-level", ""],
      ["debug", "error", "info", "warn"],
    ],
    [["runner", "serve", "--port", ""], []],
    [["runner", "serve", "--pipelines", ""], ["some folder"]],
    [["runner", "serve", "--config", "a"], ["a b.ts"]],
    [
      ["runner", "trigger", ""],
      ["broken", "deploy", "signed"],
    ],
    [["runner", "webhook", "de"], ["deploy"]],
    [["runner", "trigger", "--param", "x=1", "d"], ["deploy"]],
    [["runner", "trigger", "--param", "=", "x", "d"], ["deploy"]],
    [["runner", "trigger", "deploy", ""], []],
    [["runner", "run", "dep"], ["deploy"]],
    [["runner", "run", "a"], ["a b.ts"]],
    [["runner", "runs", "--pipeline", "s"], ["signed"]],
    [
      ["runner", "completion", ""],
      ["bash", "fish", "zsh"],
    ],
    [
      ["runner", "events", "--type", "pipeline."],
      ["pipeline.broken", "pipeline.loaded"],
    ],
    [["runner", "webhooks", "rec"], ["recover"]],
    [["runner", "nonsense", ""], []],
  ])("%j", async (words, offered) => {
    expect(await inBash(...words)).toEqual([...offered].sort());
  });

  test("every command and every option of the help is offered", async () => {
    const help = (await run(["--help"])).stdout;
    const commands = [...help.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name = ""]) => name);
    const offered = await inBash("runner", "");
    for (const command of commands.filter((name) => name !== "help")) {
      expect(offered).toContain(command);
      const options = [...(await run([command, "--help"])).stdout.matchAll(/^ +(?:-\w, )?(--[\w-]+)/gm)];
      const names = options.map(([, name = ""]) => name);
      expect([command, await inBash("runner", command, "--")]).toEqual([command, expect.arrayContaining(names)]);
    }
    // A process for each command, twice.
  }, 60_000);
});

describe.skipIf(missing("fish"))("fish", () => {
  test.each([
    ["runner tri", ["trigger"]],
    ["runner runs --status c", ["cancelled"]],
    ["runner trigger d", ["deploy"]],
    ["runner serve --log-l", ["--log-level"]],
    ["runner serve --log-format=j", ["--log-format=json"]],
    ["runner webhook s", ["signed"]],
  ])("%s", async (line, offered) => {
    const output = await runShell("fish", [
      "-N",
      "-c",
      `source $HOME/runner.fish; complete -C ${JSON.stringify(line)}`,
    ]);
    expect(output.split("\n").flatMap((each) => each.split("\t")[0] || [])).toEqual([...offered]);
  });
});

describe.skipIf(missing("zsh"))("zsh", () => {
  /** What a line becomes by the tab key in a real terminal. */
  async function typed(line: string): Promise<string> {
    let screen = "";
    const decoder = new TextDecoder();
    const shell = Bun.spawn(["zsh", "-f", "-i"], {
      cwd: join(home.dir, "work"),
      env: { ...environment, TERM: "dumb", PS1: "$ " },
      terminal: { cols: 200, rows: 40, data: (_, bytes) => void (screen += decoder.decode(bytes, { stream: true })) },
    });
    try {
      shell.terminal?.write(
        `unsetopt prompt_sp; autoload -Uz compinit; compinit -u -D; source $HOME/runner.zsh; show() { print -r "[$BUFFER]"; }; zle -N show; bindkey '^X' show; print rea''dy\n`,
      );
      await waitFor(() => screen.includes("ready"));
      shell.terminal?.write(`${line}\t`);
      shell.terminal?.write("\u0018");
      await waitFor(() => /\[runner .*\]/.test(screen));
      return /\[(runner .*)\]/.exec(screen)?.[1] ?? "";
    } finally {
      shell.kill("SIGKILL");
      await shell.exited;
    }
  }

  async function waitFor(isReached: () => boolean): Promise<void> {
    const deadline = performance.now() + 10_000;
    while (!isReached()) {
      if (performance.now() > deadline) throw new Error("zsh did not get there");
      await Bun.sleep(10);
    }
  }

  test.each([
    ["runner tri", "runner trigger "],
    ["runner trigger de", "runner trigger deploy "],
    ["runner runs --status ca", "runner runs --status cancelled "],
    ["runner serve --log-format=j", "runner serve --log-format=json "],
    ["runner run a", "runner run a\\ b.ts "],
  ])("%s", async (line, result) => {
    expect(await typed(line)).toBe(result);
  });
});

describe("the names of pipelines", () => {
  test("one a line, and only those that a shell may be offered", async () => {
    const { code, stdout, stderr } = await run(["completion", "pipelines"], environment);
    expect([code, stdout, stderr]).toEqual([0, "broken\nsigned\ndeploy\n", ""]);
  });

  test("none and no message where no server runs, or one that does not answer, and soon", async () => {
    const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
    const servers = ["127.0.0.1:9", `127.0.0.1:${String(silent.port)}`, "not an address"];
    const environments = [
      {},
      { RUNNER_TOKEN: "wrong", RUNNER_SERVER: server.url },
      ...servers.map((url) => ({ RUNNER_SERVER: url })),
    ];
    for (const env of environments) {
      const { code, stdout, stderr } = await run(["completion", "pipelines"], env);
      expect([env, code, stdout, stderr]).toEqual([env, 0, "", ""]);
    }
    silent.stop(true);
  });

  test("an unknown shell is a usage error that names the nearest", async () => {
    const { code, stderr } = await run(["completion", "bsh"]);
    expect(code).toBe(2);
    expect(stderr).toContain("Did you mean bash?");
  });
});
