// The container engine that tests use: the one that answers, else one started for the time of the gate.

import { closeSync, openSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface StartedEngine {
  /** Ends it, where it was started here. */
  readonly stop: () => Promise<void>;
  /** Why there is none; null where one answers. */
  readonly problem: string | null;
}

const startTimeoutMs = 60_000;
const stopTimeoutMs = 20_000;

/** True where `docker` reaches an engine. */
export function engineAnswers(): boolean {
  if (Bun.which("docker") === null) return false;
  const asked = Bun.spawnSync(["docker", "version", "--format={{.Server.Version}}"], {
    stdout: "ignore",
    stderr: "ignore",
    timeout: 20_000,
  });
  return asked.success;
}

/** Starts `dockerd` as root where no engine answers. */
export async function startEngine(args: readonly string[] = [], answers = engineAnswers): Promise<StartedEngine> {
  const nothing = async (): Promise<void> => {};
  if (answers()) return { stop: nothing, problem: null };
  if (Bun.which("dockerd") === null) return { stop: nothing, problem: "there is no dockerd to start" };
  if (process.getuid?.() !== 0) return { stop: nothing, problem: "only root may start dockerd" };
  mountCgroups();
  const logDir = await mkdtemp(join(tmpdir(), "runner-dockerd-"));
  const logFile = join(logDir, "log");
  const log = openSync(logFile, "w");
  const child = Bun.spawn(["dockerd", ...args], { stdin: "ignore", stdout: log, stderr: log, detached: true });
  closeSync(log);
  // An interrupt of the gate is an exit at once.
  const end = (): void => child.kill("SIGTERM");
  process.once("exit", end);
  const stop = async (): Promise<void> => {
    process.off("exit", end);
    end();
    await Promise.race([child.exited, Bun.sleep(stopTimeoutMs)]);
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await rm(logDir, { recursive: true, force: true });
  };
  const deadline = performance.now() + startTimeoutMs;
  while (!answers()) {
    // One that was started by the machine meanwhile, as its package does, keeps ours from starting: then that answers.
    if (performance.now() > deadline || (child.exitCode !== null && !answers())) {
      const last = (await Bun.file(logFile).text()).trim().split("\n").at(-1) ?? "";
      await stop();
      return { stop: nothing, problem: `dockerd did not start: ${last}` };
    }
    await Bun.sleep(200);
  }
  return { stop, problem: null };
}

/** A machine without an init system may have no control groups mounted, which containers need. */
function mountCgroups(): void {
  const isMounted = readdirSync("/sys/fs/cgroup").length > 0;
  if (!isMounted && Bun.which("cgroupfs-mount") !== null) Bun.spawnSync(["cgroupfs-mount"]);
}
