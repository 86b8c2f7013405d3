// Container steps of the compiled binary on the engine of this machine, and that nothing of them is left behind.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { runBinary } from "../fixtures/harness/run-binary.ts";
import { findSandboxProcesses } from "../fixtures/harness/sandbox-processes.ts";
import { answers, prepareImages } from "../fixtures/images/images.ts";

const pipelines = {
  "options.ts": `export const pipeline = async () => {
    const pieces = [];
    const result = await runtime.run({
      name: "all of them",
      image: "busybox",
      command: { path: "sh", args: ["-c", "id -un; pwd; cat; echo \\"$SECRET\\" >&2; echo $RUNNER_PIPELINE"], user: "nobody" },
      env: { SECRET: "two\\nlines", NUMBER: 1, NONE: undefined },
      stdin: "from stdin\\n",
      work_dir: "/tmp",
      container_limits: { cpu: 1024, memory: 64 * 1024 * 1024 },
      privileged: false,
      storage_key: "ignored",
      timeout: "1m",
      onOutput: (stream, text) => pieces.push([stream, text]),
    });
    return { ...result, streams: [...new Set(pieces.map(([stream]) => stream))].sort() };
  };`,
  "large.ts": `export const pipeline = async () => {
    const stdin = "0123456789abcdef".repeat(60_000);
    const { stdout } = await runtime.run({ image: "busybox", command: "wc -c", stdin });
    return Number(stdout);
  };`,
  "shared.ts": `export const pipeline = async () => {
    const volume = await volumes.create({ name: "shared" });
    await runtime.run({ command: "echo from a process > shared/file", mounts: { shared: volume } });
    const { stdout } = await runtime.run({
      image: "busybox",
      command: "cat shared/file; echo from a container >> shared/file",
      mounts: { shared: volume },
    });
    const after = await runtime.run({ command: "cat file", mounts: { src: volume }, work_dir: volume.path });
    return [stdout, after.stdout];
  };`,
  "sandbox.ts": `const pipeline = async () => {
    const sandbox = await runtime.startSandbox({ name: "demo-sandbox", image: "busybox" });
    try {
      let result = await sandbox.exec({ command: { path: "sh", args: ["-c", "echo hello > /tmp/msg.txt"] } });
      assert.equal(result.code, 0);
      result = await sandbox.exec({ command: { path: "cat", args: ["/tmp/msg.txt"] } });
      assert.containsString(result.stdout, "hello");
      result = await sandbox.exec({
        command: { path: "sh", args: ["-c", "echo $GREET && pwd"] }, env: { GREET: "hey" }, work_dir: "/tmp",
      });
      assert.equal(result.stdout, "hey\\n/tmp\\n");
      result = await sandbox.exec({ command: { path: "sh", args: ["-c", "exit 2"] } });
      assert.equal(result.code, 2);
    } finally {
      await sandbox.close();
      await sandbox.close();
    }
    const late = await sandbox.exec({ command: "true" }).catch((error) => [error.code, error.message]);
    return [sandbox.id, late];
  };
  export { pipeline };`,
  "left-open.ts": `export const pipeline = async () => {
    const sandbox = await runtime.startSandbox({ image: "busybox" });
    await sandbox.exec({ command: "true" });
    throw new Error("without closing it");
  };`,
  "replayed.ts": `export const pipeline = async () => {
    const sandbox = await runtime.startSandbox({ name: "box", image: "busybox" });
    await sandbox.exec({ name: "begin", command: "echo once >> /tmp/file; echo begun; sleep 2" });
    return (await sandbox.exec({ command: "cat /tmp/file" })).stdout;
  };`,
  "retried.ts": `export const pipeline = async () => {
    const kept = await volumes.create({ name: "kept" });
    const retry = { attempts: 4, initial: "50ms", jitter: 0 };
    const command = "echo x >> kept/tries; n=$(wc -l < kept/tries); echo try $n; exit $((3 - n))";
    const own = await runtime.run({ name: "own", image: "busybox", command, mounts: { kept }, retry });
    const absent = { image: "runner-test/none", pull: "never", retry: { ...retry, attempts: 2, on: ["IMAGE_UNAVAILABLE"] } };
    const opened = await runtime.startSandbox({ name: "absent", ...absent }).catch((error) => error.code);
    const sandbox = await runtime.startSandbox({ name: "box", image: "busybox", retry });
    const inside = await sandbox.exec({
      name: "inside", command: "echo x >> /tmp/tries; n=$(wc -l < /tmp/tries); echo try $n; exit $((2 - n))", retry,
    });
    return [own.code, own.stdout, opened, inside.code, inside.stdout];
  };`,
  "endless.ts": `export const pipeline = async () => {
    await runtime.run({ name: "endless", image: "busybox", command: "echo up; sleep 600" });
  };`,
  "refused.ts": `export const pipeline = async () => {
    const attempts = {
      command: { image: "busybox", command: { path: "no-such-command" } },
      image: { image: "127.0.0.1:9/none:1", command: "true" },
      never: { image: "runner-test/none", command: "true", pull: "never" },
      memory: { image: "busybox", command: "true", containerLimits: { memory: "much" } },
      policy: { image: "busybox", command: "true", pull: "sometimes" },
      user: { command: { path: "true", user: "nobody" } },
      privileged: { command: "true", privileged: true },
      mount: { image: "busybox", command: "true", mounts: { src: "relative" } },
      limit: { image: "busybox", command: "true", containerLimits: { disk: 1 } },
    };
    const refused = {};
    for (const [name, options] of Object.entries(attempts)) {
      refused[name] = await runtime.run(options).then(() => "not refused", (error) => \`\${error.code ?? error.name}: \${error.message}\`);
    }
    return refused;
  };`,
};

describe.skipIf(!answers("docker"))("container steps", () => {
  let server: BinaryServer;
  beforeAll(async () => {
    await prepareImages();
    server = await BinaryServer.start({ pipelines });
  });
  afterAll(async () => await server.remove());

  const nothingLeft = (): Promise<unknown> =>
    eventually("end of all containers", () => server.workspace.findContainers().length === 0);

  async function result(pipeline: string): Promise<unknown> {
    const run = await server.run(pipeline);
    expect([run.status, run.error]).toEqual(["succeeded", null]);
    await nothingLeft();
    return run.result;
  }

  test("take every option, and their output is streamed, kept and returned", async () => {
    expect(await result("options")).toEqual({
      code: 0,
      stdout: "nobody\n/tmp\nfrom stdin\noptions\n",
      stderr: "two\nlines\n",
      status: "complete",
      streams: ["stderr", "stdout"],
    });
    const [run] = await server.listRuns("pipeline=options");
    expect(run?.steps).toMatchObject([{ name: "all of them", kind: "container", status: "succeeded", code: 0 }]);
    expect(await server.logText(run?.id ?? "")).toContain("from stdin\n");
  });

  test("are given a long stdin", async () => {
    expect(await result("large")).toBe(960_000);
  });

  test("share files with processes", async () => {
    expect(await result("shared")).toEqual(["from a process\n", "from a process\nfrom a container\n"]);
  });

  test("run one after the other in one container, each a step, until it is closed", async () => {
    const [id, late] = (await result("sandbox")) as [string, [string, string]];
    const [run] = await server.listRuns("pipeline=sandbox");
    expect(id).toBe(`runner-${run?.id}-1`);
    expect(late).toEqual(["STEP_NOT_STARTED", `step "true": the sandbox ${id} is closed`]);
    const steps = run?.steps.map(({ name, kind, status }) => `${name} ${kind} ${status}`);
    expect(steps).toEqual([
      "demo-sandbox container succeeded",
      "sh container succeeded",
      "cat container succeeded",
      "sh container succeeded",
      "sh container failed",
      "true container failed",
    ]);
  });

  test("that fail are tried again in a new container, and in the one that is kept open", async () => {
    expect(await result("retried")).toEqual([0, "try 3\n", "IMAGE_UNAVAILABLE", 0, "try 2\n"]);
    const [run] = await server.listRuns("pipeline=retried");
    const steps = run?.steps.map(({ name, status, attempts }) => `${name} ${status} ${attempts}`);
    expect(steps).toEqual(["own succeeded 3", "absent failed 2", "box succeeded 1", "inside succeeded 2"]);
  });

  test("in a container that was never closed end with the run", async () => {
    expect(await server.run("left-open")).toMatchObject({ status: "failed", error: { message: "without closing it" } });
    await nothingLeft();
  });

  test("in a container that is kept open go on where the process of the script was killed", async () => {
    const id = await server.trigger("replayed");
    await eventually("output", async () => (await server.logText(id)).includes("begun"));
    for (const pid of findSandboxProcesses(server.pid)) process.kill(pid, "SIGKILL");
    expect(await server.waitForEnd(id)).toMatchObject({ status: "succeeded", result: "once\n" });
    await nothingLeft();
  });

  test("that cannot be started say why", async () => {
    const refused = (await result("refused")) as Record<string, string>;
    expect(refused).toEqual({
      command: expect.stringMatching(
        /^STEP_NOT_STARTED: step "no-such-command": .*no-such-command.* busybox: .*not found/,
      ),
      image: expect.stringMatching(
        /^IMAGE_UNAVAILABLE: .*127\.0\.0\.1:9\/none:1 could not be pulled by docker: .*refused/,
      ),
      never: expect.stringMatching(/^IMAGE_UNAVAILABLE: .*runner-test\/none.*never/),
      memory: expect.stringMatching(/^VALIDATION_FAILED: step "true": "much" is not a size/),
      policy: expect.stringMatching(/^TypeError: .*"always", "missing" or "never", not "sometimes"/),
      user: expect.stringMatching(/^TypeError: .*user .*container/),
      privileged: expect.stringMatching(/^TypeError: .*privileged .*container/),
      mount: expect.stringMatching(/^TypeError: .*mounts\["src"\]/),
      limit: expect.stringMatching(/^TypeError: .*"disk"/),
    });
    const [run] = await server.listRuns("pipeline=refused");
    const notes = (await server.logLines(run?.id ?? "")).filter(({ source }) => source === "system");
    expect(notes.map(({ text }) => text)).toEqual(['step "true": pulling the image 127.0.0.1:9/none:1']);
  });

  test("are gone when `runner run` has ended", async () => {
    const { code, stdout } = await runBinary(server.workspace, [
      "run",
      "options",
      `--data-dir=${server.workspace.path("once")}`,
    ]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("from stdin")]);
    const left = Bun.spawnSync([
      "docker",
      "ps",
      "--all",
      "--filter=label=runner.pipeline=options",
      "--format={{.Names}}",
    ]);
    expect(left.stdout.toString()).toBe("");
  });

  test("end with a cancelled run", async () => {
    const id = await server.trigger("endless");
    await eventually("output", async () => (await server.logText(id)).includes("up"));
    await server.request("POST", `/api/runs/${id}/cancel`);
    expect(await server.waitForEnd(id)).toMatchObject({
      status: "cancelled",
      steps: [{ name: "endless", status: "cancelled" }],
    });
    await nothingLeft();
  });

  test("of a server that was killed go on in its next life, and end with their run", async () => {
    const id = await server.trigger("endless");
    await eventually("output", async () => (await server.logText(id)).includes("up"));
    await server.kill();
    expect(server.workspace.findContainers("status=running")).toEqual([`runner-${id}-1`]);
    server = await BinaryServer.start({ workspace: server.workspace });
    await server.waitForRun(id, ({ status }) => status === "running");
    expect(server.workspace.findContainers("status=running")).toEqual([`runner-${id}-1`]);
    await server.request("POST", `/api/runs/${id}/cancel`);
    expect(await server.waitForEnd(id)).toMatchObject({ status: "cancelled", steps: [{ attempts: 1 }] });
    await eventually("end of all containers", () => server.workspace.findContainers().length === 0, 18_000);
    expect(await result("large")).toBe(960_000);
  });
});
