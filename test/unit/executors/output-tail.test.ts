// Following one file: growth, truncation, holes.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { appendFileSync, closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OutputTail } from "../../../src/executors/process/output-tail.ts";

let dir = "";
let file = "";
let fd = 0;
let tail: OutputTail;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "runner-tail-"));
  file = join(dir, "stdout");
  fd = openSync(file, "a+");
  tail = new OutputTail({ stream: "stdout", fd, onEmptied: () => {} });
});
afterEach(() => {
  closeSync(fd);
  rmSync(dir, { recursive: true });
});

async function readAll(): Promise<string> {
  const texts: string[] = [];
  tail.measure();
  for (let piece = await tail.read(1e9); piece; piece = await tail.read(1e9))
    texts.push(Buffer.from(piece.bytes).toString());
  return texts.join("");
}

describe("a tail", () => {
  test("reads what was there when it was measured, and the rest after it is measured again", async () => {
    appendFileSync(file, "one ");
    tail.measure();
    appendFileSync(file, "two");
    expect(Buffer.from((await tail.read(100))?.bytes ?? []).toString()).toBe("one ");
    expect(await tail.read(100)).toBeNull();
    expect(await readAll()).toBe("two");
  });

  test("counts offsets over pieces, and never reads more than asked", async () => {
    appendFileSync(file, "abcdefg");
    tail.measure();
    expect(await tail.read(3)).toEqual({ stream: "stdout", offset: 0, bytes: new Uint8Array([97, 98, 99]) });
    expect(await tail.read(0)).toBeNull();
    expect((await tail.read(100))?.offset).toBe(3);
    expect(tail.totalBytes).toBe(7);
  });

  test("keeps order over a backlog longer than a piece", async () => {
    const text = Array.from({ length: 50_000 }, (_, i) => `line ${i}`).join("\n");
    appendFileSync(file, text);
    expect((await readAll()) === text).toBe(true);
  });

  test("reads a file from its beginning once it has become shorter", async () => {
    appendFileSync(file, "long beginning");
    await readAll();
    writeFileSync(file, "new");
    expect(await readAll()).toBe("new");
    expect(tail.totalBytes).toBe(17);
  });

  test("reads a file from its beginning once it was emptied, also where it has grown longer since", async () => {
    appendFileSync(file, "first\n");
    await readAll();
    writeFileSync(file, "second\nthird\n");
    expect(await readAll()).toBe("second\nthird\n");
  });

  test("does not wait for bytes that were cut off after it measured", async () => {
    appendFileSync(file, "to be cut");
    tail.measure();
    truncateSync(file, 0);
    expect(await tail.read(100)).toBeNull();
    expect(tail.unreadBytes).toBe(0);
  });

  test("reads a hole as zeros", async () => {
    truncateSync(file, 100_000);
    expect(await readAll()).toBe("\0".repeat(100_000));
  });
});

describe("a tail that goes on after an earlier life", () => {
  const text = new TextEncoder();
  let emptiedAt: number[] = [];
  beforeEach(() => (emptiedAt = []));

  function goOn(taken: string, { fileStart = 0, isSteady = false } = {}): void {
    const start = { taken: { bytes: taken.length, last: text.encode(taken).slice(-64) }, fileStart };
    const onEmptied = (offset: number): void => void emptiedAt.push(offset);
    tail = new OutputTail({ stream: "stdout", fd, start, ...(isSteady ? {} : { onEmptied }) });
  }

  test("reads from the byte after what was taken, wherever that ends", async () => {
    appendFileSync(file, "x".repeat(100) + "abcdef");
    goOn("x".repeat(100) + "abc");
    tail.measure();
    expect(await tail.read(100)).toEqual({ stream: "stdout", offset: 103, bytes: text.encode("def") });
    expect([tail.totalBytes, emptiedAt]).toEqual([106, []]);
  });

  test("reads all of a file that is shorter, or does not have what was taken where it was", async () => {
    for (const there of ["new", "something else, and longer"]) {
      writeFileSync(file, there);
      goOn("what was taken");
      expect(await readAll()).toBe(there);
      expect(tail.totalBytes).toBe(14 + there.length);
    }
    expect(emptiedAt).toEqual([14, 14]);
  });

  test("believes in a place that nothing is known of but its number", async () => {
    writeFileSync(file, "abcdef");
    const start = { taken: { bytes: 3, last: new Uint8Array(0) }, fileStart: 0 };
    tail = new OutputTail({ stream: "stdout", fd, start, onEmptied: () => {} });
    expect(await readAll()).toBe("def");
  });

  test("counts from where the file begins in the stream", async () => {
    writeFileSync(file, "second third");
    goOn("first second", { fileStart: 6 });
    expect(await readAll()).toBe(" third");
    expect(emptiedAt).toEqual([]);
  });

  test("reads all of a file that begins after what is known to have been taken, and says where it begins now", async () => {
    writeFileSync(file, "second");
    goOn("fir", { fileStart: 6 });
    expect(await readAll()).toBe("second");
    expect([tail.totalBytes, emptiedAt]).toEqual([9, [3]]);
  });

  test("waits for a file that is written once more to become as long as it was", async () => {
    goOn("what was taken", { isSteady: true });
    expect(await readAll()).toBe("");
    appendFileSync(file, "what was ");
    expect(await readAll()).toBe("");
    appendFileSync(file, "taken, and more");
    expect(await readAll()).toBe(", and more");
  });
});
