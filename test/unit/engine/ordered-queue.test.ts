// A queue that gives its items in their order, whatever was added to it and taken out of it in between.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { OrderedQueue } from "../../../src/engine/ordered-queue.ts";

interface Item {
  readonly id: number;
  rank: number;
}

const before = (a: Item, b: Item): boolean => (a.rank === b.rank ? a.id < b.id : a.rank < b.rank);

test("any additions and removals leave the others in their order", () => {
  const action = fc.oneof(
    { weight: 3, arbitrary: fc.record({ type: fc.constant("add" as const), rank: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("remove" as const), pick: fc.nat(50) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("shift" as const) }) },
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
      const queue = new OrderedQueue<Item>(before);
      let model: Item[] = [];
      for (const [id, each] of actions.entries()) {
        if (each.type === "add") {
          const item = { id, rank: each.rank };
          queue.add(item);
          model.push(item);
        }
        const gone =
          each.type === "add"
            ? undefined
            : each.type === "shift"
              ? queue.first
              : model[each.pick % Math.max(1, model.length)];
        if (gone !== undefined) expect(queue.remove(gone)).toBe(true);
        model = model.filter((item) => item !== gone).toSorted((a, b) => (before(a, b) ? -1 : 1));
        expect(queue.first).toBe(model[0] as Item);
        expect(queue.size).toBe(model.length);
      }
      expect(queue.list()).toEqual(model);
    }),
  );
});

test("an item that compares otherwise since it was added can still be taken out", () => {
  const queue = new OrderedQueue<Item>(before);
  const items = Array.from({ length: 20 }, (_, id) => ({ id, rank: id }));
  for (const item of items) queue.add(item);
  const [first, , third] = items as [Item, Item, Item];
  third.rank = 100;
  expect(queue.remove(third)).toBe(true);
  queue.add(third);
  expect(queue.list().at(-1)).toBe(third);
  expect(queue.first).toBe(first);
});

test("what is not there cannot be taken out", () => {
  const queue = new OrderedQueue<Item>(before);
  expect(queue.remove({ id: 1, rank: 1 })).toBe(false);
  expect(queue.first).toBeUndefined();
  queue.add({ id: 1, rank: 1 });
  queue.clear();
  expect([queue.size, queue.first]).toEqual([0, undefined]);
});
