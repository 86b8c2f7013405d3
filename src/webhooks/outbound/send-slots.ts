// How many requests are under way at once. Bun 1.4.5 has 256 for the whole process and lets the others wait within
// their own time (measured): that many receivers that hang would make every other fail by a timeout, and scripts wait.

/** What is left of the 256 is for the requests of scripts, of which there are 32 at most. */
const maxUnderWay = 200;

export interface SendSlots {
  /** False where it was closed, or the signal aborted, before there was a place. */
  take(signal: AbortSignal | undefined): boolean | Promise<boolean>;
  /** Of a place that was taken. */
  free(): void;
  /** From now on there are none. */
  close(): void;
}

export function createSendSlots(max = maxUnderWay): SendSlots {
  let underWay = 0;
  let isClosed = false;
  /** In the order they came. */
  const waiting = new Set<(isTaken: boolean) => void>();

  function wait(signal: AbortSignal | undefined): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const leave = (): void => {
      if (waiting.delete(resolve)) resolve(false);
    };
    waiting.add(resolve);
    signal?.addEventListener("abort", leave, { once: true });
    return promise.finally(() => signal?.removeEventListener("abort", leave));
  }

  return {
    take(signal) {
      if (isClosed || signal?.aborted === true) return false;
      if (underWay >= max) return wait(signal);
      underWay++;
      return true;
    },
    free() {
      const [next] = waiting;
      if (next === undefined) underWay--;
      else if (waiting.delete(next)) next(true);
    },
    close() {
      isClosed = true;
      for (const resolve of waiting) resolve(false);
      waiting.clear();
    },
  };
}
