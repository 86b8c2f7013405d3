// `set-pipeline` and `remove-pipeline` as processes, against a server of the test.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeHome } from "./spawn-cli.ts";

const main = join(import.meta.dir, "../../../src/main.ts");
const source = "export const pipeline = () => 1;\n";

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly authorization: string | null;
}

let home: Awaited<ReturnType<typeof makeHome>>;
let server: ReturnType<typeof Bun.serve>;
let asked: Asked[];
let answer: () => Response;
/** What the list of processes shows of the command while its request is answered. */
let commandLine: string;

const webhook = { path: "/api/webhooks/hello", url: null, provider: null, signed: true, secret_from: "upload" };
const pipeline = { id: "hello", change: "created", warnings: [] as string[], config: { webhook } };

beforeEach(async () => {
  home = await makeHome();
  asked = [];
  commandLine = "";
  answer = () => Response.json(pipeline, { status: 201 });
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const text = await request.text();
      const { pathname, search } = new URL(request.url);
      asked.push({
        method: request.method,
        path: pathname + search,
        body: text === "" ? null : JSON.parse(text),
        authorization: request.headers.get("authorization"),
      });
      if (child) commandLine = readFileSync(`/proc/${child.pid}/cmdline`, "utf8").replaceAll("\0", " ");
      return answer();
    },
  });
  writeFileSync(join(home.dir, "hello.ts"), source);
});

afterEach(async () => {
  await server.stop(true);
  await home.remove();
});

let child: { readonly pid: number } | undefined;

async function run(args: readonly string[], stdin: string | Uint8Array = "") {
  const process_ = Bun.spawn([process.execPath, main, ...args], {
    cwd: home.dir,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: home.dir,
      RUNNER_SERVER: `http://127.0.0.1:${server.port}`,
      RUNNER_TOKEN: "test-token",
    },
    stdin: new Blob([stdin as string]),
    stdout: "pipe",
    stderr: "pipe",
  });
  child = process_;
  const [stdout, stderr, code] = await Promise.all([
    new Response(process_.stdout).text(),
    new Response(process_.stderr).text(),
    process_.exited,
  ]);
  return { code, stdout, stderr };
}

const problem = (status: number, value: object): Response =>
  Response.json({ status, title: "x", hint: null, ...value }, { status });

describe("set-pipeline", () => {
  test("sends the file under its own name and prints the webhook's address", async () => {
    const { code, stdout, stderr } = await run(["set-pipeline", "hello.ts", "--webhook-secret", "my-secret-key"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(asked).toEqual([
      {
        method: "PUT",
        path: "/api/pipelines/hello",
        body: { source, extension: ".ts", webhook_secret: "my-secret-key" },
        authorization: "Bearer test-token",
      },
    ]);
    expect(stdout.split("\n")).toEqual([
      "pipeline   hello created",
      `webhook    http://127.0.0.1:${server.port}/api/webhooks/hello`,
      "signature  by the secret given with an upload",
      "",
    ]);
    expect(stdout).not.toContain("my-secret-key");
  });

  test("names the server's public address, and warns on stderr", async () => {
    const url = "https://example.org/api/webhooks/hello";
    answer = () =>
      Response.json({ ...pipeline, warnings: ["take\u001b[2Jcare"], config: { webhook: { ...webhook, url } } });
    const { stdout, stderr } = await run(["set-pipeline", "hello.ts"]);
    expect(stdout).toContain(`webhook    ${url}\n`);
    expect(stderr).toBe("warning: take\uFFFD[2Jcare\n");
  });

  test.each([
    [{ ...webhook, signed: false, secret_from: null }, "none: every request is accepted; --webhook-secret closes it"],
    [{ ...webhook, secret_from: "file" }, "by the secret in the file"],
  ])("says who may call the webhook: %#", async (config, text) => {
    answer = () => Response.json({ ...pipeline, config: { webhook: config } });
    expect((await run(["set-pipeline", "hello.ts"])).stdout).toContain(`signature  ${text}\n`);
  });

  test("prints the server's answer on one line with --json", async () => {
    expect((await run(["set-pipeline", "hello.ts", "--json"])).stdout).toBe(`${JSON.stringify(pipeline)}\n`);
  });

  test.each([
    [[], { source, extension: ".ts" }],
    [["--no-webhook-secret"], { source, extension: ".ts", webhook_secret: null }],
    [["--webhook-secret", "env:KEY"], { source, extension: ".ts", webhook_secret: "env:KEY" }],
    [["--webhook-secret=file:/run/key"], { source, extension: ".ts", webhook_secret: "file:/run/key" }],
  ])("with %j sends %j", async (flags, body) => {
    await run(["set-pipeline", "hello.ts", ...flags]);
    expect(asked[0]?.body).toEqual(body);
  });

  test("reads the secret from standard input, where no list of processes shows it", async () => {
    const { code } = await run(["set-pipeline", "hello.ts", "--webhook-secret", "-"], " hush ä\r\n");
    expect([code, asked[0]?.body]).toEqual([0, { source, extension: ".ts", webhook_secret: " hush ä" }]);
    expect(commandLine).toContain("set-pipeline");
    expect(commandLine).not.toContain("hush");
  });

  test.each([
    ["nothing", ""],
    ["an empty line", "\n"],
    ["bytes that are no text", new Uint8Array([0xff, 0xfe, 0x00])],
    ["more than a secret", "x".repeat(70_000)],
  ])("refuses %s on standard input", async (_what, stdin) => {
    const { code, stderr } = await run(["set-pipeline", "hello.ts", "--webhook-secret", "-"], stdin);
    expect([code, asked]).toEqual([2, []]);
    expect(stderr).toContain("standard input");
  });

  test("takes an empty secret, as of a variable that is not set, for a mistake", async () => {
    const { code, stderr } = await run(["set-pipeline", "hello.ts", "--webhook-secret", ""]);
    expect([code, asked]).toEqual([2, []]);
    expect(stderr).toContain("--no-webhook-secret removes it");
  });

  test("takes another name, with folders", async () => {
    mkdirSync(join(home.dir, "sub"));
    writeFileSync(join(home.dir, "sub/x.mjs"), source);
    await run(["set-pipeline", "sub/x.mjs"]);
    await run(["set-pipeline", join(home.dir, "sub/x.mjs"), "--name", "home/backup"]);
    expect(asked.map(({ path }) => path)).toEqual(["/api/pipelines/x", "/api/pipelines/home%2Fbackup"]);
    expect(asked[0]?.body).toEqual({ source, extension: ".mjs" });
  });

  test("sends nothing that cannot be a pipeline's file", async () => {
    mkdirSync(join(home.dir, "folder.ts"));
    writeFileSync(join(home.dir, "large.ts"), "x".repeat(1024 ** 2 + 1));
    writeFileSync(join(home.dir, "binary.ts"), new Uint8Array([0x7f, 0x45, 0xff, 0xfe]));
    writeFileSync(join(home.dir, "script.sh"), "");
    writeFileSync(join(home.dir, "types.d.ts"), "");
    Bun.spawnSync(["mkfifo", join(home.dir, "pipe.ts")]);
    const expected: Readonly<Record<string, readonly [number, string]>> = {
      "none.ts": [66, "does not exist"],
      "folder.ts": [65, "is not a regular file"],
      "large.ts": [65, "has 1048577 bytes; a pipeline's file has at most 1 MiB"],
      "binary.ts": [65, "is not UTF-8 text"],
      "script.sh": [65, "is not the file of a pipeline"],
      "types.d.ts": [65, "is not the file of a pipeline"],
      "pipe.ts": [65, "is not a regular file"],
    };
    for (const [file, [code, message]] of Object.entries(expected)) {
      const result = await run(["set-pipeline", file]);
      expect([file, result.code, result.stderr]).toEqual([file, code, expect.stringContaining(message)]);
    }
    expect(asked).toEqual([]);
  });

  test("shows each problem of a refused file at its place here", async () => {
    const problems = [
      { severity: "error", file: "home/x.ts", line: 3, column: 5, message: "no \u001b[2Jway", hint: null },
      { severity: "error", file: "lib/y.ts", line: 1, column: 2, message: "nor this", hint: null },
      { severity: "error", file: "home/x.ts", line: null, column: null, message: "nor that", hint: null },
    ];
    answer = () =>
      problem(400, { code: "LOAD_FAILED", detail: "home/x.ts does not load", hint: "mend it", details: { problems } });
    const { code, stdout, stderr } = await run(["set-pipeline", "./hello.ts", "--name", "home/x"]);
    expect([code, stdout]).toEqual([65, ""]);
    expect(stderr.split("\n")).toEqual([
      "error: ./hello.ts does not load and was not taken: nothing has changed on the server (LOAD_FAILED)",
      "./hello.ts:3:5 no \uFFFD[2Jway",
      "lib/y.ts:1:2 (on the server) nor this",
      "./hello.ts nor that",
      "hint: mend it",
      "",
    ]);
  });

  test("passes on what else the server says", async () => {
    answer = () =>
      problem(503, { code: "STORE_UNAVAILABLE", detail: "cannot write a.ts: no space", hint: "free some" });
    const { code, stderr } = await run(["set-pipeline", "hello.ts"]);
    expect([code, stderr]).toEqual([75, "error: cannot write a.ts: no space (STORE_UNAVAILABLE)\nhint: free some\n"]);
  });
});

describe("remove-pipeline", () => {
  test("asks for the removal and says what stays", async () => {
    answer = () => new Response(null, { status: 204 });
    const { code, stdout } = await run(["remove-pipeline", "home/backup"]);
    expect([code, stdout]).toEqual([0, "pipeline home/backup removed; its runs stay\n"]);
    expect(asked).toMatchObject([{ method: "DELETE", path: "/api/pipelines/home%2Fbackup", body: null }]);
  });

  test("exits with 66 where there is none", async () => {
    answer = () => problem(404, { code: "PIPELINE_NOT_FOUND", detail: "there is no pipeline" });
    expect((await run(["remove-pipeline", "x"])).code).toBe(66);
  });
});
