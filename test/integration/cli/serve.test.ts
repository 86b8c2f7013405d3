// `runner serve` as a process: what it prints, how others find it, and how it stops.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fakeMain, makeHome, runCli, spawnCli, type SpawnedCli } from "./spawn-cli.ts";

let home: Awaited<ReturnType<typeof makeHome>>;
let started: SpawnedCli[];

beforeEach(async () => {
  home = await makeHome();
  started = [];
});

afterEach(async () => {
  for (const cli of started) cli.kill("SIGKILL");
  await Promise.all(started.map(({ exited }) => exited));
  await home.remove();
});

const stateDir = (): string => join(home.dir, ".local/state/runner");

async function serve(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<SpawnedCli> {
  const cli = spawnCli(["serve", "--port", "0", ...args], { cwd: home.dir, main: fakeMain, env });
  started.push(cli);
  await cli.waitFor("curl -X POST");
  return cli;
}

test("serve prints the address, where the token is, the pipelines and two commands to try", async () => {
  const { stdout } = await serve();
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(stdout())?.[0];
  expect(stdout()).toContain(`address    ${url}\n`);
  expect(stdout()).toContain("token      data/runner.token\n");
  expect(stdout()).toContain("pipelines  broken (broken), signed, deploy\n");
  expect(stdout()).toContain("dist/runner trigger deploy\n");
  expect(stdout()).toContain(`curl -X POST ${url}/api/webhooks/deploy\n`);
});

test("serve names itself runner in what to try where that is what runner means on PATH", async () => {
  const bin = join(home.dir, "bin");
  await mkdir(bin);
  await symlink(process.execPath, join(bin, "runner"));
  const { stdout } = await serve([], { PATH: `${bin}:/usr/bin:/bin` });
  expect(stdout()).toContain("        runner trigger deploy\n");
});

test.each([
  ["0.0.0.0", " (all interfaces: others on the network reach it too)"],
  ["::", " (all interfaces: others on the network reach it too)"],
  ["::0", " (all interfaces: others on the network reach it too)"],
  ["192.168.1.5", " (others on the network reach it too)"],
  ["nas.local", " (others on the network reach it too)"],
  ["127.0.0.2", ""],
  ["::1", ""],
  ["localhost", ""],
])("serve --host %s says who reaches it", async (host, note) => {
  const { stdout } = await serve(["--host", host]);
  expect(/^address +http:\S+:\d+(.*)$/m.exec(stdout())?.[1]).toBe(note);
});

test("the note is a file of mode 0600 in a folder of mode 0700, also where that was open before", async () => {
  await mkdir(stateDir(), { recursive: true, mode: 0o755 });
  const { pid } = await serve();
  const [name = ""] = await readdir(stateDir());
  const modes = await Promise.all(
    [stateDir(), join(stateDir(), name)].map(async (path) => (await stat(path)).mode & 0o777),
  );
  expect(modes).toEqual([0o700, 0o600]);
  const note: unknown = JSON.parse(await readFile(join(stateDir(), name), "utf8"));
  expect(note).toMatchObject({ token: "test-token", pid, dataDir: join(home.dir, "data") });
});

test("other commands find the server and its token from any folder", async () => {
  await serve();
  const elsewhere = join(home.dir, "else/where");
  await mkdir(elsewhere, { recursive: true });
  const { code, stdout } = await runCli(["runs", "--json"], { cwd: elsewhere, env: { HOME: home.dir } });
  expect([code, stdout]).toEqual([0, '{"runs":[],"next_cursor":null}\n']);
});

test("of several servers the one of the current folder is meant, and elsewhere one must be named", async () => {
  const [one, two] = [join(home.dir, "one"), join(home.dir, "two")];
  await Promise.all(
    [one, two, join(one, "pipelines/deep"), join(home.dir, "three")].map((dir) => mkdir(dir, { recursive: true })),
  );
  for (const dir of [one, two]) {
    const cli = spawnCli(["serve", "--port", "0"], { cwd: dir, main: fakeMain, env: { HOME: home.dir } });
    started.push(cli);
    await cli.waitFor("curl -X POST");
  }
  const run = (cwd: string): ReturnType<typeof runCli> => runCli(["runs", "--json"], { cwd, env: { HOME: home.dir } });
  expect((await run(join(one, "pipelines/deep"))).code).toBe(0);
  expect((await run(two)).code).toBe(0);
  const { code, stderr } = await run(join(home.dir, "three"));
  expect(code).toBe(75);
  expect(stderr).toContain("2 servers are running, which one is meant? (SERVER_NOT_FOUND)");
  expect(stderr).toContain(join(one, "data"));
  expect(stderr).toContain(join(two, "data"));
});

test("SIGTERM stops the server in order and takes its note away", async () => {
  const cli = await serve();
  cli.kill("SIGTERM");
  expect(await cli.finish()).toBe(0);
  expect(cli.stderr()).toEndWith("SIGTERM: stopping; a second signal ends at once\nstopped\n");
  expect(await readdir(stateDir())).toEqual([]);
});

test("on a terminal the message after Ctrl-C begins a line of its own", async () => {
  const cli = spawnCli(["serve", "--port", "0"], { cwd: home.dir, main: fakeMain, onTerminal: true });
  started.push(cli);
  await cli.waitFor("api/webhooks/deploy\r\n");
  cli.kill("SIGINT");
  expect(await cli.finish()).toBe(0);
  expect(cli.stdout()).toContain("\r\n\r\nSIGINT: stopping");
});

test("a second signal ends a server that is still stopping", async () => {
  const cli = await serve([], { FAKE_STOP_MS: "10000" });
  cli.kill("SIGINT");
  await cli.waitFor("SIGINT: stopping");
  cli.kill("SIGTERM");
  expect(await cli.finish()).toBe(143);
});

test("the note of a killed server is ignored and removed", async () => {
  const cli = await serve();
  cli.kill("SIGKILL");
  await cli.finish();
  expect(await readdir(stateDir())).toHaveLength(1);
  const { code } = await runCli(["runs"], { cwd: home.dir });
  expect(code).toBe(75);
  expect(await readdir(stateDir())).toEqual([]);
});

test("serve runs on where it cannot note its address, and says so", async () => {
  const file = join(home.dir, "file");
  await writeFile(file, "");
  const cli = await serve([], { XDG_STATE_HOME: file });
  expect(cli.stderr()).toContain("so other commands need --server");
});

test("serve refuses a bad configuration with every problem and exit code 78", async () => {
  await writeFile(join(home.dir, "runner.toml"), 'port = "many"\nwebhok_timeout = "5s"\n');
  const env = { RUNNER_LOG_FORMAT: "xml" };
  const { code, stdout, stderr } = await runCli(["serve", "--max-concurrent-runs", "0"], { cwd: home.dir, env });
  expect([code, stdout]).toEqual([78, ""]);
  expect(stderr).toContain("the configuration has 4 problems (CONFIG_INVALID)");
  expect(stderr).toContain('runner.toml:1: "many" is not a whole number from 0 to 65535');
  expect(stderr).toContain('runner.toml:2: unknown key "webhok_timeout" (did you mean "webhook_timeout"?)');
  expect(stderr).toContain('RUNNER_LOG_FORMAT: "xml" is not one of pretty, json');
  expect(stderr).toContain('--max-concurrent-runs: "0" is not a whole number from 1 to 10000');
});
