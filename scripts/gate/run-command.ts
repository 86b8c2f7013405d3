// Runs one command of the gate, with all it started, within a time.

import type { CommandStep } from "./steps.ts";
import type { Tally } from "./tally.ts";

export interface CommandRequest {
  readonly command: readonly string[];
  readonly env: Record<string, string>;
  readonly cwd: string;
  readonly timeoutMs: number;
}

export interface CommandEnd {
  readonly ok: boolean;
  /** Both streams; the second after the first. */
  readonly output: string;
}

/** Resolves also where a process left behind by the command still holds its output open. */
export async function execute({ command, env, cwd, timeoutMs }: CommandRequest): Promise<CommandEnd> {
  const child = Bun.spawn([...command], {
    cwd,
    env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    detached: true,
  });
  const streams = [child.stdout, child.stderr].map(collect);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    endGroup(child.pid);
  }, timeoutMs);
  const interrupt = () => {
    endGroup(child.pid);
    process.exit(130);
  };
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  const code = await child.exited;
  clearTimeout(timer);
  process.off("SIGINT", interrupt);
  process.off("SIGTERM", interrupt);
  await Promise.race([Promise.all(streams.map((stream) => stream.closed)), Bun.sleep(2000)]);
  const text = streams.map((stream) => stream.text()).join("");
  const note = timedOut ? `\nended after ${String(timeoutMs / 60_000)} minutes without a result\n` : "";
  return { ok: code === 0 && !timedOut, output: text + note };
}

function collect(stream: ReadableStream<Uint8Array>): { closed: Promise<void>; text: () => string } {
  const decoder = new TextDecoder();
  let text = "";
  const closed = (async () => {
    for await (const chunk of stream) text += decoder.decode(chunk, { stream: true });
  })();
  return { closed, text: () => text };
}

/** The command leads a process group of its own, so that its children end with it. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group has ended by itself.
  }
}

export interface StepResult {
  readonly tally: Tally;
  /** Shown when the step is red. */
  readonly output: string;
}

export async function runCommand(request: {
  readonly step: CommandStep;
  readonly env: Record<string, string>;
  readonly cwd: string;
}): Promise<StepResult> {
  const { step, env, cwd } = request;
  const { ok, output } = await execute({ command: step.command, env, cwd, timeoutMs: step.timeoutMs });
  return { tally: { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: [] }, output };
}
