// Places for requests that are under way, and who gets them.

import { expect, test } from "bun:test";
import { createSendSlots, type SendPlace, type SendSlots } from "../../../../src/webhooks/outbound/send-slots.ts";
import { AheadClock } from "../../../fixtures/harness/ahead-clock.ts";

const clock = new AheadClock();

function take(slots: SendSlots, receiver: string): SendPlace {
  const place = slots.take(receiver, undefined);
  if (place === null || place instanceof Promise) throw new Error(`${receiver} has to wait`);
  return place;
}

/** Its requests have taken so long. */
function pass(slots: SendSlots, receiver: string, ms: number): void {
  const place = take(slots, receiver);
  clock.advance(ms);
  place.free();
}

test("whoever comes when all places are taken waits for one, in order", async () => {
  const slots = createSendSlots(clock, 4);
  const places = ["a", "b", "c"].map((name) => take(slots, name));
  const taken: string[] = [];
  const wait = async (name: string): Promise<void> => {
    const place = await slots.take(name, undefined);
    if (place === null) return;
    taken.push(name);
    places.push(place);
  };
  const all = [wait("first"), wait("second")];
  await Promise.resolve();
  expect(taken).toEqual([]);
  places[0]?.free();
  await all[0];
  expect(taken).toEqual(["first"]);
  places[1]?.free();
  await all[1];
  expect(taken).toEqual(["first", "second"]);
});

test("who leaves or is sent away gets no place, and takes none from others", async () => {
  const slots = createSendSlots(clock, 1);
  const first = take(slots, "a");
  const abort = new AbortController();
  const leaving = slots.take("b", abort.signal);
  const staying = slots.take("c", undefined);
  abort.abort();
  expect(await leaving).toBeNull();
  expect(slots.take("b", abort.signal)).toBeNull();
  first.free();
  expect(await staying).not.toBeNull();
  const closed = slots.take("d", undefined);
  slots.close();
  expect(await closed).toBeNull();
  expect(slots.take("d", undefined)).toBeNull();
});

test("one that hangs has several places only while few are taken, and others one each", () => {
  const slots = createSendSlots(clock, 40);
  const names = Array.from({ length: 30 }, (_, number) => `hanging ${number}`);
  for (const name of names) for (let sent = 0; sent < 4; sent++) void slots.take(name, undefined);
  // 10 of the places went to the first few, 20 to one each of others, and whoever was quick finds one.
  expect(slots.take("unknown", undefined)).toBeInstanceOf(Promise);
  const quick = createSendSlots(clock, 40);
  pass(quick, "quick", 0);
  for (const name of names) for (let sent = 0; sent < 4; sent++) void quick.take(name, undefined);
  take(quick, "quick");
});

test("slow ones have half of the places together, whether they were quick before or not", () => {
  const slots = createSendSlots(clock, 20);
  const names = Array.from({ length: 15 }, (_, number) => `r${number}`);
  for (const name of names) pass(slots, name, 0);
  const places = names.map((name) => take(slots, name));
  expect(slots.take("quick so far", undefined)).not.toBeInstanceOf(Promise);
  // All of them take long now: that is noticed while they hang.
  clock.advance(6000);
  for (const place of places) place.free();
  const again = names.map((name) => slots.take(name, undefined));
  expect(again.filter((place) => !(place instanceof Promise)).length).toBeLessThanOrEqual(10);
  take(slots, "another");
});

test("a place that becomes free goes to who has none before who waits for another one", async () => {
  const slots = createSendSlots(clock, 4);
  const held = ["a", "b", "c"].map((name) => take(slots, name));
  const order: string[] = [];
  const more = [1, 2].map(async () => void ((await slots.take("a", undefined)) && order.push("a")));
  const other = (async () => void ((await slots.take("d", undefined)) && order.push("d")))();
  held[1]?.free();
  await other;
  expect(order).toEqual(["d"]);
  slots.close();
  await Promise.all(more);
});

test("one that was slow has its full share again after a request that was quick", async () => {
  const slots = createSendSlots(clock, 40);
  pass(slots, "slow", 6000);
  for (let number = 0; number < 12; number++) take(slots, `hanging ${number}`);
  const first = take(slots, "slow");
  const second = slots.take("slow", undefined);
  expect(second).toBeInstanceOf(Promise);
  first.free();
  expect(await second).not.toBeNull();
  take(slots, "slow");
});
