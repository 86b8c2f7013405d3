// Commands reach a server that listens on a unix socket, or speaks HTTPS with a certificate that nobody signed.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeCertificate } from "../../fixtures/certificates/make-certificate.ts";
import { makeHome, runCli, spawnCli, type SpawnedCli } from "./spawn-cli.ts";

let home: Awaited<ReturnType<typeof makeHome>>;
let server: SpawnedCli | undefined;

beforeEach(async () => {
  home = await makeHome();
  await mkdir(join(home.dir, "pipelines"));
  await writeFile(join(home.dir, "pipelines/hello.ts"), "export const pipeline = () => 'done';");
});
afterEach(async () => {
  server?.kill("SIGTERM");
  await server?.finish();
  await home.remove();
});

async function serve(...args: readonly string[]): Promise<string> {
  server = spawnCli(["serve", ...args], { cwd: home.dir });
  await server.waitFor("curl ");
  return server.stdout();
}

const run = async (...args: readonly string[]): Promise<string> => {
  const { stdout, stderr } = await runCli(args, { cwd: home.dir });
  return stdout + stderr;
};

/** The command that `serve` prints to try, as it is. */
async function pasted(output: string): Promise<string> {
  return await shell(output.split("\n").find((line) => line.trim().startsWith("curl ")) ?? "");
}

/** The request that `webhook` prints, as it is. */
async function tried(...args: readonly string[]): Promise<string> {
  const output = await run("webhook", "hello", ...args);
  return await shell(output.slice(output.indexOf("# try it")));
}

async function shell(script: string): Promise<string> {
  const child = Bun.spawn(["sh", "-c", script], { cwd: home.dir, stdout: "pipe", stderr: "pipe" });
  return await child.stdout.text();
}

test("on a unix socket, found by its note or named", async () => {
  const socket = join(home.dir, "runner.sock");
  const output = await serve("--socket", socket);
  expect(output).toContain(`address    unix:${socket}\n`);
  expect(output).not.toContain("log in");
  expect(await run("trigger", "hello")).toContain('"done"');
  expect(await run("trigger", "hello", "--server", `unix:${socket}`)).toContain('"done"');
  expect(await run("runs", "--server", `unix://${socket}`)).toContain("succeeded");
  expect(await pasted(output)).toContain("run_id");
  expect(await tried("--server", `unix:${socket}`)).toContain("run_id");
  expect(await run("runs", "--server", "unix:/nowhere.sock")).toContain("SERVER_NOT_FOUND");
});

test("by HTTPS with its own certificate, which is trusted for that server alone", async () => {
  const { certFile, keyFile } = makeCertificate(home.dir, "ci.example.org");
  const output = await serve("--port", "0", "--tls-cert", certFile, "--tls-key", keyFile);
  const url = /https:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0] ?? "";
  expect(output).toContain(`address    ${url}\n`);
  expect(await run("trigger", "hello")).toContain('"done"');
  expect(await run("runs", "--server", url)).toContain("succeeded");
  expect(await pasted(output)).toContain("run_id");
  expect(await tried()).toContain("run_id");
  // Another server under another certificate gets nothing, though the note names one.
  const other = makeCertificate(home.dir, "other", "other");
  await Bun.write(certFile, Bun.file(other.certFile));
  expect(await run("runs")).toContain("SERVER_NOT_FOUND");
});

test("by its public address, which is printed where it is set", async () => {
  const output = await serve("--port", "0", "--public-url", "https://example.org/runner/");
  expect(output).toContain("public     https://example.org/runner\n");
  expect(output).toContain("log in     https://example.org/runner/login\n");
  expect(output).toContain("curl -X POST http://127.0.0.1:");
});
