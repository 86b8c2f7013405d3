// The same request to two servers in turn, so that the machine is the same for both.

import type { ServerProcess } from "./server-process.ts";
import { median } from "./statistics.ts";

/** The medians of both, in milliseconds. */
export async function compareInTurn(
  first: ServerProcess,
  second: ServerProcess,
  rounds: number,
  request: (server: ServerProcess) => Promise<unknown>,
): Promise<readonly [first: number, second: number]> {
  const times = new Map<ServerProcess, number[]>([
    [first, []],
    [second, []],
  ]);
  for (let round = -rounds / 10; round < rounds; round++) {
    for (const [server, taken] of times) {
      const startedAt = performance.now();
      await request(server);
      if (round >= 0) taken.push(performance.now() - startedAt);
    }
  }
  return [median(times.get(first) ?? []), median(times.get(second) ?? [])];
}
