// The engine that is not there, does not answer, or goes away in the middle; and pulls. All with a made-up `docker`.

import { afterEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../src/core/clock.ts";
import { ContainerEngine } from "../../../src/executors/executors.ts";
import {
  type ContainerRunnerOptions,
  containerOf,
  openContainerRunner,
  type StepRunner,
  until,
} from "../../conformance/executors/step-runner.ts";

const dir = mkdtempSync(join(tmpdir(), "runner-fake-engine-"));
let runner: StepRunner | undefined;
const opened: StepRunner[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
  runner = undefined;
  rmSync(dir, { recursive: true, force: true });
});

const info = `info) echo '{"LoggingDriver":"json-file"}';;`;

/** A folder with an engine's command that does what `cases` say and notes how it was called. */
function fake(cases: string, name = "docker"): string {
  const bin = join(dir, `bin-${name}`);
  mkdirSync(bin, { recursive: true });
  const file = join(bin, name);
  writeFileSync(file, `#!/bin/sh\necho "$@" >> "${dir}/calls"\ncd "${dir}"\ncase $1 in\n${cases}\nesac\n`);
  chmodSync(file, 0o755);
  return bin;
}

function calls(): readonly string[] {
  return readFileSync(join(dir, "calls"), "utf8").split("\n").slice(0, -1);
}

function open(cases: string, options: ContainerRunnerOptions = {}): StepRunner {
  runner = openContainerRunner({ path: `${fake(cases)}:/usr/bin:/bin`, ...options });
  opened.push(runner);
  return runner;
}

async function failure(step: Promise<unknown>): Promise<unknown> {
  return await step.then(
    (value) => new Error(`did not fail: ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
}

const find = (path: string, choice: "auto" | "docker" | "podman" = "auto"): Promise<{ readonly program: string }> =>
  new ContainerEngine({ choice, path, env: {}, clock: systemClock }).find();

describe("the engine", () => {
  test("is docker where that answers, else podman", async () => {
    const docker = fake(info);
    const podman = fake(`info) echo '{"host":{"logDriver":"k8s-file"}}';;`, "podman");
    const dead = `info) echo '{"ServerErrors":["Cannot connect to the Docker daemon at unix:///x. Is it running?"]}'; exit 1;;`;
    expect((await find(`${docker}:${podman}`)).program).toBe(join(docker, "docker"));
    expect((await find(`${docker}:${podman}`, "podman")).program).toBe(join(podman, "podman"));
    fake(dead);
    expect((await find(`${docker}:${podman}`)).program).toBe(join(podman, "podman"));
    expect(await failure(find(`${docker}:${podman}`, "docker"))).toMatchObject({
      code: "CONTAINER_ENGINE_UNAVAILABLE",
      message: `no container engine can be used: ${docker}/docker: Cannot connect to the Docker daemon at unix:///x. Is it running?`,
      hint: expect.stringContaining("systemctl start docker"),
    });
  });

  test("that is not there is said, with what to do", async () => {
    expect(await failure(find("/nowhere"))).toMatchObject({
      code: "CONTAINER_ENGINE_UNAVAILABLE",
      message:
        "no container engine can be used: docker is not on the server's PATH; podman is not on the server's PATH",
      hint: expect.stringContaining("install docker or podman"),
    });
  });

  test("whose socket is not ours is said, with what to do", async () => {
    const bin = fake(
      `info) echo 'permission denied while trying to connect to the Docker daemon socket' >&2; exit 1;;`,
    );
    expect(await failure(find(bin, "docker"))).toMatchObject({ hint: expect.stringContaining("usermod -aG docker") });
  });

  test("is looked for once, and again after it was not found", async () => {
    const bin = fake("info) exit 1;;");
    const engine = new ContainerEngine({ choice: "docker", path: `${bin}:/bin`, env: {}, clock: systemClock });
    await failure(engine.find());
    fake(info);
    await engine.find();
    await engine.find();
    expect(calls()).toHaveLength(2);
  });

  test("is given its own variables of the server's environment and no other", async () => {
    const bin = fake(`*) env | sort > "${dir}/env"; echo '{}';;`);
    const env = { DOCKER_HOST: "unix:///x", CONTAINERS_CONF: "/c", HOME: "/h", AWS_SECRET: "no", HTTPS_PROXY: "p" };
    const engine = new ContainerEngine({ choice: "docker", path: `${bin}:/bin:/usr/bin`, env, clock: systemClock });
    const seen = async (args: readonly string[]): Promise<readonly string[]> => {
      await engine.ask(args);
      const lines = readFileSync(join(dir, "env"), "utf8").split("\n");
      return lines
        .map((line) => line.split("=")[0] ?? "")
        .filter((name) => /^[A-Z_]{3,}$/.test(name) && name !== "PWD" && name !== "OLDPWD");
    };
    expect(await seen(["ps"])).toEqual(["CONTAINERS_CONF", "DOCKER_HOST", "HOME", "PATH"]);
    expect(await seen(["pull", "x"])).toEqual(["CONTAINERS_CONF", "DOCKER_HOST", "HOME", "HTTPS_PROXY", "PATH"]);
  });

  test("whose output could not be read back is told to keep it", async () => {
    open(`info) echo '{"LoggingDriver":"none"}';; create) exit 0;; start) exit 0;;`);
    await runner?.run({ command: "true" });
    expect(calls().find((call) => call.startsWith("create"))).toContain("--log-driver=json-file");
  });
});

describe("an engine that goes away", () => {
  test("while the container runs ends the step with its words", async () => {
    const lost = "error during connect: EOF";
    open(
      `${info} create) exit 0;; start) echo up; sleep 0.2; echo 'unexpected EOF' >&2; exit 1;; *) echo '${lost}' >&2; exit 1;;`,
    );
    expect(await failure(runner?.run({ command: "true" }) ?? Promise.resolve())).toMatchObject({
      code: "CONTAINER_ENGINE_UNAVAILABLE",
      message: expect.stringContaining(lost),
    });
  });

  test("and hangs does not keep a cancelled step", async () => {
    open(
      `${info} create) exit 0;; start) echo up; exec sleep 300;; *) echo 'error during connect: EOF' >&2; exit 1;;`,
      {
        graceMs: 100,
      },
    );
    const started = await runner?.start({ command: "true" });
    await until("it is attached", () => started?.stdout() === "up\n");
    started?.step.cancel();
    expect(await started?.finished).toMatchObject({ end: "cancelled", stdout: "up\n" });
  });
});

describe("an engine that is not there", () => {
  test("when a step begins is no more than that step's error", async () => {
    open("*) exit 1;;");
    const started = await runner?.start({ command: "true" });
    expect(await failure(started?.finished ?? Promise.resolve())).toMatchObject({
      code: "CONTAINER_ENGINE_UNAVAILABLE",
    });
    await runner?.executor.discard(started?.stepId ?? "");
    expect([runner?.warnings, calls().length]).toEqual([[], 1]);
  });

  test("when the server starts is asked again for what was left behind, once it is there", async () => {
    const answering = `${info} create) exit 0;; start) exit 0;; ps) [ -e removed ] || echo runner-00000000-0000-7000-8000-000000000000-1;; container) exit 1;; rm) case "$*" in *-000000000000-1) touch removed;; esac;;`;
    open(answering);
    await runner?.run({ command: "true" });
    const next = open(`info) exit 1;;`, { spoolDir: runner?.spoolDir ?? "" });
    expect(await next.executor.cleanLeftovers(new Set())).toEqual({ endedSteps: [] });
    expect(next.warnings).toEqual([expect.stringContaining("could not be removed")]);
    fake(answering);
    const { stepId } = await next.run({ command: "true" });
    await next.executor.discard(stepId);
    await until("they are removed", () =>
      calls().some((call) => call.startsWith("rm") && call.endsWith("-000000000000-1")),
    );
  });
});

describe("a pull", () => {
  const noImage = `[ -e there ] || { echo 'Error response from daemon: No such image: x:1' >&2; exit 1; }`;
  const container = { ...containerOf("x:1"), pull: "missing" } as const;

  test("comes before the container where the image is missing, and is noted", async () => {
    open(`${info} create) ${noImage};; pull) echo layer; touch there;; start) echo ran;;`);
    expect(await runner?.run({ command: "true", container })).toMatchObject({ end: "exited", stdout: "ran\n" });
    expect(calls().map((call) => call.split(" ")[0])).toEqual(["info", "create", "pull", "create", "start"]);
    expect(runner?.notes).toEqual(["pulling the image x:1", expect.stringMatching(/^pulled x:1 in /)]);
  });

  test("does not come where it is there, and always where that is asked for", async () => {
    open(`${info} create) exit 0;; start) exit 0;;`);
    await runner?.run({ command: "true", container });
    await runner?.run({ command: "true", container: { ...container, pull: "always" } });
    expect(calls().filter((call) => call === "pull x:1")).toHaveLength(1);
  });

  test("of many layers is a few notes", async () => {
    const lines = `i=0; while [ $i -lt 10000 ]; do echo "layer $i: Downloading"; i=$((i+1)); done; touch there`;
    open(`${info} create) ${noImage};; pull) ${lines};; start) exit 0;;`);
    await runner?.run({ command: "true", container });
    expect(runner?.notes.length).toBeLessThan(10);
  });

  test("is ended by the step's time limit and by cancelling", async () => {
    open(`${info} create) ${noImage};; pull) echo begun >> begun; exec sleep 300;;`);
    expect(await runner?.run({ command: "true", container, timeoutMs: 300 })).toMatchObject({
      end: "timed_out",
      code: 124,
      message: expect.stringContaining("had not been started yet"),
    });
    rmSync(join(dir, "begun"), { force: true });
    const started = await runner?.start({ command: "true", container });
    await until("the pull has begun", () => Bun.spawnSync(["test", "-e", join(dir, "begun")]).success);
    started?.step.cancel();
    expect(await started?.finished).toMatchObject({ end: "cancelled", code: 143 });
  });

  test("that fails gives the engine's last words", async () => {
    open(
      `${info} create) ${noImage};; pull) echo 'Using default tag'; echo 'Error response from daemon: manifest unknown' >&2; exit 1;;`,
    );
    expect(await failure(runner?.run({ command: "true", container }) ?? Promise.resolve())).toMatchObject({
      code: "IMAGE_UNAVAILABLE",
      message: "the image x:1 could not be pulled by docker: manifest unknown",
    });
  });
});

describe("an archive in place of an image", () => {
  const archive = join(dir, "image.tar");
  const id = `sha256:${"a".repeat(64)}`;
  const inArchive = containerOf(archive);

  test.each([
    ["Loaded image: mine:1", "mine:1"],
    [`Loaded image ID: ${id}`, id],
    [id, id],
  ])("is loaded where the engine says %s", async (said, name) => {
    open(`${info} load) echo '${said}';; create) exit 0;; start) echo ran;;`);
    writeFileSync(archive, "");
    expect(await runner?.run({ command: "true", container: inArchive })).toMatchObject({ stdout: "ran\n" });
    const [, load, create] = calls();
    expect(load).toBe(`load --quiet --input ${archive}`);
    expect(create).toContain(` ${name} `);
  });

  test("is loaded by the engine that makes the containers, whichever others there are", async () => {
    const docker = fake("*) touch asked;;");
    const podman = fake(`info) echo '{"host":{}}';; load) echo '${id}';; create) exit 0;; start) echo ran;;`, "podman");
    open("", { path: `${docker}:${podman}:/usr/bin:/bin`, choice: "podman" });
    writeFileSync(archive, "");
    expect(await runner?.run({ command: "true", container: inArchive })).toMatchObject({ stdout: "ran\n" });
    expect(existsSync(join(dir, "asked"))).toBeFalse();
  });

  test.each([
    ["load) echo 'Loaded image: mine:1'; echo denied >&2; exit 1;;", "loaded by docker: denied"],
    ["load) echo nothing;;", "loaded by docker: nothing"],
  ])("that is refused (%s) gives the engine's words", async (load, message) => {
    open(`${info} ${load}`);
    writeFileSync(archive, "");
    const thrown = await failure(runner?.run({ command: "true", container: inArchive }) ?? Promise.resolve());
    expect(thrown).toMatchObject({ code: "IMAGE_UNAVAILABLE", message: expect.stringContaining(message) });
  });

  test("is a file of its own, and no link to another", async () => {
    open(`${info} load) touch asked;;`);
    symlinkSync("/etc/hostname", archive);
    const thrown = await failure(runner?.run({ command: "true", container: inArchive }) ?? Promise.resolve());
    expect(thrown).toMatchObject({ code: "IMAGE_UNAVAILABLE", message: expect.stringContaining("it is a link") });
    expect(existsSync(join(dir, "asked"))).toBeFalse();
  });
});
