// An earlier life of a server, for tests: a process of its own that starts steps and is killed with SIGKILL.

import { Buffer } from "node:buffer";
import { join } from "node:path";
import type { EarlierLife, OutputStream } from "../../../src/executors/executors.ts";
import type { ServedLine, ServeOrder } from "../../fixtures/steps/serve-steps.ts";
import { fixturesDir } from "./step-runner.ts";

export type Streams = Readonly<Record<OutputStream, Buffer>>;

export interface ServerLife {
  /** What it was handed over of a step's output until now. */
  output(stepId: string): Streams;
  /** Resolves with the first line of the kind about a step, also one that came before. */
  said<Type extends ServedLine["type"]>(type: Type, stepId: string): Promise<Extract<ServedLine, { type: Type }>>;
  /** Resolves when the step has written this to its stdout. */
  printed(stepId: string, text: string): Promise<void>;
  /** SIGKILL, of this process alone. */
  kill(): Promise<void>;
}

const patienceMs = 15_000;

export function openServerLife(
  order: ServeOrder,
  env: Readonly<Record<string, string | undefined>> = Bun.env,
): ServerLife {
  const program = join(fixturesDir, "serve-steps.ts");
  const child = Bun.spawn([process.execPath, program, JSON.stringify(order)], { env, stderr: "inherit" });
  const lines: ServedLine[] = [];
  const reading = read(child.stdout, lines);
  const output = (stepId: string): Streams => {
    const of = (stream: OutputStream): Buffer => {
      const pieces = lines.filter((line) => line.type === "output" && line.stepId === stepId && line.stream === stream);
      return Buffer.concat(pieces.map((line) => Buffer.from("base64" in line ? line.base64 : "", "base64")));
    };
    return { stdout: of("stdout"), stderr: of("stderr") };
  };
  return {
    output,
    said: async <Type extends ServedLine["type"]>(type: Type, stepId: string) =>
      await waitFor(`"${type}" of ${stepId}`, () =>
        lines.find((line): line is Extract<ServedLine, { type: Type }> => line.type === type && line.stepId === stepId),
      ),
    printed: async (stepId, text) => {
      await waitFor(JSON.stringify(text), () => output(stepId).stdout.includes(text) || undefined);
    },
    async kill() {
      child.kill("SIGKILL");
      await child.exited;
      await reading;
    },
  };
}

/** The first bytes of what was handed over, as what is known for sure to have been taken. */
export function takenOf({ stdout, stderr }: Streams, bytes: Partial<Record<OutputStream, number>> = {}): Streams {
  return { stdout: stdout.subarray(0, bytes.stdout), stderr: stderr.subarray(0, bytes.stderr) };
}

export function earlierLife({ stdout, stderr }: Streams, spentMs = 0): EarlierLife {
  const of = (bytes: Buffer): EarlierLife["taken"]["stdout"] => ({ bytes: bytes.length, last: bytes.subarray(-64) });
  return { taken: { stdout: of(stdout), stderr: of(stderr) }, spentMs };
}

export const nothingTaken: Streams = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };

/** As an order for another life holds it. */
export function encoded({ stdout, stderr }: Streams): { readonly stdout: string; readonly stderr: string } {
  return { stdout: stdout.toString("base64"), stderr: stderr.toString("base64") };
}

async function read(stream: ReadableStream<Uint8Array>, lines: ServedLine[]): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) lines.push(JSON.parse(part) as ServedLine);
  }
}

async function waitFor<T>(what: string, find: () => T | undefined): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`waited ${patienceMs} ms in vain for ${what}`);
    await Bun.sleep(5);
  }
}
