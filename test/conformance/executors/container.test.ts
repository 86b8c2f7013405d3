// What only steps in containers promise, tried on the engine of this machine.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../../../src/core/app-error.ts";
import type { ContainerPlace, StepSpec } from "../../../src/executors/executors.ts";
import { answers, prepareImages } from "../../fixtures/images/images.ts";
import { containerOf, openContainerRunner, type SpecPart, type StepRunner, until } from "./step-runner.ts";

const busybox = containerOf("busybox");

/** Names of the containers there are of this run, or of any run of a runner's server. */
function containersOf(filter: string): readonly string[] {
  const listed = Bun.spawnSync(["docker", "ps", "--all", `--filter=label=${filter}`, "--format={{.Names}}"]);
  return listed.stdout.toString().split("\n").filter(Boolean);
}

function serverOf(runner: StepRunner): string {
  return `runner.server=${readFileSync(join(runner.spoolDir, "server"), "utf8").trim()}`;
}

describe.skipIf(!answers("docker"))("containers", () => {
  let runner: StepRunner;
  beforeAll(async () => {
    await prepareImages();
    runner = openContainerRunner();
  });
  afterAll(async () => {
    const server = serverOf(runner);
    await runner.close();
    expect(containersOf(server)).toEqual([]);
  });

  async function refusal(spec: SpecPart): Promise<AppError> {
    const thrown: unknown = await runner.run(spec).catch((error: unknown) => error);
    if (thrown instanceof AppError) return thrown;
    throw new Error(`not refused: ${JSON.stringify(thrown)}`);
  }

  describe("a container", () => {
    test("is called by its run and step, labelled, and removed when it is discarded", async () => {
      const { stepId, step, finished, stdout } = await runner.start({ command: "echo up; exec sleep 30" });
      await until("it runs", () => stdout() === "up\n");
      const run = stepId.replace(/\.1$/, "");
      expect(containersOf(`runner.run=${run}`)).toEqual([`runner-${run}-1`]);
      expect(containersOf(`runner.step=${stepId}`)).toEqual([`runner-${run}-1`]);
      expect(containersOf("runner.pipeline=test")).toContain(`runner-${run}-1`);
      step.cancel();
      await finished;
      await runner.executor.discard(stepId);
      expect(containersOf(`runner.run=${run}`)).toEqual([]);
      expect(existsSync(join(runner.spoolDir, stepId))).toBe(false);
    });

    test("runs the command itself, whatever the image would start", async () => {
      const { stdout } = await runner.run({ command: { path: "echo", args: ["-n", "--rm", "a b"] } });
      expect(stdout).toBe("--rm a b");
    });

    test("has the user it names", async () => {
      const { stdout } = await runner.run({ command: "id -un", container: { ...busybox, user: "nobody" } });
      expect(stdout).toBe("nobody\n");
    });

    test("has its limits", async () => {
      const container = { ...busybox, memoryBytes: 64 * 1024 * 1024, cpu: 0.5 };
      const command =
        "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null || cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max";
      const { stdout } = await runner.run({ command, container });
      expect(stdout).toMatch(/^67108864\n50000\b/);
    });

    test("has CPU shares where the number is one of shares", async () => {
      const { stepId, step, finished, stdout } = await runner.start({
        command: "echo up; exec sleep 30",
        container: { ...busybox, cpu: 512 },
      });
      await until("it runs", () => stdout() === "up\n");
      const name = `runner-${stepId.replace(".", "-")}`;
      const format = "--format={{.HostConfig.CpuShares}} {{.HostConfig.NanoCpus}}";
      expect(Bun.spawnSync(["docker", "inspect", format, name]).stdout.toString()).toBe("512 0\n");
      step.cancel();
      await finished;
    });

    test("that needs more memory than its limit says so", async () => {
      const outcome = await runner.run({
        command: { path: "sh", args: ["-c", "x=a; while :; do x=$x$x; done"] },
        container: { ...busybox, memoryBytes: 16 * 1024 * 1024 },
      });
      expect(outcome).toMatchObject({ end: "signalled", code: 137 });
      expect(outcome.message).toContain("more memory than its limit of 16 MiB");
    });

    test("is privileged where it is to be", async () => {
      // Where this machine is itself confined, the container is made so and then cannot be started.
      const { stepId, finished } = await runner.start({ command: "true", container: { ...busybox, privileged: true } });
      await Promise.allSettled([finished]);
      const name = `runner-${stepId.replace(".", "-")}`;
      const inspected = Bun.spawnSync(["docker", "inspect", "--format={{.HostConfig.Privileged}}", name]);
      expect(inspected.stdout.toString()).toBe("true\n");
    });
  });

  test("the stdin of a container is passed byte for byte, whatever keys an engine may know", async () => {
    const stdin = "a\u0010\u0011b\u0003\u0004\u001ac\r\n";
    expect((await runner.run({ command: "cat", stdin })).stdout).toBe(stdin);
  });

  describe("the environment", () => {
    const values: Record<string, string> = {
      EMPTY: "",
      BLANKS: "  two before, two after  ",
      EQUALS: "a=b=c",
      HASH: "# no comment",
      QUOTES: `"double" 'single' \`back\` \\ $HOME`,
      LINES: "one\ntwo\n\nfour\n",
      RETURN: "ends with a return\r",
      UNICODE: "é😀\u2028日本",
      TAB: "\ta\tb",
      LONG: "x".repeat(100_000),
      "with.dots-and.dashes": "as some programs want them",
    };

    test("is passed exactly, and is that of no other", async () => {
      const { stdout } = await runner.run({ command: { path: "cat", args: ["/proc/self/environ"] }, env: values });
      const found = Object.fromEntries(
        stdout
          .split("\0")
          .filter(Boolean)
          .map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
      );
      const { PATH, HOME, HOSTNAME, RUNNER_RUN_ID, RUNNER_STEP_ID, RUNNER_PIPELINE, ...rest } = found;
      expect(rest).toEqual(values);
      expect([PATH, HOME, RUNNER_PIPELINE]).toEqual([
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "/root",
        "test",
      ]);
      expect([RUNNER_STEP_ID, typeof HOSTNAME]).toEqual([`${RUNNER_RUN_ID}.1`, "string"]);
    });

    test("has no effect on the engine's command, and is not in the list of processes", async () => {
      const env = { DOCKER_HOST: "tcp://127.0.0.1:1", PATH: "/bin:/nowhere", HOME: "/bin", SECRET: "s3cret-value" };
      const { step, finished, stdout } = await runner.start({ command: "echo $DOCKER_HOST $HOME; exec sleep 30", env });
      await until("it runs", () => stdout() === "tcp://127.0.0.1:1 /bin\n");
      expect(Bun.spawnSync(["ps", "axww", "-o", "args"]).stdout.toString()).not.toContain("s3cret-value");
      step.cancel();
      await finished;
    });

    test("is refused where a value cannot be passed, with the name", async () => {
      for (const env of [
        { "a b": "1" },
        { "": "1" },
        { A: "a\0b" },
        { A: "x".repeat(140_000) },
        { DOCKER_HOST: "a\nb" },
      ]) {
        const { code, message } = await refusal({ command: "true", env: env as unknown as StepSpec["env"] });
        expect([code, message]).toEqual(["STEP_NOT_STARTED", expect.stringMatching(/environment variable/)]);
      }
    });
  });

  describe("a mount", () => {
    test("is where it is to be, can be written, and not where it is read-only", async () => {
      const source = join(runner.dir, 'a, "strange" name');
      mkdirSync(source);
      writeFileSync(join(source, "file"), "from outside\n");
      const command =
        "cat src/file; echo from inside > src/new; pwd; cat /ro/file; touch /ro/no 2>/dev/null || echo kept";
      const mounts = [
        { target: "src", source, readOnly: false },
        { target: "/ro", source, readOnly: true },
      ];
      const { stdout, stderr } = await runner.run({ command, mounts, env: {} });
      expect([stdout, stderr]).toEqual(["from outside\n/workspace\nfrom outside\nkept\n", ""]);
      expect(readFileSync(join(source, "new"), "utf8")).toBe("from inside\n");
    });

    test("whose place on this machine is the workDir is worked in", async () => {
      const source = join(runner.dir, "volume");
      mkdirSync(join(source, "sub"), { recursive: true });
      const mounts = [{ target: "src", source, readOnly: false }];
      const pwd = async (workDir: string): Promise<string> =>
        (await runner.run({ command: "pwd", mounts, workDir, env: {} })).stdout;
      expect(await pwd(source)).toBe("/workspace/src\n");
      expect(await pwd(join(source, "sub"))).toBe("/workspace/src/sub\n");
      expect(await pwd("src/sub")).toBe("/workspace/src/sub\n");
      expect(await pwd("/opt/app")).toBe("/opt/app\n");
    });

    test("of what is not there is refused with its path", async () => {
      const mounts = [{ target: "src", source: join(runner.dir, "nowhere"), readOnly: false }];
      expect((await refusal({ command: "true", mounts })).message).toContain("nowhere");
    });
  });

  describe("a command that cannot be started", () => {
    test.each([
      ["no-such-command", "no-such-command"],
      ["/etc", "permission denied"],
      ["/etc/passwd", "permission denied"],
    ])("%s is told from one that fails", async (path, why) => {
      const { code, message } = await refusal({ command: { path, args: [] } });
      expect(code).toBe("STEP_NOT_STARTED");
      expect(message).toContain(path);
      expect(message).toContain("busybox");
      expect(message).toContain(why);
    });

    test("for its arguments is said", async () => {
      const program = (...args: string[]): SpecPart => ({ command: { path: "true", args } });
      expect((await refusal(program("a\0b"))).message).toContain("NUL");
      expect((await refusal(program("x".repeat(140_000)))).message).toContain("too long");
      const many = Array.from({ length: 200 }, () => "x".repeat(100_000));
      expect((await refusal(program(...many))).message).toContain("too long for the system");
    });

    test("for its user is said", async () => {
      const { message } = await refusal({ command: "true", container: { ...busybox, user: "nobody-at-all" } });
      expect(message).toContain("nobody-at-all");
    });

    test("for its image's name, or for more than there is, is said", async () => {
      for (const image of ["--privileged", "UPPER/case", "a b", ""]) {
        expect((await refusal({ command: "true", container: containerOf(image) })).code).toBe("STEP_NOT_STARTED");
      }
      expect((await refusal({ command: "true", container: { ...busybox, cpu: 63 } })).message).toContain("CPUs");
    });
  });

  describe("an image that is not there", () => {
    test("is not pulled where pull is never", async () => {
      const { code, message } = await refusal({ command: "true", container: containerOf("runner-test/none:1") });
      expect([code, message]).toEqual(["IMAGE_UNAVAILABLE", expect.stringContaining('pull is "never"')]);
    });

    test("is pulled, and the engine's reason is given where that fails", async () => {
      const container = { ...containerOf("127.0.0.1:9/none:1"), pull: "missing" } as const;
      const { code, message } = await refusal({ command: "true", container });
      expect([code, message]).toEqual(["IMAGE_UNAVAILABLE", expect.stringContaining("connection refused")]);
      expect(runner.notes).toContain("pulling the image 127.0.0.1:9/none:1");
    });
  });

  describe("a container that is ended", () => {
    test("by cancelling is gone at once where its first process knows no SIGTERM", async () => {
      const patient = openContainerRunner({ graceMs: 15_000 });
      const { step, finished, stdout } = await patient.start({ command: "echo up; sleep 60; echo no" });
      await until("it runs", () => stdout() === "up\n");
      step.cancel();
      expect(await finished).toMatchObject({ end: "cancelled", code: 137, stdout: "up\n", message: "cancelled" });
      await patient.close();
    });

    test("by its output limit keeps what it may", async () => {
      const small = openContainerRunner({ maxOutputBytes: 100_000 });
      const outcome = await small.run({ command: "yes" });
      expect(outcome).toMatchObject({ end: "output_limit", code: 137 });
      expect(outcome.stdout.length).toBe(100_000);
      await small.close();
    });

    test("from outside fails, and does not hang", async () => {
      const { stepId, finished, stdout } = await runner.start({ command: "echo up; exec sleep 60" });
      await until("it runs", () => stdout() === "up\n");
      Bun.spawnSync(["docker", "rm", "--force", `runner-${stepId.replace(".", "-")}`]);
      expect(await finished).toMatchObject({ end: "interrupted", code: 137 });
    });

    test("with the process that is attached to it is removed and says why", async () => {
      const { step, stepId, finished, stdout } = await runner.start({ command: "echo up; exec sleep 60" });
      await until("it runs", () => stdout() === "up\n");
      process.kill(-step.pid, "SIGKILL");
      const thrown: unknown = await finished.catch((error: unknown) => error);
      expect(thrown).toMatchObject({ code: "STEP_NOT_STARTED", message: expect.stringContaining("was lost") });
      expect(containersOf(`runner.step=${stepId}`)).toEqual([]);
    });
  });

  describe("cleanLeftovers", () => {
    test("ends and removes the containers of an earlier life, and nobody else's", async () => {
      const other = await runner.start({ command: "echo up; exec sleep 60" });
      const first = openContainerRunner();
      const { stepId, stdout, finished } = await first.start({ command: { path: "ignore-term", args: [] } });
      await until("both run", () => stdout() === "ready\n" && other.stdout() === "up\n");
      const second = openContainerRunner({ spoolDir: first.spoolDir });
      expect(await second.executor.cleanLeftovers(new Set())).toEqual({ endedSteps: [stepId] });
      expect(containersOf(`runner.step=${stepId}`)).toEqual([]);
      expect(existsSync(join(first.spoolDir, stepId))).toBe(false);
      expect(containersOf(`runner.step=${other.stepId}`)).toHaveLength(1);
      expect(await first.executor.cleanLeftovers(new Set())).toEqual({ endedSteps: [] });
      other.step.cancel();
      await Promise.allSettled([other.finished, finished]);
      await second.close();
      await first.close();
    });

    test("asks no engine where no container was ever made", async () => {
      const idle = openContainerRunner({ path: "/nowhere" });
      expect(await idle.executor.cleanLeftovers(new Set())).toEqual({ endedSteps: [] });
      expect(idle.warnings).toEqual([]);
      await idle.close();
    });
  });

  describe("a container that is kept open", () => {
    async function open(runId: string, more: Partial<StepSpec> = {}): Promise<string> {
      const container: ContainerPlace = { ...busybox, type: "open" };
      await runner.run({ command: "", container, runId, stepId: `${runId}.1`, ...more });
      return `runner-${runId}-1`;
    }
    function inside(runId: string, number: number, part: SpecPart): SpecPart {
      const container: ContainerPlace = { type: "inside", sandbox: `runner-${runId}-1` };
      return { container, runId, stepId: `${runId}.${number}`, env: {}, mounts: [], ...part };
    }

    test("runs one command after the other on the same files", async () => {
      const runId = randomUUID();
      const source = join(runner.dir, "of the sandbox");
      mkdirSync(join(source, "sub"), { recursive: true });
      const mounts = [{ target: "src", source, readOnly: false }];
      const sandbox = await open(runId, { env: { OF_ALL: "1" }, mounts });
      await runner.run(inside(runId, 2, { command: "cat > /tmp/file", stdin: "5 MB\n".repeat(1_000_000) }));
      const { stdout } = await runner.run(
        inside(runId, 3, { command: "wc -c < /tmp/file; echo $OF_ALL $OWN; pwd", env: { OWN: "2" }, workDir: "/tmp" }),
      );
      expect(stdout).toBe("5000000\n1 2\n/tmp\n");
      const pwd = async (number: number, workDir?: string): Promise<string> =>
        (await runner.run(inside(runId, number, { command: "pwd", ...(workDir === undefined ? {} : { workDir }) })))
          .stdout;
      expect(await pwd(6)).toBe("/workspace\n");
      expect(await pwd(7, "src/sub")).toBe("/workspace/src/sub\n");
      expect(await pwd(8, join(source, "sub"))).toBe("/workspace/src/sub\n");
      expect(await runner.run(inside(runId, 4, { command: "exit 126" }))).toMatchObject({ end: "exited", code: 126 });
      await runner.executor.closeSandbox(runId, sandbox);
      expect(containersOf(`runner.run=${runId}`)).toEqual([]);
      const thrown: unknown = await runner.run(inside(runId, 5, { command: "true" })).catch((error: unknown) => error);
      expect(thrown).toMatchObject({ code: "STEP_NOT_STARTED", message: `the sandbox ${sandbox} is closed` });
    });

    test("outlives a command that is ended with all it started", async () => {
      const runId = randomUUID();
      await open(runId);
      const command = "trap '' TERM; sleep 60 & sleep 61 & echo up; wait; wait; sleep 62";
      const timedOut = runner.run(inside(runId, 2, { command, timeoutMs: 1500 }));
      const cancelled = await runner.start(inside(runId, 3, { command: "echo up; exec sleep 63" }));
      await until("it runs", () => cancelled.stdout() === "up\n");
      cancelled.step.cancel();
      expect(await cancelled.finished).toMatchObject({ end: "cancelled", code: 143 });
      expect(await timedOut).toMatchObject({ end: "timed_out", code: 124, stdout: "up\n" });
      const { stdout } = await runner.run(inside(runId, 4, { command: "usleep 300000; ps -o comm | grep -c sleep" }));
      // The one that keeps the container open; not even dead ones are left of the others.
      expect(stdout).toBe("1\n");
      await runner.executor.endRun(runId);
      expect(containersOf(`runner.run=${runId}`)).toEqual([]);
    });

    test("says that a command could not be ended which hides behind a bare environment", async () => {
      const runId = randomUUID();
      await open(runId);
      const { message } = await runner.run(inside(runId, 2, { command: "exec env -i sleep 64", timeoutMs: 500 }));
      expect(message).toContain("could not be ended");
      await runner.executor.endRun(runId);
    });

    test("tells a command that cannot be started from one that fails", async () => {
      const runId = randomUUID();
      await open(runId);
      const refused = async (number: number, part: SpecPart): Promise<string> =>
        (await refusal(inside(runId, number, part))).message;
      expect(await refused(2, { command: { path: "no-such-command", args: [] } })).toContain("no-such-command");
      expect(await refused(3, { command: "true", workDir: "/no/such/folder" })).toContain("/no/such/folder");
      const container: ContainerPlace = { type: "inside", sandbox: `runner-${runId}-1`, user: "nobody-at-all" };
      expect(await refused(4, { command: "true", container })).toContain("nobody-at-all");
      Bun.spawnSync(["docker", "kill", `runner-${runId}-1`]);
      expect(await refused(5, { command: "true" })).toContain("not running");
      await runner.executor.endRun(runId);
    });

    test("is not reached by another run", async () => {
      const runId = randomUUID();
      const sandbox = await open(runId);
      const other = randomUUID();
      const container: ContainerPlace = { type: "inside", sandbox };
      const thrown: unknown = await runner
        .run({ command: "true", container, runId: other, stepId: `${other}.1` })
        .catch((error: unknown) => error);
      expect(thrown).toMatchObject({ code: "VALIDATION_FAILED" });
      expect(runner.executor.closeSandbox(other, sandbox)).rejects.toMatchObject({ code: "VALIDATION_FAILED" });
      await runner.executor.endRun(other);
      expect(containersOf(`runner.run=${runId}`)).toEqual([sandbox]);
      await runner.executor.endRun(runId);
    });
  });
});
