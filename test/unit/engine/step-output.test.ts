// The way of a step's output to the log, to followers, to the script and into the result.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { StepOutput } from "../../../src/executors/executors.ts";
import { RunLog } from "../../../src/engine/run-log.ts";
import { StepOutputSink } from "../../../src/engine/step-output.ts";
import type { OutputChunk, Write } from "../../../src/store/store.ts";
import { Redactor } from "../../../src/telemetry/telemetry.ts";

type Stream = StepOutput["stream"];
interface Delivered {
  readonly stream: Stream;
  readonly offset: number;
  readonly length: number;
  readonly text: string;
}

class Bench {
  readonly redactor = new Redactor();
  readonly log = new RunLog();
  readonly stored: (OutputChunk & { readonly seq: number })[] = [];
  readonly delivered: Delivered[] = [];
  /** Effects that wait for their commit, where commits are held. */
  readonly held: (() => void)[] = [];
  holds = false;
  readonly sink: StepOutputSink;
  readonly #ends = { stdout: 0, stderr: 0 };

  constructor(listens = true) {
    this.sink = new StepOutputSink({
      runId: "r",
      stepId: "r.1",
      stepName: "s",
      base: { stdout: 0, stderr: 0 },
      log: this.log,
      now: () => 5,
      redactor: this.redactor,
      record: (writes: readonly Write[], effect) => {
        this.#store(writes);
        if (this.holds) this.held.push(effect);
        else effect();
      },
      deliver: listens
        ? async (stream, offset, length, text) => {
            this.delivered.push({ stream, offset, length, text });
          }
        : undefined,
    });
  }

  async take(bytes: Uint8Array | string, stream: Stream = "stdout"): Promise<void> {
    const piece = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
    const offset = this.#ends[stream];
    this.#ends[stream] += piece.length;
    await this.sink.take({ stream, offset, bytes: piece });
  }

  /** Ends the streams, and stores what comes with the step's end. */
  async finish(): Promise<void> {
    this.#store(await this.sink.finish());
  }

  #store(writes: readonly Write[]): void {
    for (const each of writes) if (each.type === "log.output") this.stored.push({ ...each.chunk, seq: each.seq });
  }

  storedBytes(stream: Stream = "stdout"): Buffer {
    return Buffer.concat(this.stored.filter((chunk) => chunk.stream === stream).map(({ bytes }) => bytes));
  }
}

const mebibyte = 1024 * 1024;

describe("StepOutputSink", () => {
  test("stores, publishes and delivers each piece, and keeps it for the result", async () => {
    const bench = new Bench();
    const follower = bench.log.follow();
    await bench.take("one\n");
    await bench.take("oops\n", "stderr");
    await bench.take("two\n");
    await bench.finish();
    expect(bench.delivered).toEqual([
      { stream: "stdout", offset: 0, length: 4, text: "one\n" },
      { stream: "stderr", offset: 0, length: 5, text: "oops\n" },
      { stream: "stdout", offset: 4, length: 4, text: "two\n" },
    ]);
    expect((await follower.next())?.entries.map(({ seq, source, text }) => [seq, source, text])).toEqual([
      [1, "stdout", "one\n"],
      [2, "stderr", "oops\n"],
      [3, "stdout", "two\n"],
    ]);
    expect([bench.sink.resultText("stdout"), bench.sink.resultText("stderr")]).toEqual(["one\ntwo\n", "oops\n"]);
  });

  test("publishes and delivers nothing before it is durable, and takes the next piece after that only", async () => {
    const bench = new Bench();
    bench.holds = true;
    const follower = bench.log.follow();
    let taken = false;
    const taking = bench.take("one").then(() => (taken = true));
    await Bun.sleep(1);
    expect([taken, bench.delivered.length, bench.held.length]).toEqual([false, 0, 1]);
    bench.held.shift()?.();
    await taking;
    expect(bench.delivered).toHaveLength(1);
    expect((await follower.next())?.entries).toHaveLength(1);
  });

  test("what it delivers can be read again from what it stored, whatever the bytes and pieces", async () => {
    const piece = fc.tuple(fc.uint8Array({ maxLength: 9 }), fc.constantFrom<Stream>("stdout", "stderr"));
    await fc.assert(
      fc.asyncProperty(fc.array(piece), async (pieces) => {
        const bench = new Bench();
        for (const [bytes, stream] of pieces) await bench.take(bytes, stream);
        await bench.finish();
        for (const { stream, offset, length, text } of bench.delivered) {
          const again = bench.storedBytes(stream).subarray(offset, offset + length);
          expect(new TextDecoder().decode(again)).toBe(text);
        }
        for (const stream of ["stdout", "stderr"] as const) {
          const whole = Buffer.concat(pieces.filter((each) => each[1] === stream).map(([bytes]) => bytes));
          expect(bench.storedBytes(stream)).toEqual(whole);
        }
      }),
    );
  });

  test("a character that comes in two pieces is delivered as one", async () => {
    const bench = new Bench();
    const bytes = Buffer.from("a€b");
    await bench.take(bytes.subarray(0, 2));
    await bench.take(bytes.subarray(2));
    await bench.finish();
    expect(bench.delivered.map(({ text }) => text)).toEqual(["a", "€b"]);
  });

  test("half a character at the end of a stream is passed on all the same", async () => {
    const bench = new Bench();
    await bench.take(new Uint8Array([0x61, 0xe2, 0x82]));
    await bench.finish();
    expect(bench.storedBytes()).toEqual(Buffer.from([0x61, 0xe2, 0x82]));
    expect(bench.delivered.map(({ text }) => text).join("")).toBe("a\uFFFD");
  });

  test("a script that does not listen is delivered nothing, and the log is the same", async () => {
    const bench = new Bench(false);
    await bench.take("one");
    await bench.finish();
    expect([bench.delivered, bench.storedBytes().toString()]).toEqual([[], "one"]);
  });

  test("the result keeps 1 MiB a stream, head and tail", async () => {
    const bench = new Bench(false);
    await bench.take("a".repeat(mebibyte));
    await bench.take("b".repeat(mebibyte));
    const text = bench.sink.resultText("stdout");
    const half = mebibyte / 2;
    expect(text).toBe(`${"a".repeat(half)}\n[… ${mebibyte} bytes dropped here …]\n${"b".repeat(half)}`);
  });
});

/** 24 MiB in pieces of 64 KiB, each of one letter. */
async function takeMuch(bench: Bench): Promise<void> {
  for (let index = 0; index < 384; index++) {
    await bench.take(Buffer.alloc(64 * 1024, 97 + (index % 26)));
  }
  await bench.finish();
}

describe("of 24 MiB of output", () => {
  test("the log keeps 8 MiB of the head at once and 8 MiB of the rest at the end, with a marker", async () => {
    const bench = new Bench();
    await takeMuch(bench);
    const stored = bench.storedBytes();
    expect(stored.length).toBeWithin(16 * mebibyte - 100, 16 * mebibyte + 100);
    expect(stored.includes(`[… ${8 * mebibyte} bytes dropped here …]`)).toBe(true);
    expect(stored.at(-1)).toBe(97 + (383 % 26));
  });

  test("the script is delivered only what is stored at the same place", async () => {
    const bench = new Bench();
    await takeMuch(bench);
    const last = bench.delivered.at(-1);
    expect((last?.offset ?? 0) + (last?.length ?? 0)).toBe(8 * mebibyte);
  });

  test("the numbers of its log entries increase", async () => {
    const bench = new Bench();
    await takeMuch(bench);
    const numbers = bench.stored.map(({ seq }) => seq);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  test("no entry of the tail is larger than 64 KiB", async () => {
    const bench = new Bench(false);
    await takeMuch(bench);
    expect(Math.max(...bench.stored.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(64 * 1024);
  });

  test("a follower gets no byte twice: live, and again from the stored tail", async () => {
    const bench = new Bench();
    const follower = bench.log.follow();
    let [lastSeq, published] = [0, 0];
    const drain = async (): Promise<void> => {
      for (const { seq, source, text } of (await follower.next())?.entries ?? []) {
        if (source === "stdout") published += text.length;
        lastSeq = seq;
      }
    };
    for (let index = 0; index < 160; index++) {
      await bench.take(Buffer.alloc(64 * 1024, 97));
      await drain();
    }
    await bench.finish();
    const afterwards = bench.stored
      .filter(({ seq }) => seq > lastSeq)
      .reduce((sum, { bytes }) => sum + bytes.length, 0);
    expect(published + afterwards).toBe(160 * 64 * 1024);
  });
});

test("bytes that are no text keep their places in the tail, apart from those of the head", async () => {
  const bench = new Bench();
  for (let index = 0; index < 160; index++) await bench.take(Buffer.alloc(64 * 1024, 0xff));
  await bench.finish();
  const tail = bench.stored.filter(({ offset }, index) => index > 0 && offset < (bench.stored[index - 1]?.offset ?? 0));
  expect(tail).toEqual([]);
});

test("a byte order mark reaches the script like every other character", async () => {
  const bench = new Bench();
  await bench.take("\uFEFFa");
  await bench.finish();
  expect(bench.delivered.map(({ text }) => text)).toEqual(["\uFEFFa"]);
});

describe("output with a secret in it", () => {
  const secret = "s3cret-é-value";

  test("is masked where it is stored, published, delivered and kept for the result", async () => {
    const bench = new Bench();
    bench.redactor.add("env:A", secret);
    const follower = bench.log.follow();
    const whole = Buffer.from(`a ${secret} b`);
    // Cut inside a character of the secret too.
    for (const [from, to] of [
      [0, 6],
      [6, 10],
      [10, 11],
      [11, 40],
    ] as const)
      await bench.take(whole.subarray(from, to));
    await bench.finish();
    const text = "a *** b";
    expect([bench.storedBytes().toString(), bench.sink.resultText("stdout")]).toEqual([text, text]);
    expect(bench.delivered.map((each) => each.text).join("")).toBe(text);
    const { entries } = (await follower.next()) ?? { entries: [] };
    expect(entries.map((entry) => entry.text).join("")).toBe(text);
  });

  test("is stored with the place in what was written, from the first mask on", async () => {
    const bench = new Bench();
    bench.redactor.add("env:A", secret);
    await bench.take("abc\n");
    await bench.take(`${secret}\n`);
    await bench.take("s3c");
    expect(bench.stored.map(({ offset, taken }) => [offset, taken])).toEqual([
      [0, undefined],
      [4, 4 + Buffer.byteLength(secret) + 1],
    ]);
    expect(bench.sink.taken).toEqual({ stdout: 4 + Buffer.byteLength(secret) + 1, stderr: 0 });
  });

  test("goes on in a later life where it was held back, and is the same as in one life, wherever that ended", async () => {
    const parts = fc.array(fc.constantFrom(secret, "s3cret", "-é", "é", "x", "\n", "***"), { maxLength: 12 });
    const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(parts, lengths, fc.nat(30), fc.nat(40), async (texts, cuts, pieces, earlier) => {
        const whole = Buffer.from(texts.join(""));
        const first = new Bench();
        first.redactor.add("env:A", secret);
        let at = 0;
        for (let turn = 0; turn < pieces && at < whole.length; turn++) {
          const next = at + (cuts[turn % cuts.length] ?? 1);
          await first.take(whole.subarray(at, next));
          at = next;
        }
        const { offset = 0, bytes = new Uint8Array(), taken = null } = first.stored.at(-1) ?? {};
        const stored = offset + bytes.length;
        const second = new Bench();
        second.redactor.add("env:A", secret);
        const nothing = { stored: 0, taken: null };
        await second.sink.resume({
          ends: { stdout: { stored, taken }, stderr: nothing },
          delivered: { stdout: Math.min(earlier, stored), stderr: 0 },
          read: async (_, from, length) => first.storedBytes().subarray(from, from + length),
        });
        const position = second.sink.taken.stdout;
        expect(position).toBe(taken ?? stored);
        await second.sink.take({ stream: "stdout", offset: position, bytes: whole.subarray(position) });
        await second.finish();
        expect(Buffer.concat([first.storedBytes(), second.storedBytes()]).toString()).toBe(
          second.redactor.text(whole.toString()),
        );
        expect(second.sink.resultText("stdout")).toBe(second.redactor.text(whole.toString()));
        for (const chunk of second.stored.slice(0, 1)) expect(chunk.offset).toBe(stored);
      }),
      { numRuns: 500 },
    );
  });
});
