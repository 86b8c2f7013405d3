// Which process a guest comes to, and when: with processes that compute as they are told.

import { afterEach, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { openSandboxPool, type SandboxPool } from "../../../src/sandbox/sandbox.ts";

const programPath = fileURLToPath(new URL("programs/scripted-process.ts", import.meta.url));
const command = [process.execPath, programPath];

let pool: SandboxPool | undefined;
afterEach(() => pool?.close());

async function start(processes = 1): Promise<SandboxPool> {
  pool = openSandboxPool({ command, processes });
  await pool.ready;
  return pool;
}

interface OpenedGuest {
  readonly turn: Promise<void>;
  readonly moved: () => boolean;
}

/** @param calls in its journal: none for a guest that begins. */
function open(behaviour: string, calls: number, onTurn = (): void => {}): OpenedGuest {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let moved = false;
  pool?.open(
    { hash: behaviour, code: behaviour },
    {
      bundleHash: behaviour,
      mode: "run",
      seed: "",
      context: { runID: crypto.randomUUID() } as never,
      request: null,
      limits: { memoryBytes: 1, cpuPerDeliveryMs: 60_000, cpuPerRunMs: 60_000 } as never,
      replay: { calls, consoleLines: 0, observations: [], cpuUsedMs: 0 },
    },
    {
      onTurn: () => {
        onTurn();
        resolve();
      },
      onAsk: () => Promise.reject(new Error("nobody asks")),
      onMoved: () => {
        moved = true;
        resolve();
      },
      onFailed: (_code, message) => reject(new Error(message)),
    },
  );
  return { turn: promise, moved: () => moved };
}

test("guests that wait behind one that computes without end are let go of", async () => {
  await start();
  const guests = Array.from({ length: 6 }, (_, index) => open(index < 2 ? "compute 500" : "compute 0", 0));
  await Promise.all(guests.map(({ turn }) => turn));
  expect(guests.slice(2).some(({ moved }) => moved())).toBe(true);
});

test("guests that wait for an instance to be made stay where they are", async () => {
  await start();
  const guests = Array.from({ length: 6 }, (_, index) => open(index < 2 ? "prepare 500" : "compute 0", 0));
  await Promise.all(guests.map(({ turn }) => turn));
  expect(guests.map(({ moved }) => moved())).toEqual(guests.map(() => false));
});

test("a guest that begins goes before those that are brought back", async () => {
  await start();
  let turns = 0;
  const count = (): void => void turns++;
  const back = Array.from({ length: 60 }, () => open("compute 5", 7, count));
  const begins = open("compute 0", 0);
  await begins.turn;
  // Those that its process had been given before it came, and as many of the other process.
  expect(turns).toBeLessThan(30);
  await Promise.all(back.map(({ turn }) => turn));
});

test("there are two processes until both have had guests for a while, and then one more", async () => {
  const { pids } = await start(2);
  expect(pids).toHaveLength(2);
  await open("compute 0", 0).turn;
  await Bun.sleep(400);
  expect(pool?.pids).toEqual(pids);
  await open("compute 0", 0).turn;
  while (pool?.pids.length !== 3) await Bun.sleep(10);
  await open("compute 0", 0).turn;
  await Bun.sleep(400);
  expect(pool.pids).toHaveLength(3);
});
