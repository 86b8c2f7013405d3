// Time as a parameter: everything that waits or stamps takes a Clock, so that tests can own it.

export interface Clock {
  /** Milliseconds since the Unix epoch, whole. */
  now(): number;
  /** Milliseconds from some fixed point, for measuring: unlike `now`, it never jumps when somebody sets the time. */
  elapsed(): number;
  /** Calls back once after at least `delayMs`; the returned function cancels. Long delays are allowed. */
  after(delayMs: number, callback: () => void): () => void;
}

const longestTimeoutMs = 2 ** 31 - 1;

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(delayMs, callback) {
    let timer: ReturnType<typeof setTimeout>;
    const arm = (remainingMs: number): void => {
      // setTimeout overflows beyond 2^31-1 ms (24.8 days) and fires at once, so long waits are made of several.
      const nextMs = Math.min(remainingMs, longestTimeoutMs);
      timer = setTimeout(() => (remainingMs > nextMs ? arm(remainingMs - nextMs) : callback()), nextMs);
    };
    arm(Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};
