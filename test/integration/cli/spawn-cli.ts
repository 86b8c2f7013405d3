// Starts the command line as a real process, with an environment of its own and no terminal unless asked for.

import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const realMain = join(import.meta.dir, "../../../src/main.ts");
/** The same command line on an app that does what the environment says. */
export const fakeMain = require.resolve("./fake-main.ts");

export interface SpawnOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly main?: string;
  readonly onTerminal?: boolean;
}

export interface SpawnedCli {
  readonly pid: number;
  readonly exited: Promise<number>;
  readonly stdout: () => string;
  readonly stderr: () => string;
  kill(signal: NodeJS.Signals): void;
  /** Waits until a stream holds the text; fails with what was written when the process ends before. */
  waitFor(text: string): Promise<void>;
  /** The exit code, once all output is in. */
  finish(): Promise<number>;
}

/** A folder of its own for one test, with symlinks resolved. */
export async function makeHome(): Promise<{ readonly dir: string; remove(): Promise<void> }> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "runner-cli-")));
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}

export function spawnCli(args: readonly string[], options: SpawnOptions): SpawnedCli {
  const written = { out: "", err: "" };
  const decoder = new TextDecoder();
  const proc = Bun.spawn([process.execPath, options.main ?? realMain, ...args], {
    cwd: options.cwd,
    env: { PATH: process.env["PATH"] ?? "", HOME: options.cwd, TERM: "xterm", ...options.env },
    ...(options.onTerminal
      ? {
          terminal: {
            cols: 100,
            rows: 30,
            data: (_: unknown, bytes: Uint8Array) => void (written.out += decoder.decode(bytes)),
          },
        }
      : { stdin: "ignore", stdout: "pipe", stderr: "pipe" }),
  } as const);
  const read = async (stream: unknown, into: "out" | "err"): Promise<void> => {
    if (!(stream instanceof ReadableStream)) return;
    const own = new TextDecoder();
    for await (const bytes of stream as ReadableStream<Uint8Array>)
      written[into] += own.decode(bytes, { stream: true });
  };
  const drained = Promise.all([read(proc.stdout, "out"), read(proc.stderr, "err")]);
  const finish = async (): Promise<number> => {
    const code = await proc.exited;
    await drained;
    // The last bytes of a terminal arrive after the exit.
    if (options.onTerminal) await Bun.sleep(100);
    return code;
  };
  return {
    pid: proc.pid,
    exited: proc.exited,
    stdout: () => written.out,
    stderr: () => written.err,
    kill: (signal) => proc.kill(signal),
    finish,
    async waitFor(text) {
      let ended = false;
      void proc.exited.then(() => (ended = true));
      while (!written.out.includes(text) && !written.err.includes(text)) {
        if (ended) throw new Error(`${JSON.stringify(text)} never came:\n${written.out}\n${written.err}`);
        await Bun.sleep(10);
      }
    },
  };
}

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line to its end. */
export async function runCli(args: readonly string[], options: SpawnOptions): Promise<CliResult> {
  const cli = spawnCli(args, options);
  const code = await cli.finish();
  return { code, stdout: cli.stdout(), stderr: cli.stderr() };
}
