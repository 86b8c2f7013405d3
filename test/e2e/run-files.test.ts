// Volumes and artifacts with the compiled binary: from a script to a downloaded file, and over a crash of the server.

import { afterEach, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { runBinary } from "../fixtures/harness/run-binary.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";

const build = `export const pipeline = async () => {
  const volume = await volumes.create();
  const env = { OUT: volume.path };
  await runtime.run({ name: "build", command: "echo built > $OUT/app; echo ok > $OUT/log", env });
  await artifacts.save("app", { volume, path: "app" });
  await artifacts.save("page.html", "<script>alert(1)</script>");
  return await volume.readFiles("log");
};`;
const stuck = `export const pipeline = async () => {
  const volume = await volumes.create();
  await artifacts.save("early", "kept");
  await runtime.run({ name: "wait", command: "mkdir -p $V/a; chmod 000 $V/a; sleep 60", env: { V: volume.path } });
};`;
const large = `export const pipeline = () => artifacts.save("large", { path: pipelineContext.args[0] ?? "" });`;

let server: BinaryServer | undefined;
afterEach(async () => {
  await server?.remove();
  server = undefined;
});

test("what a script saves is listed and downloaded, by the command and over HTTP", async () => {
  server = await BinaryServer.start({ pipelines: { "build.ts": build } });
  const run = await server.run("build");
  expect(run.result).toEqual({ log: "ok\n" });
  expect(run.artifacts.map(({ name, bytes }) => [name, bytes])).toEqual([
    ["app", 6],
    ["page.html", 25],
  ]);
  const list = await runBinary(server.workspace, ["artifacts", run.id]);
  expect(list.stdout).toMatch(/^app +6 B +\S/m);
  const got = await runBinary(server.workspace, ["artifacts", run.id, "app"]);
  expect([got.code, readFileSync(server.workspace.path("app"), "utf8")]).toEqual([0, "built\n"]);
  const piped = await runBinary(server.workspace, ["artifacts", run.id, "app", "-o", "-"]);
  expect(piped.stdout).toBe("built\n");
  const page = await server.request("GET", `/api/runs/${run.id}/artifacts/page.html`);
  expect(page.headers.get("content-type")).toBe("application/octet-stream");
  expect(await page.text()).toBe("<script>alert(1)</script>");
  const volumes = join(server.workspace.dataDir, "volumes");
  await eventually("end of the volumes", () => readdirSync(volumes).length === 0);
});

test("runner run keeps artifacts beside a database that it is told to keep", async () => {
  const workspace = new Workspace({ "build.ts": build });
  try {
    const database = workspace.path("kept.db");
    const { code, stdout } = await runBinary(workspace, ["run", "build", "--database", database, "--json"]);
    const { id } = JSON.parse(stdout) as { id: string };
    const folder = join(`${database}-files/artifacts`, id);
    const contents = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
    expect([code, contents.includes("built\n")]).toEqual([0, true]);
  } finally {
    await workspace.remove();
  }
});

test("over a crash a run keeps its volumes, and its artifacts stay when it has ended", async () => {
  server = await BinaryServer.start({ pipelines: { "stuck.ts": stuck } });
  const { workspace } = server;
  const id = await server.trigger("stuck");
  const folder = join(workspace.dataDir, "volumes", id);
  await eventually("volume in use", () => existsSync(join(folder, "volume-1/a")));
  const ended = Bun.randomUUIDv7();
  writeFileSync(join(workspace.dataDir, "artifacts/incoming", `${ended}.9`), "half");
  await server.kill();
  server = await BinaryServer.start({ workspace });
  await eventually(
    "end of what was half saved",
    () => readdirSync(join(workspace.dataDir, "artifacts/incoming")).length === 0,
  );
  expect(existsSync(join(folder, "volume-1/a"))).toBe(true);
  await server.request("POST", `/api/runs/${id}/cancel`);
  expect((await server.waitForEnd(id)).status).toBe("cancelled");
  await eventually("end of the volumes", () => !existsSync(folder), 30_000);
  expect(await (await server.request("GET", `/api/runs/${id}/artifacts/early`)).text()).toBe("kept");
});

test("--max-artifact-size bounds what is kept", async () => {
  server = await BinaryServer.start({ pipelines: { "large.ts": large }, args: ["--max-artifact-size=1MiB"] });
  writeFileSync(server.workspace.path("fits"), "x".repeat(1024 * 1024));
  writeFileSync(server.workspace.path("large"), "x".repeat(1024 * 1024 + 1));
  const { workspace } = server;
  const save = async (file: string): ReturnType<typeof runBinary> =>
    await runBinary(workspace, ["trigger", "large", "--arg", workspace.path(file)]);
  expect((await save("fits")).code).toBe(0);
  const refused = await save("large");
  expect([refused.code, refused.stderr + refused.stdout]).toEqual([1, expect.stringContaining("over 1 MiB")]);
});
