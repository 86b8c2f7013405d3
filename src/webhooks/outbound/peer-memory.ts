// What is remembered of the addresses that deliveries went to: which did not answer, and when each was last used.

export interface PeerMemory {
  /** The same addresses, those that failed a short while ago last. */
  order(addresses: readonly string[], port: number): readonly string[];
  noteFailed(address: string, port: number): void;
  noteAnswered(address: string, port: number): void;
  /** Answered so lately that a connection to it is still good. */
  isWarm(address: string, port: number): boolean;
}

/** A dead address costs its time again so seldom, and one that came back is preferred again so soon. */
const failedForMs = 10 * 60_000;

/** Well below the 5 s after which Node.js, and many a server, closes a connection that nothing comes over. */
const warmForMs = 2000;

const maxPeers = 1000;

/** @param elapsed milliseconds from some fixed point. */
export function createPeerMemory(elapsed: () => number): PeerMemory {
  const failedAt = new Map<string, number>();
  const answeredAt = new Map<string, number>();

  function isWithin(times: ReadonlyMap<string, number>, key: string, forMs: number): boolean {
    const at = times.get(key);
    return at !== undefined && elapsed() - at < forMs;
  }

  return {
    order(addresses, port) {
      if (addresses.length < 2) return addresses;
      const failed = (address: string): boolean => isWithin(failedAt, keyOf(address, port), failedForMs);
      return [...addresses.filter((each) => !failed(each)), ...addresses.filter(failed)];
    },
    noteFailed(address, port) {
      note(failedAt, keyOf(address, port), elapsed());
    },
    noteAnswered(address, port) {
      failedAt.delete(keyOf(address, port));
      note(answeredAt, keyOf(address, port), elapsed());
    },
    isWarm: (address, port) => isWithin(answeredAt, keyOf(address, port), warmForMs),
  };
}

function keyOf(address: string, port: number): string {
  return `${address}:${port}`;
}

/** Forgets the oldest where there are too many. */
function note(times: Map<string, number>, key: string, at: number): void {
  times.delete(key);
  times.set(key, at);
  const [oldest] = times.keys();
  if (times.size > maxPeers && oldest !== undefined) times.delete(oldest);
}
