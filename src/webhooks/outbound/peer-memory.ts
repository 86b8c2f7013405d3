// What is remembered of the addresses that deliveries went to. Of a host that has several, as by IPv4 and IPv6, one that
// leads nowhere costs the whole time of an attempt: the next begins with another.

export interface PeerMemory {
  /** The same addresses, those that failed last: the one that failed latest at the end. */
  order(addresses: readonly string[], port: number): readonly string[];
  noteFailed(address: string, port: number): void;
  noteAnswered(address: string, port: number): void;
  /** Answered so lately that a connection to it is still good. */
  isWarm(address: string, port: number): boolean;
}

/** Well below the 5 s after which Node.js, and many a server, closes a connection that nothing comes over. */
const warmForMs = 2000;

const maxPeers = 1000;

/** @param elapsed milliseconds from some fixed point. */
export function createPeerMemory(elapsed: () => number): PeerMemory {
  const failedAt = new Map<string, number>();
  const answeredAt = new Map<string, number>();

  return {
    order(addresses, port) {
      if (addresses.length < 2) return addresses;
      const at = (address: string): number => failedAt.get(keyOf(address, port)) ?? Number.NEGATIVE_INFINITY;
      return addresses.toSorted((a, b) => Math.sign(at(a) - at(b)) || 0);
    },
    noteFailed(address, port) {
      note(failedAt, keyOf(address, port), elapsed());
      answeredAt.delete(keyOf(address, port));
    },
    noteAnswered(address, port) {
      failedAt.delete(keyOf(address, port));
      note(answeredAt, keyOf(address, port), elapsed());
    },
    isWarm(address, port) {
      const at = answeredAt.get(keyOf(address, port));
      return at !== undefined && elapsed() - at < warmForMs;
    },
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
