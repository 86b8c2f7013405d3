// Places for requests that are under way.

import { expect, test } from "bun:test";
import { createSendSlots } from "../../../../src/webhooks/outbound/send-slots.ts";

test("whoever comes when all places are taken waits for one, in order", async () => {
  const slots = createSendSlots(2);
  expect([slots.take(undefined), slots.take(undefined)]).toEqual([true, true]);
  const taken: string[] = [];
  const wait = async (name: string): Promise<void> => void ((await slots.take(undefined)) && taken.push(name));
  const all = [wait("first"), wait("second")];
  await Promise.resolve();
  expect(taken).toEqual([]);
  slots.free();
  await all[0];
  expect(taken).toEqual(["first"]);
  slots.free();
  await all[1];
  expect(taken).toEqual(["first", "second"]);
  slots.free();
  slots.free();
  expect(slots.take(undefined)).toBeTrue();
});

test("who leaves or is sent away gets no place, and takes none from others", async () => {
  const slots = createSendSlots(1);
  expect(slots.take(undefined)).toBeTrue();
  const abort = new AbortController();
  const leaving = slots.take(abort.signal);
  const staying = slots.take(undefined);
  abort.abort();
  expect(await leaving).toBeFalse();
  expect(slots.take(abort.signal)).toBeFalse();
  slots.free();
  expect(await staying).toBeTrue();
  const closed = slots.take(undefined);
  slots.close();
  expect(await closed).toBeFalse();
  expect(slots.take(undefined)).toBeFalse();
});
