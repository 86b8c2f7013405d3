// The order and the number of the runs that execute.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Dispatcher } from "../../../src/engine/dispatcher.ts";

/** A dispatcher whose runs are ended by the test. */
class Bench {
  readonly dispatcher: Dispatcher;
  /** Ids in the order they began. */
  readonly begun: string[] = [];
  readonly executing = new Map<string, string>();

  constructor(limit: number) {
    this.dispatcher = new Dispatcher(limit);
  }

  submit(id: string, pipeline = "p", limit?: number): void {
    const begin = (): void => {
      this.begun.push(id);
      this.executing.set(id, pipeline);
    };
    this.dispatcher.submit({ id, pipeline, limit, begin });
  }

  end(id: string): void {
    const pipeline = this.executing.get(id);
    if (pipeline === undefined) throw new Error(`${id} does not execute`);
    this.executing.delete(id);
    this.dispatcher.release(pipeline);
  }
}

describe("Dispatcher", () => {
  test("begins at once what is within the limit, and the rest in order of submission", () => {
    const bench = new Bench(2);
    for (const id of ["a", "b", "c", "d"]) bench.submit(id, id);
    expect(bench.begun).toEqual(["a", "b"]);
    bench.end("b");
    bench.end("a");
    expect(bench.begun).toEqual(["a", "b", "c", "d"]);
  });

  test("lets other pipelines pass one that is at its own limit", () => {
    const bench = new Bench(10);
    for (const id of ["a1", "a2", "a3"]) bench.submit(id, "a", 1);
    bench.submit("b1", "b", 1);
    bench.submit("c1", "c");
    expect(bench.begun).toEqual(["a1", "b1", "c1"]);
    bench.end("a1");
    expect(bench.begun).toEqual(["a1", "b1", "c1", "a2"]);
  });

  test("a free place goes to who has waited longest over all pipelines", () => {
    const bench = new Bench(1);
    bench.submit("x", "x");
    for (const [id, pipeline] of [
      ["a1", "a"],
      ["b1", "b"],
      ["a2", "a"],
    ] as const)
      bench.submit(id, pipeline);
    for (const id of ["x", "a1", "b1", "a2"]) bench.end(id);
    expect(bench.begun).toEqual(["x", "a1", "b1", "a2"]);
  });

  test("the limit on all runs holds also where the pipelines have room", () => {
    const bench = new Bench(3);
    for (let index = 0; index < 10; index++) bench.submit(`r${index}`, `p${index}`, 5);
    expect(bench.executing.size).toBe(3);
  });

  test("runs of one pipeline never overtake each other when its limit has been raised meanwhile", () => {
    const bench = new Bench(10);
    bench.submit("old1", "a", 1);
    bench.submit("old2", "a", 1);
    bench.submit("new1", "a", 3);
    bench.submit("new2", "a", 3);
    expect(bench.begun).toEqual(["old1"]);
    bench.end("old1");
    expect(bench.begun).toEqual(["old1", "old2", "new1", "new2"]);
  });

  test("a lowered limit holds for the runs that were submitted with it", () => {
    const bench = new Bench(10);
    bench.submit("old1", "a");
    bench.submit("old2", "a");
    bench.submit("new1", "a", 1);
    bench.end("old1");
    expect(bench.begun).toEqual(["old1", "old2"]);
    bench.end("old2");
    expect(bench.begun).toEqual(["old1", "old2", "new1"]);
  });
});

describe("withdraw()", () => {
  test("takes out what waits, once, and nothing that has begun or is unknown", () => {
    const bench = new Bench(1);
    for (const id of ["a", "b", "c"]) bench.submit(id);
    expect(bench.dispatcher.withdraw("b")?.id).toBe("b");
    expect(bench.dispatcher.withdraw("b")).toBeUndefined();
    expect(bench.dispatcher.withdraw("a")).toBeUndefined();
    expect(bench.dispatcher.withdraw("unknown")).toBeUndefined();
    bench.end("a");
    expect(bench.begun).toEqual(["a", "c"]);
  });

  test("lets begin what the withdrawn run held up", () => {
    const bench = new Bench(10);
    bench.submit("old1", "a", 1);
    bench.submit("old2", "a", 1);
    bench.submit("new1", "a", 3);
    bench.dispatcher.withdraw("old2");
    expect(bench.begun).toEqual(["old1", "new1"]);
  });
});

describe("release()", () => {
  test("of a pipeline that executes nothing makes no place", () => {
    const bench = new Bench(1);
    bench.dispatcher.release("a");
    bench.submit("a", "a");
    bench.dispatcher.release("unknown");
    bench.submit("b", "b");
    bench.dispatcher.release("b");
    expect(bench.begun).toEqual(["a"]);
  });

  test("within begin() lets the next begin", () => {
    const dispatcher = new Dispatcher(1);
    const begun: number[] = [];
    for (let index = 0; index < 5; index++) {
      const begin = (): void => {
        begun.push(index);
        dispatcher.release("p");
      };
      dispatcher.submit({ id: String(index), pipeline: "p", limit: 1, begin });
    }
    expect(begun).toEqual([0, 1, 2, 3, 4]);
  });
});

test("after stop() nothing begins any more, whatever ends or comes", () => {
  const bench = new Bench(1);
  bench.submit("a");
  bench.submit("b");
  bench.dispatcher.stop();
  bench.submit("c");
  bench.end("a");
  expect(bench.begun).toEqual(["a"]);
  expect(bench.dispatcher.withdraw("b")).toBeUndefined();
});

test("any order of submissions, ends and withdrawals keeps both limits, leaves no place unused and loses no run", () => {
  const pipeline = fc.constantFrom("a", "b", "c");
  const action = fc.oneof(
    { weight: 3, arbitrary: fc.record({ type: fc.constant("submit" as const), pipeline }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant("end" as const), pick: fc.nat(100) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("withdraw" as const), pick: fc.nat(100) }) },
  );
  const limits: Readonly<Record<string, number | undefined>> = { a: 1, b: 2, c: undefined };
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(action, { maxLength: 60 }), (limit, actions) => {
      const bench = new Bench(limit);
      const waiting = new Map<string, string>();
      const room = (name: string): boolean => {
        const executing = [...bench.executing.values()].filter((each) => each === name).length;
        return executing < (limits[name] ?? limit);
      };
      for (const [index, each] of actions.entries()) {
        const known = bench.begun.length;
        if (each.type === "submit") {
          waiting.set(`r${index}`, each.pipeline);
          bench.submit(`r${index}`, each.pipeline, limits[each.pipeline]);
        } else if (each.type === "end") {
          const id = [...bench.executing.keys()][each.pick % Math.max(1, bench.executing.size)];
          if (id !== undefined) bench.end(id);
        } else {
          const id = [...waiting.keys()][each.pick % Math.max(1, waiting.size)];
          if (id !== undefined) expect(bench.dispatcher.withdraw(id)?.id).toBe(id);
          if (id !== undefined) waiting.delete(id);
        }
        for (const id of bench.begun.slice(known)) {
          // Nobody of the same pipeline was waiting before it.
          const [first] = [...waiting].find(([, name]) => name === waiting.get(id)) ?? [];
          expect(first).toBe(id);
          waiting.delete(id);
        }
        expect(bench.executing.size).toBeLessThanOrEqual(limit);
        for (const name of ["a", "b"]) {
          const executing = [...bench.executing.values()].filter((value) => value === name).length;
          expect(executing).toBeLessThanOrEqual(limits[name] ?? 0);
        }
        if (bench.executing.size < limit) expect([...waiting.values()].some(room)).toBe(false);
      }
    }),
    { numRuns: 300 },
  );
});

/** Milliseconds to run as many short runs of one pipeline past `blocked` runs of another that is at its limit. */
function timePassing(blocked: number): number {
  const bench = new Bench(64);
  for (let index = 0; index < blocked; index++) bench.submit(`blocked${index}`, "busy", 1);
  const startedAt = performance.now();
  for (let index = 0; index < 20_000; index++) {
    bench.submit(`r${index}`, "other");
    bench.end(`r${index}`);
  }
  return performance.now() - startedAt;
}

test("a queue of 50,000 runs at their limit does not slow down the others", () => {
  timePassing(10);
  const startedAt = performance.now();
  timePassing(50_000);
  // Walking through the queue each time took 17 s here; a fixed cost per run takes 60 ms.
  expect(performance.now() - startedAt).toBeLessThan(2000);
});

test("50,000 queued runs of one pipeline are worked off, and withdrawn, in time that grows with their number only", () => {
  const bench = new Bench(64);
  const startedAt = performance.now();
  for (let index = 0; index < 50_000; index++) bench.submit(`r${index}`, "busy", 1);
  for (let index = 0; index < 50_000; index++) bench.end(`r${index}`);
  expect(bench.begun).toHaveLength(50_000);
  for (let index = 0; index < 5000; index++) bench.submit(`s${index}`, "busy", 1);
  for (let index = 4999; index > 0; index--) bench.dispatcher.withdraw(`s${index}`);
  expect(performance.now() - startedAt).toBeLessThan(2000);
});
