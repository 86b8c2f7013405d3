// The pipelines folder under a running server: files saved, broken, mended, moved and removed.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";

const returning = (value: string): string => `export const pipeline = () => ${JSON.stringify(value)};`;
const broken = "export const pipeline = () => {\n  const = 1;\n};";

/** What is promised is 300 ms; a busy machine that runs tests is given more. */
const inForceMs = 3000;

let workspace: Workspace;
let server: BinaryServer;
beforeAll(async () => {
  workspace = new Workspace({
    "edited.ts": returning("first"),
    "breaks.ts": returning("good"),
    "never-good.ts": broken,
    "no-pipeline.ts": "export const pipelin = () => 1;",
    "_hidden.ts": returning("no"),
    "lib/shared.ts": `export const shared = () => "shared one";`,
    "uses-lib.ts": `import { shared } from "./lib/shared.ts";\nexport const pipeline = () => shared();`,
    "pinned.ts": `export const pipeline = async () => {
      await runtime.run({ name: "wait", command: "while [ ! -e $GO ]; do sleep 0.05; done", env: { GO: pipelineContext.args[0] } });
      return "old";
    };`,
  });
  server = await BinaryServer.start({ workspace });
});
afterAll(async () => {
  await server.remove();
});

interface PipelineView {
  readonly id: string;
  readonly state: string;
  readonly problems: readonly { readonly file: string; readonly line: number | null; readonly message: string }[];
}

const listPipelines = async (): Promise<readonly PipelineView[]> =>
  ((await (await server.request("GET", "/api/pipelines")).json()) as { pipelines: readonly PipelineView[] }).pipelines;
const find = async (id: string): Promise<PipelineView | undefined> =>
  (await listPipelines()).find((pipeline) => pipeline.id === id);
const inForce = async (id: string, value: string): Promise<void> => {
  await eventually(
    `${value} from ${id}`,
    async () => {
      const response = await server.request("POST", `/api/pipelines/${encodeURIComponent(id)}/trigger?wait=5s`);
      return response.ok && ((await response.json()) as { result: unknown }).result === value;
    },
    inForceMs,
  );
};

test("files that are not pipelines are none", async () => {
  expect((await listPipelines()).map(({ id }) => id)).toEqual([
    "breaks",
    "edited",
    "never-good",
    "no-pipeline",
    "pinned",
    "uses-lib",
  ]);
});

test("a saved file is in force shortly after, and the server says so with the time it took", async () => {
  workspace.save("edited.ts", returning("second"));
  await inForce("edited", "second");
  expect(server.output.stderr).toMatch(/pipeline in force.*edited.*took=/);
});

test("a new file in a new folder, a renamed one and a removed one are noticed", async () => {
  workspace.save("home/nas/backup.ts", returning("backed up"));
  await inForce("home/nas/backup", "backed up");
  renameSync(join(workspace.pipelinesDir, "home/nas"), join(workspace.pipelinesDir, "home/pi"));
  await inForce("home/pi/backup", "backed up");
  await eventually("removal", async () => (await find("home/nas/backup")) === undefined, inForceMs);
  rmSync(join(workspace.pipelinesDir, "home"), { recursive: true });
  await eventually("removal", async () => (await find("home/pi/backup")) === undefined, inForceMs);
  expect((await server.webhook("home/pi/backup")).status).toBe(404);
});

test("a change in an imported file puts its importers in force anew", async () => {
  workspace.save("lib/shared.ts", `export const shared = () => "shared two";`);
  await inForce("uses-lib", "shared two");
});

test("a broken file keeps the last good version in force and is shown with its line", async () => {
  workspace.save("breaks.ts", broken);
  const { problems } = await eventually("state broken", async () => {
    const pipeline = await find("breaks");
    return pipeline?.state === "broken" ? pipeline : null;
  });
  expect(problems[0]).toMatchObject({ file: "breaks.ts", line: 2 });
  expect((await server.run("breaks")).result).toBe("good");
  expect((await server.webhook("breaks")).status).toBe(202);
});

test("a file that never was good is answered with 409, by hand and by webhook", async () => {
  for (const id of ["never-good", "no-pipeline"]) {
    const response = await server.request("POST", `/api/pipelines/${id}/trigger`);
    const problem = (await response.json()) as { readonly code: string; readonly detail: string };
    expect([response.status, problem.code]).toEqual([409, "PIPELINE_BROKEN"]);
    expect(problem.detail).toContain(`does not load: ${id}.ts`);
    expect((await server.webhook(id)).status).toBe(409);
  }
  expect((await find("no-pipeline"))?.problems[0]?.message).toContain("pipelin");
});

test("the last good version stays in force over a restart, and the mended file replaces it", async () => {
  await server.stop();
  server = await BinaryServer.start({ workspace });
  expect((await find("breaks"))?.state).toBe("broken");
  expect((await server.run("breaks")).result).toBe("good");
  expect((await server.request("POST", "/api/pipelines/never-good/trigger")).status).toBe(409);
  workspace.save("breaks.ts", returning("mended"));
  await inForce("breaks", "mended");
  expect((await find("breaks"))?.state).toBe("ok");
  workspace.save("never-good.ts", returning("at last"));
  await inForce("never-good", "at last");
});

test("a run keeps the version it began with while its file changes, breaks and goes", async () => {
  const go = workspace.path("go");
  const started = await server.request("POST", "/api/pipelines/pinned/trigger", { args: [go] });
  const { run_id: id } = (await started.json()) as { run_id: string };
  await server.waitForRun(id, ({ steps }) => steps[0]?.status === "running");
  workspace.save("pinned.ts", returning("new"));
  await inForce("pinned", "new");
  rmSync(join(workspace.pipelinesDir, "pinned.ts"));
  await eventually("removal", async () => (await find("pinned")) === undefined, inForceMs);
  await Bun.write(go, "");
  expect((await server.waitForEnd(id)).result).toBe("old");
});

test("a flood of saves leaves the last one in force", async () => {
  for (let number = 0; number < 50; number++) workspace.save("edited.ts", returning(`save ${String(number)}`));
  await inForce("edited", "save 49");
  expect(server.isAlive).toBe(true);
});
