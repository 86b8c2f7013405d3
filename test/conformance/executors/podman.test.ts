// That podman does as docker does, on machines that have it; the gate does not install it.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ContainerPlace } from "../../../src/executors/executors.ts";
import { answers, prepareImages } from "../../fixtures/images/images.ts";
import { containerOf, openContainerRunner, type SpecPart, type StepRunner, until } from "./step-runner.ts";

const busybox = containerOf("busybox");
const dir = mkdtempSync(join(tmpdir(), "runner-podman-"));
const conf = join(dir, "containers.conf");
// Its own limits are more than a confined machine lets it set.
writeFileSync(conf, '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n');
const env = { ...Bun.env, CONTAINERS_CONF: conf };

function namesOf(runId: string): string {
  const args = ["ps", "--all", `--filter=label=runner.run=${runId}`, "--format={{.Names}}"];
  return Bun.spawnSync(["podman", ...args], { env })
    .stdout.toString()
    .trim();
}

function contract(): void {
  let runner: StepRunner;
  beforeAll(async () => {
    await prepareImages("podman");
    runner = openContainerRunner({ choice: "podman", env });
  });
  afterAll(async () => {
    await runner.close();
    rmSync(dir, { recursive: true });
  });

  test("runs a command with its stdin, environment, mounts and user, and nothing is left", async () => {
    const runId = randomUUID();
    const { stdout, stderr, code } = await runner.run({
      runId,
      stepId: `${runId}.1`,
      command: 'cat; echo "$LINES" "$DOCKER_HOST"; pwd; id -un; cat src/given >&2; exit 3',
      stdin: "from \u0010\u0011stdin\n",
      env: { LINES: "one\ntwo", DOCKER_HOST: "nowhere" },
      mounts: [{ target: "src", source: writeGiven(), readOnly: true }],
      container: { ...busybox, user: "nobody", memoryBytes: 64 * 1024 * 1024 },
    });
    expect([stdout, stderr, code]).toEqual([
      "from \u0010\u0011stdin\none\ntwo nowhere\n/workspace\nnobody\n",
      "given\n",
      3,
    ]);
    await runner.executor.discard(`${runId}.1`);
    expect(namesOf(runId)).toBe("");
  });

  test("tells a command and an image that are not there", async () => {
    const missing = runner.run({ command: { path: "no-such-command", args: [] } });
    expect(missing).rejects.toMatchObject({ code: "STEP_NOT_STARTED" });
    const image = runner.run({ command: "true", container: containerOf("runner-test/none:1") });
    expect(image).rejects.toMatchObject({ code: "IMAGE_UNAVAILABLE" });
    await Promise.allSettled([missing, image]);
  });

  test("ends a container that is cancelled", async () => {
    const { step, stdout, finished } = await runner.start({ command: { path: "exit-on-term", args: ["5"] } });
    await until("it is ready", () => stdout() === "ready\n");
    step.cancel();
    expect(await finished).toMatchObject({ end: "cancelled", code: 5, stdout: "ready\ntold\n" });
  });

  test("keeps a container open for several commands, and a next life removes it", async () => {
    const runId = randomUUID();
    const open: ContainerPlace = { ...busybox, type: "open" };
    await runner.run({ command: "", container: open, runId, stepId: `${runId}.1` });
    const inside = (number: number, command: string): SpecPart => {
      const container: ContainerPlace = { type: "inside", sandbox: `runner-${runId}-1` };
      return { command, container, runId, stepId: `${runId}.${number}`, env: {}, mounts: [] };
    };
    await runner.run(inside(2, "echo kept > /tmp/file"));
    expect(await runner.run(inside(3, "cat /tmp/file; exit 4"))).toMatchObject({ stdout: "kept\n", code: 4 });
    const timedOut = await runner.run({ ...inside(4, "echo up; exec sleep 60"), timeoutMs: 2000 });
    expect(timedOut).toMatchObject({ end: "timed_out", stdout: "up\n" });
    const next = openContainerRunner({ choice: "podman", env, spoolDir: runner.spoolDir });
    expect(await next.executor.cleanLeftovers(new Set())).toEqual({ endedSteps: [`${runId}.1`] });
    expect(namesOf(runId)).toBe("");
    await next.close();
  });
}

function writeGiven(): string {
  const folder = mkdtempSync(join(dir, "mount-"));
  writeFileSync(join(folder, "given"), "given\n");
  Bun.spawnSync(["chmod", "755", dir, folder]);
  return folder;
}

if (answers("podman")) describe("podman", contract);
else test("podman is not on this machine", () => rmSync(dir, { recursive: true }));
