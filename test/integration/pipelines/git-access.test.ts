// How a git resource gets into a repository: passwords and keys reach git, and are left nowhere.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { git } from "../../../src/pipelines/concourse/runtime/resources/git.ts";
import { type Filled, SecretParts, SecretValue } from "../../../src/pipelines/concourse/var-text.ts";
import type { ResourceContext } from "../../../src/pipelines/concourse/runtime/resources/resource-type.ts";
import { openResourceBench, type ResourceBench } from "../../fixtures/resources/resource-bench.ts";

const secrets = { "secret:password": "sw:rd/f'sh", "secret:encoded": "sw%3Ard%2Ff'sh", "secret:key": "KEY OF ADA" };
let bench: ResourceBench;
let server: ReturnType<typeof serveGit>;
let head: string;

beforeEach(() => {
  bench = openResourceBench(secrets);
  bench.git(".", "init", "-q", "--bare", "origin.git");
  bench.git("origin.git", "config", "http.receivepack", "true");
  bench.git(".", "clone", "-q", "origin.git", "work");
  writeFileSync(join(bench.folder, "work/a.txt"), "a");
  bench.git("work", "add", "-A");
  bench.git("work", "commit", "-q", "-m", "first");
  bench.git("work", "push", "-q", "origin", "HEAD:main");
  head = bench.git("work", "rev-parse", "HEAD");
  server = serveGit(bench.folder, `Basic ${btoa("ada:sw:rd/f'sh")}`);
});

afterEach(async () => {
  await server.stop(true);
  bench.close();
});

/** git-http-backend(1) behind a password. */
function serveGit(folder: string, authorization: string) {
  return Bun.serve({
    port: 0,
    fetch: async (request) => {
      if (request.headers.get("authorization") !== authorization) {
        return new Response("", { status: 401, headers: { "www-authenticate": 'Basic realm="git"' } });
      }
      const { pathname, search } = new URL(request.url);
      const child = Bun.spawn(["git", "http-backend"], {
        env: {
          PATH: process.env["PATH"] ?? "",
          GIT_PROJECT_ROOT: folder,
          GIT_HTTP_EXPORT_ALL: "1",
          GIT_CONFIG_GLOBAL: "/dev/null",
          PATH_INFO: pathname,
          QUERY_STRING: search.slice(1),
          REQUEST_METHOD: request.method,
          CONTENT_TYPE: request.headers.get("content-type") ?? "",
          HTTP_CONTENT_ENCODING: request.headers.get("content-encoding") ?? "",
          GIT_PROTOCOL: request.headers.get("git-protocol") ?? "",
          REMOTE_USER: "ada",
        },
        stdin: new Blob([await request.arrayBuffer()]),
        stdout: "pipe",
      });
      const answer = Buffer.from(await new Response(child.stdout).arrayBuffer());
      const end = answer.indexOf("\r\n\r\n");
      const fields = answer.subarray(0, end).toString().split("\r\n");
      const headers = new Headers(fields.map((field) => field.split(": ", 2) as [string, string]));
      return new Response(answer.subarray(end + 4), {
        status: Number.parseInt(headers.get("status") ?? "200", 10),
        headers,
      });
    },
  });
}

function sources(): readonly ResourceContext["source"][] {
  const { port } = server;
  const uri = `http://localhost:${port}/origin.git`;
  const before = ["http://ada:", `@localhost:${port}/origin.git`] as const;
  return [
    { uri, branch: "main", username: "ada", password: new SecretValue("secret:password") },
    { uri: new SecretParts([before[0], new SecretValue("secret:encoded"), before[1]]), branch: "main" },
  ];
}

/** The texts of all files below. */
function textsBelow(folder: string): readonly string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((each) => each.isFile())
    .map((each) => readFileSync(join(each.parentPath, each.name), "latin1"));
}

test("a password opens a repository by HTTP to check, get and put, and no file keeps it", async () => {
  for (const [at, source] of sources().entries()) {
    const context = bench.context(source);
    const repo = bench.createVolume(`repo-${at}`);
    const found = await git.check(context, null);
    const newest = found[0] ?? {};
    await git.get(context, newest, {}, repo);
    expect(bench.git(`volumes/repo-${at}`, "config", "remote.origin.url")).toBe(
      `http://localhost:${server.port}/origin.git`,
    );
    bench.git(`volumes/repo-${at}`, "commit", "-q", "--allow-empty", "-m", `put ${at}`);
    const made = bench.git(`volumes/repo-${at}`, "rev-parse", "HEAD");
    expect(await git.put(context, { repository: "repo" }, { repo })).toEqual({ version: { ref: made } });
    expect(bench.git("origin.git", "rev-parse", "main")).toBe(made);
  }
  const kept = textsBelow(bench.folder).filter((text) => text.includes("sw:rd/f'sh") || text.includes("sw%3Ard"));
  expect(kept).toEqual([]);
});

test("a wrong password fails at once, without a question and without being told", async () => {
  const [source = {}] = sources();
  const checked = git.check(bench.context({ ...source, password: "not it" }), null);
  await expect(checked).rejects.toThrow("Authentication failed");
  await expect(checked).rejects.not.toThrow("not it");
  await expect(git.check(bench.context({ ...source, password: "" }), null)).rejects.toThrow(
    "terminal prompts disabled",
  );
});

test("a password is given to the host of the source alone", async () => {
  const [source = {}] = sources();
  const asked: (string | null)[] = [];
  const other = Bun.serve({
    port: 0,
    fetch: (request) => {
      asked.push(request.headers.get("authorization"));
      return new Response("", { status: 401, headers: { "www-authenticate": 'Basic realm="git"' } });
    },
  });
  const redirect = Bun.serve({
    port: 0,
    fetch: (request) => Response.redirect(request.url.replace(/:\d+\//, `:${other.port}/`), 302),
  });
  const uri = `http://localhost:${redirect.port}/origin.git`;
  await expect(git.check(bench.context({ ...source, uri }), null)).rejects.toThrow();
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.filter((each) => each !== null)).toEqual([]);
  await Promise.all([other.stop(true), redirect.stop(true)]);
});

/** Stands for ssh: notes what it is given, and runs the command of the other side here. */
function withSsh(source: Readonly<Record<string, Filled>>): ResourceContext {
  const bin = join(bench.folder, "bin");
  mkdirSync(bin);
  const ssh = `#!/bin/sh
while [ $# -gt 2 ]; do
  if [ "$1" = -i ]; then { stat -c %a "$2"; cat "$2"; } >'${join(bench.folder, "seen")}'; fi
  if [ "$1" = -G ]; then exit 1; fi
  shift
done
exec sh -c "$2"
`;
  writeFileSync(join(bin, "ssh"), ssh, { mode: 0o755 });
  const context = bench.context(source);
  const path = `${bin}:${process.env["PATH"]}`;
  return { ...context, run: (options) => context.run({ ...options, env: { ...options.env, PATH: path } }) };
}

test("a private key reaches ssh in a file that only its owner reads, and is gone after the step", async () => {
  const seen = join(bench.folder, "seen");
  const uri = `ssh://git@localhost${bench.folder}/origin.git`;
  const context = withSsh({ uri, branch: "main", private_key: new SecretValue("secret:key") });
  expect(await git.check(context, null)).toEqual([{ ref: head }]);
  expect(readFileSync(seen, "utf8")).toBe("600\nKEY OF ADA\n");
  writeFileSync(seen, "");
  expect(textsBelow(bench.folder).filter((text) => text.includes("KEY OF ADA"))).toEqual([]);
});

test("a repository from elsewhere brings no repository of this machine along, whatever form its address has", async () => {
  const origin = join(bench.folder, "origin.git");
  bench.git("work", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", origin, "stolen");
  bench.git("work", "commit", "-q", "-m", "submodule");
  bench.git("work", "push", "-q", "origin", "HEAD:main");
  const version = { ref: bench.git("work", "rev-parse", "HEAD") };
  const uri = `localhost:${origin}`;
  const get = git.get(withSsh({ uri, branch: "main" }), version, {}, bench.createVolume("repo"));
  await expect(get).rejects.toThrow("transport 'file' not allowed");
});
