// Taking up a container when its engine is away, or is another than before. All with made-up engines.

import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock } from "../../../src/core/clock.ts";
import type { StepSpec } from "../../../src/executors/executors.ts";
import { earlierLife, nothingTaken } from "../../conformance/executors/earlier-life.ts";
import {
  type ContainerRunnerOptions,
  isAlive,
  openContainerRunner,
  type StepRunner,
  until,
} from "../../conformance/executors/step-runner.ts";

const dir = mkdtempSync(join(tmpdir(), "runner-fake-lives-"));
const runners: StepRunner[] = [];
afterAll(async () => {
  fake("docker", "info) exit 1;;");
  for (const each of runners) await each.close();
  rmSync(dir, { recursive: true });
});

const info = { docker: `info) echo '{"LoggingDriver":"json-file"}';;`, podman: `info) echo '{"host":{}}';;` } as const;
const away = "*) echo 'Cannot connect to the Docker daemon at unix:///x. Is it running?' >&2; exit 1;;";
const inspected = (status: string): string => `container) echo 'id {"Status":"${status}","ExitCode":0}';;`;

/** An engine's command that does what `cases` say and notes how it was called. */
function fake(name: "docker" | "podman", cases: string): void {
  const bin = join(dir, `bin-${name}`);
  mkdirSync(bin, { recursive: true });
  const file = join(bin, name);
  writeFileSync(file, `#!/bin/sh\necho "${name} $1" >> "${dir}/calls"\ncd "${dir}"\ncase $1 in\n${cases}\nesac\n`);
  chmodSync(file, 0o755);
}

const calls = (): readonly string[] => readFileSync(join(dir, "calls"), "utf8").split("\n").slice(0, -1);

/** A minute of it is 60 ms. */
const quickClock: Clock = {
  now: () => systemClock.now(),
  elapsed: () => systemClock.elapsed() * 1000,
  after: (delayMs, callback) => systemClock.after(delayMs / 1000, callback),
};

function open(options: ContainerRunnerOptions): StepRunner {
  const runner = openContainerRunner({ path: `${dir}/bin-docker:${dir}/bin-podman:/usr/bin:/bin`, ...options });
  runners.push(runner);
  return runner;
}

/** A step of an earlier life that has lost its attached process. */
async function leave(): Promise<{ readonly spec: StepSpec; readonly next: StepRunner }> {
  fake("docker", `${info.docker} create) ;; start) echo up; exec sleep 60;; ${inspected("running")}`);
  const first = open({});
  const spec = first.complete({ command: "true" });
  const { step, stdout, finished } = await first.start(spec);
  await until("it runs", () => stdout() === "up\n");
  await until("it is noted", () => existsSync(join(first.spoolDir, spec.stepId, "process")));
  fake("docker", away);
  process.kill(-step.pid, "SIGKILL");
  await finished.catch(() => {});
  await until("it is dead", () => !isAlive(step.pid));
  rmSync(join(dir, "calls"), { force: true });
  return { spec, next: open({ spoolDir: first.spoolDir, clock: quickClock }) };
}

describe("a container whose attached process is lost", () => {
  beforeEach(() => fake("podman", "*) exit 1;;"));

  test("waits for its engine, which starts beside the server", async () => {
    const { spec, next } = await leave();
    const attached = next.attach(spec, earlierLife(nothingTaken));
    await until("it was asked for", () => existsSync(join(dir, "calls")));
    fake("docker", `${info.docker} ${inspected("exited")} logs) echo all;; wait) echo 0;;`);
    const step = await attached;
    if (typeof step === "string") throw new Error(`it was ${step}`);
    expect(await step.finished).toMatchObject({ end: "exited", code: 0, stdout: "all\n" });
    expect(calls().slice(-5)).toEqual(["container", "logs", "wait", "logs", "logs"].map((call) => `docker ${call}`));
  });

  test("does not wait for ever", async () => {
    const { spec, next } = await leave();
    const thrown: unknown = await next.attach(spec, earlierLife(nothingTaken)).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: "CONTAINER_ENGINE_UNAVAILABLE" });
    expect(calls().length).toBeGreaterThan(1);
  });

  test("is not taken to be gone because another engine does not know it", async () => {
    const { spec, next } = await leave();
    fake("podman", `${info.podman} container) exit 1;;`);
    const both = open({ spoolDir: next.spoolDir, clock: quickClock, choice: "podman" });
    const thrown: unknown = await both.attach(spec, earlierLife(nothingTaken)).catch((error: unknown) => error);
    expect(thrown).toMatchObject({
      code: "CONTAINER_ENGINE_UNAVAILABLE",
      message: `the step was started with docker, which does not answer, and the server now uses ${dir}/bin-podman/podman`,
    });
    expect(calls()).toEqual(["podman info"]);
  });
});

test("no engine is asked about a step where no container was ever made", async () => {
  const idle = open({ path: "/nowhere" });
  const runId = randomUUID();
  for (const container of [
    { type: "own", image: "x", pull: "never", privileged: false },
    { type: "open", image: "x", pull: "never", privileged: false },
    { type: "inside", sandbox: `runner-${runId}-1` },
  ] as const) {
    const spec = idle.complete({ command: "true", container, runId, stepId: `${runId}.2` });
    expect(await idle.attach(spec, earlierLife(nothingTaken, 1))).toBe("not_begun");
  }
});
