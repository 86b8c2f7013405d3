// The clock and the random values of a guest, live and in replay.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { ObservedValues } from "../../../src/sandbox/sandbox.ts";
import { ObservedValueSource } from "../../../src/sandbox/process/observed-values.ts";

/** A source whose clock stands at `nowMs` until moved, and whose random bytes count up. */
class Bench {
  nowMs: number;
  made = 0;
  readonly source: ObservedValueSource;

  constructor(recorded: readonly ObservedValues[], nowMs = 1000) {
    this.nowMs = nowMs;
    const randomBytes = (count: number): Uint8Array => new Uint8Array(count).fill(++this.made);
    this.source = new ObservedValueSource(recorded, () => this.nowMs, randomBytes);
  }
}

const never: () => never = () => {
  throw new Error("must not be asked");
};

describe("ObservedValueSource, live", () => {
  test("tells whole milliseconds and records changes only", () => {
    const clock = { ms: 1000.9 };
    const live = new ObservedValueSource(
      [],
      () => clock.ms,
      () => new Uint8Array(),
    );
    expect([live.readClock(), live.readClock()]).toEqual([1000, 1000]);
    clock.ms = 1001.2;
    expect(live.readClock()).toBe(1001);
    expect(live.takeNew()).toEqual({
      clockReads: 3,
      clockChanges: [
        [1, 1000],
        [3, 1001],
      ],
      random: [],
    });
  });

  test("has nothing new where nothing was observed since the last time", () => {
    const { source } = new Bench([]);
    expect(source.takeNew()).toBeNull();
    source.readClock();
    expect(source.takeNew()).not.toBeNull();
    expect(source.takeNew()).toBeNull();
    // A read that saw no change counts too: replay must know how far the recorded value holds.
    source.readClock();
    expect(source.takeNew()).toEqual({ clockReads: 2, clockChanges: [], random: [] });
  });

  test("gives random bytes as base64 of the length asked for", () => {
    const { source } = new Bench([]);
    expect(source.random(3)).toBe("AQEB");
    expect(source.takeNew()).toEqual({ clockReads: 0, clockChanges: [], random: ["AQEB"] });
  });

  test("passes on a clock that goes back", () => {
    const bench = new Bench([]);
    bench.source.readClock();
    bench.nowMs = 500;
    expect(bench.source.readClock()).toBe(500);
  });
});

describe("ObservedValueSource, in replay", () => {
  test("repeats what was recorded without asking anybody, and reports none of it again", () => {
    const recorded: ObservedValues[] = [
      { clockReads: 2, clockChanges: [[1, 10]], random: ["AA=="] },
      { clockReads: 4, clockChanges: [[4, 12]], random: ["BB=="] },
    ];
    const source = new ObservedValueSource(recorded, never, never);
    expect([1, 2, 3, 4].map(() => source.readClock())).toEqual([10, 10, 10, 12]);
    expect([source.random(1), source.random(1)]).toEqual(["AA==", "BB=="]);
    expect(source.takeNew()).toBeNull();
  });

  test("goes on live after the last recorded value, and reports from there", () => {
    const { source } = new Bench([{ clockReads: 2, clockChanges: [[1, 10]], random: ["AA=="] }], 99);
    expect([source.readClock(), source.readClock(), source.readClock()]).toEqual([10, 10, 99]);
    expect([source.random(1), source.random(1)]).toEqual(["AA==", "AQ=="]);
    expect(source.takeNew()).toEqual({ clockReads: 3, clockChanges: [[3, 99]], random: ["AQ=="] });
  });

  test("any sequence of observations, lost at any point, is seen the same way again up to that point", () => {
    const action = fc.constantFrom("clock", "tick", "random", "report");
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const live = new Bench([]);
        const seen: unknown[] = [];
        const reports: ObservedValues[] = [];
        let reported = 0;
        for (const each of actions) {
          if (each === "clock") seen.push(live.source.readClock());
          if (each === "random") seen.push(live.source.random(2));
          if (each === "tick") live.nowMs++;
          if (each !== "report") continue;
          const taken = live.source.takeNew();
          if (taken !== null) reports.push(JSON.parse(JSON.stringify(taken)) as ObservedValues);
          reported = seen.length;
        }
        const again = new Bench(reports, 5_000_000);
        again.made = 1000;
        const repeated = actions
          .filter((each) => each === "clock" || each === "random")
          .slice(0, reported)
          .map((each) => (each === "clock" ? again.source.readClock() : again.source.random(2)));
        expect(repeated).toEqual(seen.slice(0, reported) as never);
        expect(again.source.takeNew()).toBeNull();
      }),
    );
  });
});
