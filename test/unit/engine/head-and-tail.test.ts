// The beginning and the end of a stream within a bound.

import { heapStats } from "bun:jsc";
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { HeadAndTail } from "../../../src/engine/head-and-tail.ts";

const letters = "abcdefghijklmnopqrstuvwxyz0123456789";

function fill(limit: number, pieces: readonly number[]): { readonly kept: HeadAndTail; readonly whole: string } {
  const kept = new HeadAndTail(limit);
  let whole = "";
  for (const length of pieces) {
    const piece = Array.from({ length }, (_, index) => letters[(whole.length + index) % letters.length]).join("");
    whole += piece;
    kept.push(Buffer.from(piece));
  }
  return { kept, whole };
}

const pieces = fc.array(fc.nat(30), { maxLength: 20 });

describe("HeadAndTail", () => {
  test("keeps everything up to its limit, exactly and without a marker", () => {
    fc.assert(
      fc.property(pieces, (lengths) => {
        const { kept, whole } = fill(
          Math.max(
            1,
            lengths.reduce((sum, each) => sum + each, 0),
          ),
          lengths,
        );
        expect(kept.text()).toBe(whole);
        expect(kept.dropped).toBe(0);
      }),
    );
  });

  test("keeps exactly the first and the last half of its limit, and counts what lies between", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), pieces, (limit, lengths) => {
        const { kept, whole } = fill(limit, lengths);
        const dropped = Math.max(0, whole.length - limit);
        expect(kept.dropped).toBe(dropped);
        if (dropped === 0) return;
        const tailLength = Math.floor(limit / 2);
        const head = whole.slice(0, Math.ceil(limit / 2));
        const tail = whole.slice(whole.length - tailLength);
        expect(kept.text()).toBe(`${head}\n[… ${dropped} bytes dropped here …]\n${tail}`);
        expect(Buffer.from(kept.tail).toString()).toBe(tail);
      }),
    );
  });

  test("a piece far larger than the limit leaves its own head and tail", () => {
    const { kept, whole } = fill(10, [100_000]);
    expect(kept.text()).toBe(`${whole.slice(0, 5)}\n[… 99990 bytes dropped here …]\n${whole.slice(-5)}`);
  });

  test("what it keeps does not change with the buffer it was given", () => {
    const kept = new HeadAndTail(8);
    const bytes = new TextEncoder().encode("abcdefghijkl");
    kept.push(bytes);
    bytes.fill(120);
    expect(kept.text()).toBe("abcd\n[… 4 bytes dropped here …]\nijkl");
  });

  // `slice` of a Buffer is a view, unlike that of a Uint8Array: it also keeps the whole buffer in memory.
  test("what it keeps does not change with a Buffer it was given", () => {
    const kept = new HeadAndTail(8);
    const buffer = Buffer.from("abcdefghijkl");
    kept.push(buffer);
    buffer.fill("x");
    expect(kept.text()).toBe("abcd\n[… 4 bytes dropped here …]\nijkl");
  });

  test("a character across the middle is whole while nothing is dropped", () => {
    const kept = new HeadAndTail(10);
    kept.push(Buffer.from("aaaa€bbb"));
    expect(kept.text()).toBe("aaaa€bbb");
  });

  test("200 MB in pieces take no more memory than a fraction of them", () => {
    const kept = new HeadAndTail(64 * 1024);
    const piece = new Uint8Array(16 * 1024).fill(65);
    // What is held, as opposed to what the process has not given back yet.
    const held = (): number => {
      Bun.gc(true);
      return heapStats().extraMemorySize;
    };
    const before = held();
    for (let count = 0; count < 12_800; count++) kept.push(piece);
    expect(held() - before).toBeLessThan(10 * 1024 * 1024);
    expect(kept.text().length).toBeLessThan(64 * 1024 + 100);
    expect(kept.dropped).toBe(12_800 * 16 * 1024 - 64 * 1024);
  });

  test("a million single bytes are taken in time that grows with their number only", () => {
    const kept = new HeadAndTail(64 * 1024);
    const one = new Uint8Array([65]);
    const startedAt = performance.now();
    for (let count = 0; count < 1_000_000; count++) kept.push(one);
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(kept.dropped).toBe(1_000_000 - 64 * 1024);
  });

  test("a byte order mark is kept like every other byte", () => {
    const kept = new HeadAndTail(10);
    kept.push(Buffer.from("\uFEFFab"));
    expect(kept.text()).toBe("\uFEFFab");
  });
});
