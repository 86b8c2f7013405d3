// How long looking for who wants an event may hold up everybody else.

import { expect, test } from "bun:test";
import { type Clock, systemClock } from "../../../../src/core/clock.ts";
import type { EventRecord } from "../../../../src/core/event.ts";
import { FanOut, type FanOutOptions } from "../../../../src/engine/outbound/fan-out.ts";

const event = { seq: 1, id: "evt_1", type: "deploy.done", data: {} } as unknown as EventRecord;
const count = 20;
const dearMs = 30;

/** Destinations that each take a while to say that they want it; `onAsked` is told which one does. */
function open(onAsked: (index: number) => void): { fanOut: FanOut; created: string[]; removed: Set<string> } {
  let elapsedMs = 0;
  const created: string[] = [];
  const removed = new Set<string>();
  const clock: Clock = {
    ...systemClock,
    now: () => 0,
    elapsed: () => elapsedMs,
    after: (_, work) => systemClock.after(0, work),
  };
  const list = Array.from({ length: count }, (_, index) => ({
    destination: { id: `ep_${index}` },
    isOff: false,
    wants: (): boolean => {
      elapsedMs += dearMs;
      onAsked(index);
      return true;
    },
  }));
  const options = {
    store: {
      commit: async (writes: readonly { type: string; delivery?: { destination: string } }[]) => {
        created.push(...writes.flatMap(({ delivery }) => delivery?.destination ?? []));
      },
      events: { after: async (seq: number) => (seq < 1 ? [event] : []) },
      outbound: { fannedOutTo: async () => 0 },
      onCommitted: () => () => undefined,
    },
    clock,
    logger: { error: () => undefined },
    destinations: {
      list: () => list,
      findState: (id: string) => (removed.has(id) ? undefined : { id, afterSeq: 0, disabledAt: null }),
    },
    newDeliveryId: () => "dlv_1",
    onPending: () => undefined,
  } as unknown as FanOutOptions;
  return { fanOut: new FanOut(options), created, removed };
}

test("others have their turn between dear conditions on one event", async () => {
  const asked: number[] = [];
  const turns: number[] = [];
  const { fanOut } = open((index) => {
    asked.push(index);
    setImmediate(() => turns.push(asked.length));
  });
  await fanOut.start();
  while (turns.length < count) await Bun.sleep(1);
  await fanOut.stop();
  expect(turns).toEqual(Array.from({ length: count }, (_, index) => index + 1));
});

test("a destination that is removed meanwhile gets no delivery", async () => {
  const { fanOut, created, removed } = open((index) => {
    if (index === 5) removed.add("ep_2");
  });
  await fanOut.start();
  while (created.length < count - 1) await Bun.sleep(1);
  await fanOut.stop();
  expect(created).not.toContain("ep_2");
});

test("nobody waits for the rest of the conditions when the server stops", async () => {
  const stopped = Promise.withResolvers<void>();
  let last = 0;
  const { fanOut, created } = open((index) => {
    last = index;
    if (index === 5) void fanOut.stop().then(stopped.resolve);
  });
  await fanOut.start();
  await stopped.promise;
  expect(last).toBe(5);
  expect(created).toEqual([]);
});
