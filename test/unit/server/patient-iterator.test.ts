// Waiting for a while without losing what comes later.

import { expect, test } from "bun:test";
import { systemClock } from "../../../src/core/clock.ts";
import { PatientIterator } from "../../../src/server/patient-iterator.ts";

function openSource() {
  const asked: PromiseWithResolvers<IteratorResult<number>>[] = [];
  let returned = 0;
  const source: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next() {
        const answer = Promise.withResolvers<IteratorResult<number>>();
        asked.push(answer);
        return answer.promise;
      },
      return: async () => {
        returned++;
        return { done: true, value: undefined };
      },
    }),
  };
  return { source, asked, returned: () => returned };
}

test("a value that comes after the wait is given by a later call, and the source was asked once", async () => {
  const { source, asked } = openSource();
  const iterator = new PatientIterator(source, { clock: systemClock, signal: new AbortController().signal });
  expect(await iterator.next(5)).toBeUndefined();
  expect(await iterator.next(5)).toBeUndefined();
  expect(asked).toHaveLength(1);
  asked[0]?.resolve({ done: false, value: 7 });
  expect(await iterator.next(10_000)).toEqual({ done: false, value: 7 });
});

test("a value that arrives between two calls is not lost", async () => {
  const { source, asked } = openSource();
  const iterator = new PatientIterator(source, { clock: systemClock, signal: new AbortController().signal });
  await iterator.next(1);
  asked[0]?.resolve({ done: false, value: 7 });
  await Bun.sleep(1);
  expect(await iterator.next(10_000)).toEqual({ done: false, value: 7 });
});

test("the signal ends a wait at once and tells the source", async () => {
  const { source, returned } = openSource();
  const abort = new AbortController();
  const iterator = new PatientIterator(source, { clock: systemClock, signal: abort.signal });
  const next = iterator.next(60_000);
  abort.abort();
  expect(await next).toEqual({ done: true, value: undefined });
  expect(returned()).toBe(1);
});

test("a source is not asked when the signal was aborted before", async () => {
  const { source, asked } = openSource();
  const iterator = new PatientIterator(source, { clock: systemClock, signal: AbortSignal.abort() });
  expect(await iterator.next(60_000)).toEqual({ done: true, value: undefined });
  expect(asked).toHaveLength(0);
});

test("what the source throws is thrown by the call that meets it", async () => {
  const { source, asked } = openSource();
  const iterator = new PatientIterator(source, { clock: systemClock, signal: new AbortController().signal });
  await iterator.next(1);
  asked[0]?.reject(new Error("disk gone"));
  await Bun.sleep(1);
  expect(iterator.next(1)).rejects.toThrow("disk gone");
});
