// The sandbox process's side of the two pipes: blocking, so that a message leaves while the guest still computes.

import { readSync, writeSync } from "node:fs";

/** File descriptors as the pool passes them to the process. */
const outgoingFd = 3;
const answeringFd = 4;

/** Writes one message as a line; returns when the pipe has taken all of it. */
export function writeLine(message: unknown): void {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let written = 0; written < bytes.length;) written += writeSync(outgoingFd, bytes, written);
}

const buffer = Buffer.alloc(64 * 1024);

/** Waits for one answer line. There is never more than one answer under way. */
export function readAnswerLine(): string {
  const parts: Buffer[] = [];
  for (;;) {
    const length = readSync(answeringFd, buffer);
    if (length === 0) throw new Error("the control process closed the answering pipe");
    const end = buffer[length - 1] === 10 ? length - 1 : length;
    parts.push(Buffer.from(buffer.subarray(0, end)));
    if (end < length) return Buffer.concat(parts).toString("utf8");
  }
}
