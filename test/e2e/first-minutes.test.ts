// The first five minutes of somebody who has the binary and an empty folder: each command is the one that was printed
// before, and what it says is true.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { copyFile, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { runnerBinary } from "../fixtures/harness/runner-binary.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";

let workspace: Workspace;
let dir: string;
let environment: Readonly<Record<string, string>>;
let server: Bun.Subprocess<"ignore", "pipe", "pipe"> | undefined;
const served = { stdout: "", stderr: "" };

beforeAll(async () => {
  workspace = new Workspace();
  dir = workspace.path("empty");
  await mkdir(dir);
  await mkdir(workspace.path("bin"));
  await copyFile(runnerBinary, workspace.path("bin/runner"));
  environment = { ...workspace.environment, PATH: `${workspace.path("bin")}:${workspace.environment["PATH"] ?? ""}` };
});

afterAll(async () => {
  server?.kill("SIGKILL");
  await server?.exited;
  await workspace.remove();
});

/** A line as it is typed, or pasted from what was printed. */
async function type(line: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = Bun.spawn(["sh", "-c", line], {
    cwd: dir,
    env: environment,
    stdin: "ignore",
    stderr: "pipe",
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, stdout, stderr };
}

async function collect(stream: ReadableStream<Uint8Array>, into: keyof typeof served): Promise<void> {
  const decoder = new TextDecoder();
  for await (const bytes of stream) served[into] += decoder.decode(bytes, { stream: true });
}

/** The commands of the row `try` and those below it. */
function suggested(): readonly string[] {
  const [, rows = ""] = served.stdout.split(/^try +/m);
  return rows
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

test("runner alone says how to begin", async () => {
  const { code, stderr } = await type("runner");
  expect(code).toBe(2);
  expect(stderr).toContain("Start with: runner init && runner serve, then in another terminal: runner trigger hello");
});

test("runner serve without a pipelines folder says how to make one", async () => {
  const { code, stderr } = await type("runner serve --port 0");
  expect(code).toBe(78);
  expect(stderr).toContain("`runner init`");
  expect((await readdir(dir)).filter((name) => name !== "data")).toEqual([]);
});

test("runner init writes the files and names what comes next", async () => {
  const { code, stdout, stderr } = await type("runner init");
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("next  runner serve\nthen  runner trigger hello  (in another terminal)\n");
  expect((await readdir(dir)).filter((name) => name !== "data").sort()).toEqual(["pipelines", "runner.toml"]);
});

test("runner check finds nothing wrong with them", async () => {
  expect(await type("runner check")).toEqual({ code: 0, stdout: "", stderr: "1 pipeline ok\n" });
});

test("runner serve says where it is and what to try, and warns of nothing but the open webhook", async () => {
  // The port of the machine's 8080 may be taken; everything else is as it is by default.
  server = Bun.spawn(["sh", "-c", "exec runner serve --port 0"], {
    cwd: dir,
    env: environment,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  void collect(server.stdout, "stdout");
  void collect(server.stderr, "stderr");
  const deadline = performance.now() + 20_000;
  while (!/^ +curl .*\n/m.test(served.stdout)) {
    if (server.exitCode !== null || performance.now() > deadline) throw new Error(served.stdout + served.stderr);
    await Bun.sleep(10);
  }
  expect(served.stdout).toMatch(/^address +http:\/\/127\.0\.0\.1:\d+$/m);
  expect(served.stdout).toMatch(/^pipelines +hello$/m);
  expect(suggested()).toEqual(["runner trigger hello", expect.stringMatching(/^curl .*\/api\/webhooks\/hello$/)]);
  // But for the user that the tests run as.
  expect(served.stderr.split("\n").filter((line) => !/^$|root|pipelines=hello$/.test(line))).toEqual([]);
});

test("both suggestions work as they were printed", async () => {
  const [trigger = "", curl = ""] = suggested();
  const byHand = await type(trigger);
  expect(byHand.code).toBe(0);
  expect(byHand.stdout).toContain("greeted world, run number 1\n");
  expect(byHand.stderr).toMatch(/^run \S+ succeeded after /m);
  if (Bun.which("curl") !== null)
    expect(await type(`${curl} --silent`)).toEqual({ code: 0, stdout: "hello world\n", stderr: "" });
});

test("the commands in the first lines of hello.ts work, but for the port", async () => {
  const text = await Bun.file(join(dir, "pipelines/hello.ts")).text();
  const commands = [...text.matchAll(/^\/\/ {3}(\S.*)$/gm)].map(([, command = ""]) => command);
  expect(commands.length).toBeGreaterThan(1);
  const [, url = ""] = /^address +(\S+)$/m.exec(served.stdout) ?? [];
  for (const command of commands.filter((each) => !each.startsWith("curl") || Bun.which("curl") !== null)) {
    const { code, stdout } = await type(command.replace("http://127.0.0.1:8080", url));
    expect([command, code, stdout]).toEqual([command, 0, expect.stringContaining("Ada")]);
  }
});

test("what was just run can be looked at", async () => {
  const { stdout } = await type("runner runs");
  const [, id = ""] = stdout.match(/^([\da-f-]{36})/m) ?? [];
  expect((await type(`runner runs ${id}`)).stdout).toContain("succeeded");
  expect((await type(`runner logs ${id}`)).stdout).toContain("greeted ");
});

test("a change of the script is in force at once", async () => {
  const file = join(dir, "pipelines/hello.ts");
  await Bun.write(file, (await Bun.file(file).text()).replace("greeted ${name}", "welcomed ${name}"));
  const deadline = performance.now() + 10_000;
  for (;;) {
    const { stdout } = await type("runner trigger hello");
    if (stdout.includes("welcomed world")) return;
    if (performance.now() > deadline) throw new Error(`the change is not in force: ${stdout}`);
  }
});

test("runner webhook tells the address and how to close it", async () => {
  const { code, stdout } = await type("runner webhook hello");
  expect(code).toBe(0);
  expect(stdout).toContain("/api/webhooks/hello");
  expect(stdout).toContain('`webhook: { secret: "env:NAME" }` in its config closes it');
});

test("a second init changes nothing, and Ctrl-C ends the server", async () => {
  expect((await type("runner init")).stdout.match(/^written/gm)).toBeNull();
  server?.kill("SIGINT");
  expect(await server?.exited).toBe(0);
  expect(served.stderr).toEndWith("stopped\n");
  const { code, stderr } = await type("runner trigger hello");
  expect(code).toBe(75);
  expect(stderr).toContain("hint: start one with `runner serve`");
});
