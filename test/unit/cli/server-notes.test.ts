import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findServer, type ServerAddress } from "../../../src/cli/find-server.ts";
import {
  findProcessStart,
  findStateDir,
  readServerNotes,
  removeServerNote,
  writeServerNote,
} from "../../../src/cli/server-notes.ts";

let state: string;
let dir: string;

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "runner-notes-"));
  dir = findStateDir({ XDG_STATE_HOME: state });
});

afterEach(() => rm(state, { recursive: true, force: true }));

const note = (name: string) => ({
  url: `http://127.0.0.1/${name}`,
  token: `token of ${name}`,
  dataDir: `/srv/${name}/data`,
  pipelines: `/srv/${name}/pipelines`,
});

const find = (cwd: string, server?: string, env: Readonly<Record<string, string>> = {}): Promise<ServerAddress> =>
  findServer({ server, cwd, environment: { XDG_STATE_HOME: state, ...env } });

test("a relative XDG_STATE_HOME is ignored", () => {
  expect(findStateDir({ XDG_STATE_HOME: "relative", HOME: "/home/me" })).toBe("/home/me/.local/state/runner");
  expect(findStateDir({ XDG_STATE_HOME: "/state", HOME: "/home/me" })).toBe("/state/runner");
});

test("a note is read back while its process lives, and removed by it", async () => {
  await writeServerNote(dir, note("a"));
  await writeServerNote(dir, note("a"));
  const pidStart = (await findProcessStart(process.pid)) ?? "";
  expect(await readServerNotes(dir)).toEqual([{ ...note("a"), pid: process.pid, pidStart }]);
  await removeServerNote(dir, "/srv/a/data");
  expect(await readdir(dir)).toEqual([]);
});

test("a note of a later process with the same number is stale, ignored and removed", async () => {
  await mkdir(dir);
  await writeFile(join(dir, "x.json"), JSON.stringify({ ...note("a"), pid: process.pid, pidStart: "1" }));
  expect(await readServerNotes(dir)).toEqual([]);
  expect(await readdir(dir)).toEqual([]);
});

test("a zombie is dead", async () => {
  const shell = Bun.spawn(["sh", "-c", "sleep 0 & echo $!; exec sleep 5"], { stdout: "pipe" });
  const { value } = await shell.stdout.getReader().read();
  const pid = Number(new TextDecoder().decode(value));
  while (await findProcessStart(pid)) await Bun.sleep(10);
  expect(await Bun.file(`/proc/${pid}/stat`).text()).toContain(") Z ");
  shell.kill();
  await shell.exited;
});

test("another server's note for the same data folder is not removed", async () => {
  const other = Bun.spawn(["sleep", "30"]);
  const pidStart = await findProcessStart(other.pid);
  await writeServerNote(dir, note("a"));
  const [name = ""] = await readdir(dir);
  await writeFile(join(dir, name), JSON.stringify({ ...note("a"), pid: other.pid, pidStart }));
  await removeServerNote(dir, "/srv/a/data");
  expect(await readServerNotes(dir)).toHaveLength(1);
  other.kill();
  await other.exited;
});

test("files that are no notes are left alone", async () => {
  await mkdir(dir);
  await writeFile(join(dir, "x.json"), "{ half");
  await writeFile(join(dir, "y.json"), '{"pid":"text"}');
  expect(await readServerNotes(dir)).toEqual([]);
  expect((await readdir(dir)).sort()).toEqual(["x.json", "y.json"]);
});

test("the server whose folders hold the current folder, or are in it, is preferred", async () => {
  await writeServerNote(dir, note("a"));
  await writeServerNote(dir, note("b"));
  for (const cwd of ["/srv/b", "/srv/b/data", "/srv/b/pipelines/home"]) {
    expect(await find(cwd)).toEqual({ url: note("b").url, token: note("b").token, tokenFrom: "note" });
  }
  expect(find("/srv")).rejects.toThrow("2 servers are running");
  expect(find("/srv/bb")).rejects.toThrow("2 servers are running");
});

test("in a folder that had a server of its own no other one is meant", async () => {
  await writeServerNote(dir, note("a"));
  const cwd = join(state, "here");
  await mkdir(join(cwd, "data"), { recursive: true });
  expect(await find(cwd)).toMatchObject({ url: note("a").url });
  await writeFile(join(cwd, "data/runner.token"), "token");
  expect(find(cwd)).rejects.toThrow(`the server of this folder (${join(cwd, "data")}) is not running`);
});

test("a named server gets the token of its own note and of no other", async () => {
  await writeServerNote(dir, { ...note("a"), url: "http://127.0.0.1:8080" });
  expect(await find("/", "localhost:8080/")).toMatchObject({ url: "http://localhost:8080", tokenFrom: "note" });
  expect(await find("/", "http://127.0.0.1:8081")).toMatchObject({ token: null, tokenFrom: "nowhere" });
  expect(await find("/", "https://example.org/runner/")).toEqual({
    url: "https://example.org/runner",
    token: null,
    tokenFrom: "nowhere",
  });
});

test("--server beats RUNNER_SERVER, and RUNNER_TOKEN beats the note", async () => {
  await writeServerNote(dir, note("a"));
  const env = { RUNNER_SERVER: "http://one", RUNNER_TOKEN: "mine" };
  expect(await find("/", undefined, env)).toEqual({ url: "http://one", token: "mine", tokenFrom: "RUNNER_TOKEN" });
  expect(await find("/", "http://two", env)).toMatchObject({ url: "http://two" });
  expect(await find("/", undefined, { RUNNER_TOKEN: "mine" })).toMatchObject({ url: note("a").url, token: "mine" });
});

test.each(["ftp://x", "http://", "http://user@x", "http://x?y=1", "a b"])(
  "%j is not the address of a server",
  (text) => {
    expect(find("/", text)).rejects.toThrow(`--server: ${JSON.stringify(text)} is not the address of a server`);
  },
);
