// One command of the container engine, run to its end within a time.

import { AppError } from "../../core/app-error.ts";
import type { Clock } from "../../core/clock.ts";
import { notStarted, systemCode } from "../process/not-started.ts";

export interface EngineCommandOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Ends the command when aborted; the result is then whatever it came to. */
  readonly signal?: AbortSignal | undefined;
  /** Called with each line of either stream as it comes. */
  readonly onLine?: (line: string) => void;
}

export interface EngineCommandEnd {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Kept of each stream: enough for any answer that is asked for. */
const longestKept = 4 * 1024 * 1024;

/** How long the streams may stay open after the end: a helper of the engine may have inherited them. */
const streamGraceMs = 500;

/** @throws {AppError} CONTAINER_ENGINE_UNAVAILABLE when it takes too long or cannot be started. */
export async function runEngineCommand(
  argv: readonly string[],
  { env, clock, timeoutMs, signal, onLine }: EngineCommandOptions,
): Promise<EngineCommandEnd> {
  const child = spawn(argv, env);
  const kept = [new KeptStream(child.stdout, onLine), new KeptStream(child.stderr, onLine)];
  let timedOut = false;
  const kill = (): void => child.kill("SIGKILL");
  const stopTimer = clock.after(timeoutMs, () => {
    timedOut = true;
    kill();
  });
  signal?.addEventListener("abort", kill, { once: true });
  if (signal?.aborted) kill();
  const code = await child.exited.then((exited) => (child.signalCode === null ? exited : null));
  stopTimer();
  signal?.removeEventListener("abort", kill);
  await Promise.race([Promise.all(kept.map(({ closed }) => closed)), pause(clock, streamGraceMs)]);
  const [stdout = "", stderr = ""] = kept.map(({ text }) => text);
  if (timedOut) {
    throw new AppError(
      "CONTAINER_ENGINE_UNAVAILABLE",
      `the container engine did not answer: \`${argv.slice(0, 2).join(" ")}\` took more than ${timeoutMs / 1000} s`,
      { hint: "look at the engine's own log; restarting it may help" },
    );
  }
  return { code, stdout, stderr };
}

/** The line that says why: the last one that is not blank, without the prefix that says nothing. */
export function reasonOf({ code, stdout, stderr }: EngineCommandEnd): string {
  const lines = `${stdout}\n${stderr}`.split("\n").map((line) => line.trim());
  const line = lines.findLast((each) => each !== "" && !/^Run '.*--help'/.test(each));
  const text = line ?? (code === null ? "it was killed" : `it exited with ${code}`);
  return text.replace(/^Error( response from daemon)?: /, "").slice(0, 1000);
}

function spawn(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): Bun.Subprocess<"ignore", "pipe", "pipe"> {
  try {
    return Bun.spawn([...argv], { env: { ...env }, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  } catch (thrown) {
    if (systemCode(thrown) === "E2BIG") {
      throw notStarted(
        "the command's arguments are too long for the system",
        "pass large values by stdin or in a file",
        thrown,
      );
    }
    throw new AppError("CONTAINER_ENGINE_UNAVAILABLE", `${argv[0]} could not be started: ${String(thrown)}`, {
      hint: "check the program and the limits of the server's user",
      cause: thrown,
    });
  }
}

class KeptStream {
  text = "";
  readonly closed: Promise<void>;
  #line = "";

  constructor(stream: ReadableStream<Uint8Array>, onLine: ((line: string) => void) | undefined) {
    this.closed = this.#read(stream, onLine).catch(() => {});
  }

  async #read(stream: ReadableStream<Uint8Array>, onLine: ((line: string) => void) | undefined): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of stream) {
      const text = decoder.decode(bytes, { stream: true });
      if (this.text.length < longestKept) this.text += text;
      if (onLine === undefined) continue;
      const lines = (this.#line + text).split(/[\r\n]+/);
      this.#line = (lines.pop() ?? "").slice(-1000);
      for (const line of lines) if (line.trim() !== "") onLine(line.trim());
    }
  }
}

function pause(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => void clock.after(delayMs, resolve));
}
