// Starts what is measured, and baselines, as processes of their own, and ends them.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const here = import.meta.dir;
const binary = resolve(process.env["RUNNER_BINARY"] || join(here, "../../dist/runner"));

export interface ServerProcess {
  readonly pid: number;
  readonly port: number;
  /** From the start of the process to its first answer. */
  readonly firstAnswerMs: number;
  readonly token: string;
  stop(): Promise<void>;
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Asks `path` until it is answered with 200; the time since `startedAt`. */
async function waitForAnswer(url: string, startedAt: number, child: Bun.Subprocess): Promise<number> {
  while (performance.now() - startedAt < 20_000) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${String(child.exitCode)} before it answered`);
    const status = await fetch(url).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 200) return performance.now() - startedAt;
    await Bun.sleep(1);
  }
  throw new Error(`no answer from ${url} within 20 s`);
}

async function startServer(command: (port: number) => string[], env: Record<string, string>): Promise<ServerProcess> {
  const port = await findFreePort();
  const startedAt = performance.now();
  const child = Bun.spawn(command(port), { env, stdin: "ignore", stdout: "ignore", stderr: "inherit" });
  const stop = async () => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
    await child.exited;
    clearTimeout(timer);
  };
  try {
    const firstAnswerMs = await waitForAnswer(`http://127.0.0.1:${String(port)}/healthz`, startedAt, child);
    return { pid: child.pid, port, firstAnswerMs, token: "", stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const plainEnvironment = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: process.env["HOME"] ?? "/" };

/** The compiled server on the pipelines of this folder, with a data folder of its own. */
export async function startRunner(options: {
  readonly maxConcurrentSteps: number;
  readonly args?: readonly string[];
}): Promise<ServerProcess> {
  const dir = await mkdtemp(join(tmpdir(), "runner-bench-"));
  const dataDir = join(dir, "data");
  const steps = String(options.maxConcurrentSteps);
  const removeDir = () => rm(dir, { recursive: true, force: true });
  try {
    const server = await startServer(
      (port) => [
        binary,
        "serve",
        `--pipelines=${join(here, "pipelines")}`,
        `--data-dir=${dataDir}`,
        "--host=127.0.0.1",
        `--port=${String(port)}`,
        `--max-concurrent-steps=${steps}`,
        "--log-format=json",
        "--log-level=error",
        ...(options.args ?? []),
      ],
      { ...plainEnvironment, XDG_STATE_HOME: join(dir, "state") },
    );
    const token = (await readFile(join(dataDir, "runner.token"), "utf8")).trim();
    const stop = async () => {
      await server.stop();
      await removeDir();
    };
    return { ...server, token, stop };
  } catch (error) {
    await removeDir();
    throw error;
  }
}

export function startRawElysia(): Promise<ServerProcess> {
  return startServer((port) => [process.execPath, join(here, "raw/elysia-server.ts"), String(port)], plainEnvironment);
}

export function startRawTicks(count: number): Promise<ServerProcess> {
  return startServer(
    (port) => [process.execPath, join(here, "raw/ticks.ts"), String(port), String(count)],
    plainEnvironment,
  );
}

export function startRawReceiver(): Promise<ServerProcess> {
  return startServer((port) => [process.execPath, join(here, "raw/receiver.ts"), String(port)], plainEnvironment);
}

/** Runs a script of this folder to its end; what it prints is JSON. */
export async function runScript<T>(script: string, args: readonly string[]): Promise<T> {
  const child = Bun.spawn([process.execPath, join(here, script), ...args], {
    env: plainEnvironment,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
    timeout: 60_000,
  });
  const output = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`${script} failed`);
  return JSON.parse(output) as T;
}

/** Uses a started server and ends it. */
export async function withServer<T>(
  server: Promise<ServerProcess>,
  use: (server: ServerProcess) => Promise<T>,
): Promise<T> {
  const started = await server;
  try {
    return await use(started);
  } finally {
    await started.stop();
  }
}
