import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { RateLimiter } from "../../../src/engine/rate-limiter.ts";

function createClock() {
  let now = 5000;
  return { elapsed: () => now, pass: (ms: number) => void (now += ms) };
}

describe("a rate", () => {
  test("lets so many pass at once, then one at a time as fast as that many come in a minute", () => {
    const clock = createClock();
    const limiter = new RateLimiter(clock);
    const take = (): number => limiter.take({ key: "a", perMinute: 60 });
    expect(Array.from({ length: 60 }, take)).toEqual(Array(60).fill(0));
    expect(take()).toBeCloseTo(1000, 3);
    clock.pass(400);
    expect(take()).toBeCloseTo(600, 3);
    clock.pass(600);
    expect([take(), take() > 0]).toEqual([0, true]);
    clock.pass(60_000);
    expect(Array.from({ length: 60 }, take)).toEqual(Array(60).fill(0));
    expect(take()).toBeGreaterThan(0);
  });

  test("is each one's own", () => {
    const limiter = new RateLimiter(createClock());
    expect([
      limiter.take({ key: "a", perMinute: 1 }),
      limiter.take({ key: "b", perMinute: 1 }),
      limiter.take({ key: "a", perMinute: 1 }) > 0,
    ]).toEqual([0, 0, true]);
  });

  test("of a whole network holds beside those of its parts, and who is refused by one takes from none", () => {
    const clock = createClock();
    const limiter = new RateLimiter(clock);
    const take = (key: string): number => limiter.take({ key: "all", perMinute: 3 }, { key, perMinute: 2 });
    expect([take("a"), take("a"), take("a") > 0, take("b")]).toEqual([0, 0, true, 0]);
    expect(take("b")).toBeCloseTo(20_000, 3);
    expect(take("c")).toBeCloseTo(20_000, 3);
    expect(limiter.size).toBe(3);
    clock.pass(20_000);
    expect([take("b"), take("c") > 0]).toEqual([0, true]);
  });

  test("is never exceeded, and whoever waits as long as told passes", () => {
    const steps = fc.array(fc.nat({ max: 3000 }), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), steps, (perMinute, pauses) => {
        const clock = createClock();
        const limiter = new RateLimiter(clock);
        let passed = 0;
        const startedAt = clock.elapsed();
        for (const pause of pauses) {
          clock.pass(pause);
          const waitMs = limiter.take({ key: "a", perMinute });
          if (waitMs > 0) {
            clock.pass(waitMs);
            expect(limiter.take({ key: "a", perMinute })).toBe(0);
          }
          passed++;
          const minutes = (clock.elapsed() - startedAt) / 60_000;
          expect(passed).toBeLessThanOrEqual(perMinute * (1 + minutes) + 0.01);
        }
      }),
    );
  });
});

describe("the memory of rates", () => {
  test("is bounded, and is free again once all could pass anew", () => {
    const clock = createClock();
    const limiter = new RateLimiter(clock, 100);
    for (let sender = 0; sender < 100_000; sender++) limiter.take({ key: `sender ${sender}`, perMinute: 60 });
    expect(limiter.size).toBeLessThanOrEqual(101);
    clock.pass(60_001);
    limiter.take({ key: "a", perMinute: 60 });
    expect(limiter.size).toBe(1);
  });

  test("is not lost by coming from many addresses: who is refused stays refused, and those who come later share one", () => {
    const limiter = new RateLimiter(createClock(), 100);
    for (let count = 0; count < 60; count++) limiter.take({ key: "flooder", perMinute: 60 });
    expect(limiter.take({ key: "flooder", perMinute: 60 })).toBeGreaterThan(0);
    let passed = 0;
    for (let sender = 0; sender < 10_000; sender++)
      if (limiter.take({ key: `sender ${sender}`, perMinute: 60 }) === 0) passed++;
    expect(passed).toBe(99 + 60);
    expect(limiter.take({ key: "flooder", perMinute: 60 })).toBeGreaterThan(0);
  });
});
