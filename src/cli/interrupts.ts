// Ctrl-C while a run is followed: the first stops following, a second soon after cancels the run.

import type { OutputStream } from "./terminal.ts";

export interface Interrupts {
  /** Aborted by the first SIGINT. */
  readonly first: AbortSignal;
  /** True once a second SIGINT came, false if it did not within the time. */
  isRepeatedWithin(ms: number): Promise<boolean>;
  close(): void;
}

/**
 * From now until `close` SIGINT does not end the process, but for the one with the number `exitAt`, from 1. On a
 * terminal each begins a new line, because the terminal itself has written `^C`.
 */
export function listenForInterrupts(exitAt: number, err: OutputStream): Interrupts {
  const first = new AbortController();
  const second = new AbortController();
  let count = 0;
  const onSignal = (): void => {
    if (++count >= exitAt) process.exit(130);
    if (err.isTerminal) void err.write("\n");
    (first.signal.aborted ? second : first).abort();
  };
  process.on("SIGINT", onSignal);
  return {
    first: first.signal,
    isRepeatedWithin: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => resolve(second.signal.aborted), ms);
        const answer = (): void => {
          clearTimeout(timer);
          resolve(true);
        };
        if (second.signal.aborted) answer();
        else second.signal.addEventListener("abort", answer, { once: true });
      }),
    close: () => process.off("SIGINT", onSignal),
  };
}
