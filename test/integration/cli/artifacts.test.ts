// `artifacts` as a process, against a server of the test.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fakeRun, runId } from "./fake-server.ts";
import { makeHome, runCli, spawnCli, type CliResult, type SpawnOptions } from "./spawn-cli.ts";

let home: Awaited<ReturnType<typeof makeHome>>;
let server: ReturnType<typeof Bun.serve>;
let options: SpawnOptions;
let files: Map<string, () => Response>;

const noSuch = { status: 404, code: "ARTIFACT_NOT_FOUND", title: "", detail: "there is none", hint: "it has a.txt" };

beforeEach(async () => {
  home = await makeHome();
  files = new Map();
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const [, , , , verb, name = ""] = new URL(request.url).pathname.split("/");
      if (verb === "artifacts") {
        return files.get(decodeURIComponent(name))?.() ?? Response.json(noSuch, { status: 404 });
      }
      const created_at = new Date(Date.now() - 3 * 86_400_000).toISOString();
      const artifacts = [...files.keys()].map((each) => ({ name: each, bytes: 1536, created_at }));
      return Response.json(fakeRun({ artifacts }));
    },
  });
  options = { cwd: home.dir, env: { RUNNER_SERVER: `http://127.0.0.1:${server.port}`, RUNNER_TOKEN: "token" } };
});
afterEach(async () => {
  await server.stop(true);
  await home.remove();
});

const run = (...args: readonly string[]): Promise<CliResult> => runCli(["artifacts", runId, ...args], options);
const keep = (name: string, content: string | Uint8Array = name): void => {
  files.set(name, () => new Response(content as string));
};
const read = (name: string): string => readFileSync(join(home.dir, name), "utf8");
const visible = (): readonly string[] => readdirSync(home.dir).filter((name) => name !== ".bun");

test("lists them with size and age, without control characters", async () => {
  keep("a.txt");
  keep("b\u001B[2J\nc");
  const { stdout, code } = await run();
  expect(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split(/ {2,}/)),
  ).toEqual([
    ["NAME", "SIZE", "AGE"],
    ["a.txt", "1.5 KiB", "3 d"],
    ["b\uFFFD[2J c", "1.5 KiB", "3 d"],
  ]);
  expect(code).toBe(0);
});

test("lists them as JSON, and says where there are none", async () => {
  expect(await run()).toEqual({ code: 0, stdout: "", stderr: "no artifacts\n" });
  keep("a");
  expect(JSON.parse((await run("--json")).stdout)).toMatchObject({ artifacts: [{ name: "a", bytes: 1536 }] });
});

test("saves one under its name in the current folder and says so", async () => {
  keep("ü b.txt", "content");
  expect(await run("ü b.txt")).toEqual({ code: 0, stdout: "", stderr: "ü b.txt (7 B)\n" });
  expect(read("ü b.txt")).toBe("content");
});

test("saves every byte of a large one", async () => {
  const content = new Uint8Array(9_000_001).map((_, index) => index % 251);
  keep("large", content);
  await run("large");
  expect(readFileSync(join(home.dir, "large")).equals(content)).toBe(true);
});

test("does not replace a file without --force, and leaves it whole", async () => {
  keep("a", "new");
  writeFileSync(join(home.dir, "a"), "old");
  const { code, stderr } = await run("a");
  expect([code, read("a")]).toEqual([2, "old"]);
  expect(stderr).toContain("a is there already");
  expect(stderr).toContain("--force");
  expect((await run("a", "--force")).code).toBe(0);
  expect(read("a")).toBe("new");
  expect(visible()).toEqual(["a"]);
});

test("saves where -o says, and prints with -o -", async () => {
  keep("a", "content");
  await run("a", "-o", "other.txt");
  expect(read("other.txt")).toBe("content");
  keep("bytes", new Uint8Array([0, 255, 27, 10]));
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dir, "../../../src/main.ts"), "artifacts", runId, "bytes", "-o", "-"],
    {
      cwd: home.dir,
      env: { ...options.env, HOME: home.dir, PATH: process.env["PATH"] ?? "" },
      stdout: "pipe",
    },
  );
  expect([...(await new Response(child.stdout).bytes())]).toEqual([0, 255, 27, 10]);
  expect(visible()).toEqual(["other.txt"]);
});

test("writes no control characters onto a terminal", async () => {
  keep("a", "one\u001B]0;title\u0007two\n");
  const cli = spawnCli(["artifacts", runId, "a", "-o", "-"], { ...options, onTerminal: true });
  await cli.finish();
  expect(cli.stdout()).toContain("two");
  expect(cli.stdout()).not.toContain("\u001B]0;");
});

test("leaves nothing where there is no such artifact, and passes the hint on", async () => {
  const { code, stderr } = await run("none");
  expect([code, visible()]).toEqual([66, []]);
  expect(stderr).toContain("it has a.txt");
});

test("leaves nothing that could be taken for the whole where the connection breaks", async () => {
  const half = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (socket) => void socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf") },
  });
  options = { ...options, env: { ...options.env, RUNNER_SERVER: `http://127.0.0.1:${half.port}` } };
  writeFileSync(join(home.dir, "kept"), "old");
  const [plain, forced] = [await run("a"), await run("a", "--force", "-o", "kept")];
  half.stop();
  expect([plain.code, forced.code]).toEqual([75, 75]);
  expect([visible(), read("kept")]).toEqual([["kept"], "old"]);
});

test("says why a file cannot be written", async () => {
  keep("a");
  mkdirSync(join(home.dir, "folder"));
  const { code, stderr } = await run("a", "-o", "no/such/file");
  expect([code, existsSync(join(home.dir, "a"))]).toEqual([2, false]);
  expect(stderr).toContain("cannot write no/such/file");
  expect((await run("a", "-o", "folder")).code).toBe(2);
  expect((await run("a", "--force", "-o", "folder")).code).toBe(2);
  expect(visible()).toEqual(["folder"]);
});
