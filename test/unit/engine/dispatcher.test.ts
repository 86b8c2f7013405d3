// The order and the number of the runs that execute.

import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import { DispatcherBench as Bench } from "./dispatcher-bench.ts";

describe("Dispatcher", () => {
  test("begins at once what is within the limit, and the rest in order of submission", () => {
    const bench = new Bench(2);
    bench.submitAll("a b c d");
    expect(bench.begun).toEqual(["a", "b"]);
    bench.end("b");
    bench.end("a");
    expect(bench.begun).toEqual(["a", "b", "c", "d"]);
  });

  test("lets others pass runs whose key is at its limit", () => {
    const bench = new Bench(10);
    bench.submitAll("a1 a2 a3", { key: "a" });
    bench.submit("b1", { key: "b" });
    bench.submit("c1");
    expect(bench.begun).toEqual(["a1", "b1", "c1"]);
    bench.end("a1");
    expect(bench.begun).toEqual(["a1", "b1", "c1", "a2"]);
  });

  test("a key holds over pipelines", () => {
    const bench = new Bench(10);
    bench.submit("a", { key: "k", pipeline: "a" });
    bench.submit("b", { key: "k", pipeline: "b" });
    expect(bench.begun).toEqual(["a"]);
    bench.end("a");
    expect(bench.begun).toEqual(["a", "b"]);
  });

  test("a free slot goes to who has waited longest over all keys", () => {
    const bench = new Bench(1);
    bench.submit("x");
    bench.submit("a1", { key: "a", limit: 9 });
    bench.submit("b1", { key: "b", limit: 9 });
    bench.submit("a2", { key: "a", limit: 9 });
    bench.submit("y");
    for (const id of ["x", "a1", "b1", "a2", "y"]) bench.end(id);
    expect(bench.begun).toEqual(["x", "a1", "b1", "a2", "y"]);
  });

  test("the limit on all runs holds also where the keys have room", () => {
    const bench = new Bench(3);
    for (let index = 0; index < 10; index++) bench.submit(`r${index}`, { key: `k${index}`, limit: 5 });
    expect(bench.executing.size).toBe(3);
  });

  test("runs with one key never overtake each other when its limit has been raised meanwhile", () => {
    const bench = new Bench(10);
    bench.submitAll("old1 old2", { key: "a", limit: 1 });
    bench.submitAll("new1 new2", { key: "a", limit: 3 });
    expect(bench.begun).toEqual(["old1"]);
    bench.end("old1");
    expect(bench.begun).toEqual(["old1", "old2", "new1", "new2"]);
  });

  test("a lowered limit holds for the runs that were submitted with it", () => {
    const bench = new Bench(10);
    bench.submitAll("old1 old2", { key: "a", limit: undefined });
    bench.submit("new1", { key: "a", limit: 1 });
    bench.end("old1");
    expect(bench.begun).toEqual(["old1", "old2"]);
    bench.end("old2");
    expect(bench.begun).toEqual(["old1", "old2", "new1"]);
  });
});

describe("priorities", () => {
  test("a higher one begins earlier, those of the same in order of submission", () => {
    const bench = new Bench(1);
    bench.submit("x");
    bench.submit("low", { priority: -1 });
    bench.submit("a");
    bench.submit("high1", { priority: 5 });
    bench.submit("b");
    bench.submit("high2", { priority: 5 });
    for (const id of ["x", "high1", "high2", "a", "b", "low"]) bench.end(id);
    expect(bench.begun).toEqual(["x", "high1", "high2", "a", "b", "low"]);
  });

  test("hold among runs with one key, and over keys", () => {
    const bench = new Bench(1);
    bench.submit("x", { key: "k" });
    bench.submit("k1", { key: "k" });
    bench.submit("other", { key: "o", priority: 1 });
    bench.submit("k2", { key: "k", priority: 2 });
    for (const id of ["x", "k2", "other", "k1"]) bench.end(id);
    expect(bench.begun).toEqual(["x", "k2", "other", "k1"]);
  });

  test("of a run whose key is at its limit hold up nobody else", () => {
    const bench = new Bench(2);
    bench.submit("k1", { key: "k" });
    bench.submit("k2", { key: "k", priority: 100 });
    bench.submit("other", { priority: -100 });
    expect(bench.begun).toEqual(["k1", "other"]);
  });
});

describe("park()", () => {
  test("gives the slot back and keeps the key until the run has ended", () => {
    const bench = new Bench(1);
    bench.submitAll("k1 k2", { key: "k" });
    bench.submit("other");
    bench.park("k1");
    expect(bench.begun).toEqual(["k1", "other"]);
    bench.end("other");
    expect(bench.begun).toEqual(["k1", "other"]);
    bench.dispatcher.release("k1");
    expect(bench.begun).toEqual(["k1", "other", "k2"]);
  });

  test("of a run that is resumed later: it needs a slot alone, and goes before new ones of its priority", () => {
    const bench = new Bench(1);
    bench.submitAll("k1 k2", { key: "k" });
    bench.park("k1");
    bench.submit("x");
    bench.submit("y");
    bench.submit("urgent", { priority: 1 });
    bench.submit("k1", { key: "k", resumed: true });
    bench.end("x");
    bench.end("urgent");
    bench.end("k1");
    bench.end("k2");
    expect(bench.begun).toEqual(["k1", "x", "urgent", "k1", "k2", "y"]);
  });

  test("of many runs leaves half of the slots to new ones when they all come back", () => {
    const bench = new Bench(4);
    for (let index = 0; index < 100; index++) bench.submit(`old${index}`, { resumed: true });
    expect(bench.begun).toEqual(["old0", "old1", "old2", "old3"]);
    bench.submit("new1");
    bench.submit("new2");
    bench.end("old0");
    bench.end("old1");
    expect(bench.begun.slice(4)).toEqual(["new1", "new2"]);
    bench.end("old2");
    expect(bench.begun.at(-1)).toBe("old4");
    bench.submit("new3");
    bench.end("old4");
    expect(bench.begun.at(-1)).toBe("old5");
    bench.end("new1");
    expect(bench.begun.at(-1)).toBe("new3");
  });

  test("of a run that does not execute changes nothing", () => {
    const bench = new Bench(1);
    bench.submitAll("a b");
    bench.dispatcher.park("b");
    bench.dispatcher.park("unknown");
    expect(bench.begun).toEqual(["a"]);
  });
});

describe("a run of an earlier life of the server", () => {
  test("that waits holds its key from the beginning", () => {
    const bench = new Bench(4);
    bench.dispatcher.hold("k0", "k");
    bench.submit("k1", { key: "k" });
    expect(bench.begun).toEqual([]);
    expect(bench.dispatcher.usersOf("k").holding).toEqual(["k0"]);
    bench.submit("k0", { key: "k", resumed: true });
    expect(bench.begun).toEqual(["k0"]);
    bench.end("k0");
    expect(bench.begun).toEqual(["k0", "k1"]);
  });

  test("that was executing holds its key while it waits for a slot, beyond the limit too", () => {
    const bench = new Bench(1);
    bench.submit("x");
    bench.submit("k1", { key: "k", resumed: true });
    bench.submit("k2", { key: "k", resumed: true });
    bench.submit("k3", { key: "k", priority: 100 });
    bench.end("x");
    bench.end("k1");
    bench.end("k2");
    expect(bench.begun).toEqual(["x", "k1", "k2", "k3"]);
  });

  test("that ends without having begun again frees its key", () => {
    const bench = new Bench(1);
    bench.submit("x");
    bench.submit("k0", { key: "k", resumed: true });
    bench.submit("k1", { key: "k" });
    bench.dispatcher.release("k0");
    bench.end("x");
    expect(bench.begun).toEqual(["x", "k1"]);
  });
});

describe("checkRoom()", () => {
  const refusal = (bench: Bench, key: string | null = null): string => {
    try {
      bench.dispatcher.checkRoom({ key, limit: key === null ? undefined : 1 });
      return "room";
    } catch (thrown) {
      return thrown instanceof AppError ? `${thrown.code}: ${thrown.message}` : String(thrown);
    }
  };

  test("refuses a run that would have to wait where no more may", () => {
    const bench = new Bench(1, 2);
    bench.submitAll("a b");
    expect(refusal(bench)).toBe("room");
    bench.submit("c");
    expect(refusal(bench)).toBe("QUEUE_FULL: 2 runs wait for their beginning, and no more may");
    bench.end("a");
    expect(refusal(bench)).toBe("room");
  });

  test("does not refuse a run that could begin at once, whatever waits behind another key", () => {
    const bench = new Bench(3, 2);
    bench.submitAll("k1 k2 k3", { key: "k" });
    expect(refusal(bench)).toBe("room");
    expect(refusal(bench, "other")).toBe("room");
    expect(refusal(bench, "k")).toStartWith("QUEUE_FULL");
  });

  test("refuses a run with a higher limit than those of its key that wait before it", () => {
    const bench = new Bench(9, 1);
    bench.submitAll("k1 k2", { key: "k", limit: 1 });
    expect(() => bench.dispatcher.checkRoom({ key: "k", limit: 3 })).toThrow("no more may");
  });

  test("does not count runs that have begun before, nor those that were withdrawn", () => {
    const bench = new Bench(1, 2);
    bench.submitAll("a b");
    bench.submit("old", { resumed: true });
    expect(refusal(bench)).toBe("room");
    bench.submit("c");
    expect(refusal(bench)).toStartWith("QUEUE_FULL");
    bench.dispatcher.withdraw("b");
    expect(refusal(bench)).toBe("room");
  });
});

describe("withdraw()", () => {
  test("takes out what waits, once, and nothing that has begun or is unknown", () => {
    const bench = new Bench(1);
    bench.submitAll("a b c");
    expect(bench.dispatcher.withdraw("b")?.run.id).toBe("b");
    expect(bench.dispatcher.withdraw("b")).toBeUndefined();
    expect(bench.dispatcher.withdraw("a")).toBeUndefined();
    expect(bench.dispatcher.withdraw("unknown")).toBeUndefined();
    bench.end("a");
    expect(bench.begun).toEqual(["a", "c"]);
  });

  test("lets begin what the withdrawn run held up", () => {
    const bench = new Bench(10);
    bench.submitAll("old1 old2", { key: "a", limit: 1 });
    bench.submit("new1", { key: "a", limit: 3 });
    bench.dispatcher.withdraw("old2");
    expect(bench.begun).toEqual(["old1", "new1"]);
  });

  test("can be taken back: the run waits in its old place", () => {
    const bench = new Bench(1);
    bench.submitAll("a b c");
    const withdrawn = bench.dispatcher.withdraw("b");
    bench.submit("d");
    withdrawn?.putBack();
    for (const id of ["a", "b", "c", "d"]) bench.end(id);
    expect(bench.begun).toEqual(["a", "b", "c", "d"]);
  });

  test("leaves a run that has begun before: it has something to be told", () => {
    const bench = new Bench(1);
    bench.submit("a");
    bench.submit("old", { resumed: true });
    expect(bench.dispatcher.withdraw("old")).toBeUndefined();
    bench.end("a");
    expect(bench.begun).toEqual(["a", "old"]);
  });
});

describe("release()", () => {
  test("of a run that does not execute makes no slot", () => {
    const bench = new Bench(1);
    bench.dispatcher.release("a");
    bench.submit("a");
    bench.dispatcher.release("unknown");
    bench.submit("b");
    expect(bench.begun).toEqual(["a"]);
    bench.dispatcher.release("b");
    bench.end("a");
    expect(bench.begun).toEqual(["a"]);
  });

  test("within begin() lets the next begin", () => {
    const { dispatcher } = new Bench(1);
    const begun: number[] = [];
    for (let index = 0; index < 5; index++) {
      const id = String(index);
      const begin = (): void => {
        begun.push(index);
        dispatcher.release(id);
      };
      dispatcher.submit({ id, pipeline: "p", key: "k", limit: 1, priority: 0, depth: 0, begin });
    }
    expect(begun).toEqual([0, 1, 2, 3, 4]);
  });
});

test("usersOf() names those who hold a key in the order they came to, and those who will", () => {
  const bench = new Bench(10);
  bench.submitAll("a b c d", { key: "k", limit: 2 });
  bench.submit("urgent", { key: "k", limit: 2, priority: 1 });
  const users = bench.dispatcher.usersOf("k");
  expect(users.holding).toEqual(["a", "b"]);
  expect(users.queued.map(({ id }) => id)).toEqual(["urgent", "c", "d"]);
  expect(bench.dispatcher.usersOf("unknown")).toEqual({ holding: [], queued: [] });
});

test("after stop() nothing begins any more, whatever ends or comes", () => {
  const bench = new Bench(1);
  bench.submitAll("a b");
  const withdrawn = bench.dispatcher.withdraw("b");
  bench.dispatcher.stop();
  bench.submit("c");
  withdrawn?.putBack();
  bench.end("a");
  expect(bench.begun).toEqual(["a"]);
  expect(bench.dispatcher.withdraw("b")).toBeUndefined();
});
