// YAML pipelines whose tasks are containers, by the compiled binary on the engine of this machine.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { givenOf } from "../conformance/concourse/given.ts";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { answers, prepareImages } from "../fixtures/images/images.ts";

const image = "image_resource: { type: registry-image, source: { repository: busybox } }";

/** Files that say themselves what must come of them. */
const folder = join(import.meta.dir, "../conformance/concourse/containers");
const files = Object.fromEntries(
  readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")] as const),
);
const pipelines = {
  ...files,
  "killed.yml": `jobs:
  - name: first
    plan:
      - task: once
        config: { platform: linux, ${image}, outputs: [{ name: out }], run: { path: sh, args: [-c, "echo x >> out/file"] } }
      - task: slow
        config: { platform: linux, ${image}, inputs: [{ name: out }], run: { path: sh, args: [-c, "echo begun; sleep 3; cat out/file; echo end"] } }
        assert: { stdout: "begun\\nx\\nend\\n" }
    ensure: { task: behind, config: { platform: linux, run: { path: "true" } } }
    assert: { execution: [once, slow, behind], status: succeeded }`,
};

describe.skipIf(!answers("docker"))("tasks with an image", () => {
  let server: BinaryServer;
  beforeAll(async () => {
    await prepareImages();
    server = await BinaryServer.start({ pipelines });
  });
  afterAll(async () => await server.remove());

  test.each(Object.keys(files).filter((name) => name !== "privileged.yml"))("%s", async (name) => {
    const run = await server.run(name.replace(".yml", ""));
    const { status = "succeeded", error = "", line } = givenOf(files[name] ?? "");
    expect([run.status, run.error?.message ?? ""]).toEqual([status, expect.stringContaining(error)]);
    expect(run.error).toEqual(status === "succeeded" ? null : expect.objectContaining({ file: name, line }));
    await eventually("end of all containers", () => server.workspace.findContainers().length === 0);
  });

  test("have all rights where they are privileged, or the engine says that it may not give them", async () => {
    const { status, error } = await server.run("privileged");
    if (status !== "succeeded") expect(error?.message).toMatch(/task privileged: .*caps.* not permitted/s);
  });

  test("go on where the server was killed, and none of them runs twice", async () => {
    const id = await server.trigger("killed");
    await eventually("output", async () => (await server.logText(id)).includes("begun"));
    await server.kill();
    server = await BinaryServer.start({ workspace: server.workspace });
    const run = await server.waitForEnd(id);
    expect([run.status, run.error]).toEqual(["succeeded", null]);
    const steps = run.steps.map(({ name, attempts }) => `${name} ${String(attempts)}`);
    expect(steps).toEqual(["first/once 1", "first/slow 1", "first/behind 1"]);
  });
});
