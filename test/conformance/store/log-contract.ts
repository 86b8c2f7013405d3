// The part of the store's contract about the log of a run and the output of its steps.

import { describe, expect, test } from "bun:test";
import type { Write } from "../../../src/store/store.ts";
import { rejection } from "../../unit/store/store-files.ts";
import { createRun, type Subject } from "./subject.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function output(runId: string, seq: number, offset: number, bytes: Uint8Array, stream: "stdout" | "stderr"): Write {
  const chunk = { stepId: `${runId}.4`, stream, offset, bytes };
  return { type: "log.output", runId, seq, at: seq * 10, stepName: "build", chunk };
}

export function testLogs(subject: Subject): void {
  describe("logs", () => {
    test("lines and output are listed together in order of their numbers", async () => {
      const { id: runId } = await createRun(subject.store);
      await subject.store.commit([
        output(runId, 3, 0, encode("err\n"), "stderr"),
        { type: "log.line", runId, seq: 1, at: 10, source: "console", level: "warn", text: "a\u0000b ü" },
        output(runId, 2, 0, encode("out\n"), "stdout"),
        { type: "log.line", runId, seq: 9, at: 90, source: "system", level: "error", text: "" },
      ]);
      const none = { stepId: null, stepName: null };
      const step = { stepId: `${runId}.4`, stepName: "build", level: "info" };
      const entries = await subject.store.logs.list(runId, { afterSeq: 0, limit: 100 });
      expect(entries as readonly unknown[]).toEqual([
        { seq: 1, at: 10, source: "console", level: "warn", ...none, text: "a\u0000b ü" },
        { seq: 2, at: 20, source: "stdout", ...step, text: "out\n" },
        { seq: 3, at: 30, source: "stderr", ...step, text: "err\n" },
        { seq: 9, at: 90, source: "system", level: "error", ...none, text: "" },
      ]);
    });

    test("a list goes on after a given entry and ends at its limit", async () => {
      const { id: runId } = await createRun(subject.store);
      await subject.store.commit(
        [1, 2, 4, 8, 16].map((seq) => ({
          type: "log.line",
          runId,
          seq,
          at: 1,
          source: "console",
          level: "info",
          text: "",
        })),
      );
      const seqs = async (afterSeq: number, limit: number): Promise<readonly number[]> =>
        (await subject.store.logs.list(runId, { afterSeq, limit })).map(({ seq }) => seq);
      expect(await seqs(0, 2)).toEqual([1, 2]);
      expect(await seqs(2, 2)).toEqual([4, 8]);
      expect(await seqs(5, 100)).toEqual([8, 16]);
      expect(await seqs(16, 100)).toEqual([]);
      for (const limit of [0, 10_001, 0.5]) {
        expect(await rejection(seqs(0, limit))).toMatchObject({ code: "BAD_REQUEST" });
      }
    });

    test("the last number is the greatest of this run's entries, and 0 without any", async () => {
      const [{ id: runId }, { id: other }] = [await createRun(subject.store), await createRun(subject.store)];
      await subject.store.commit([
        output(runId, 7, 0, encode("x"), "stdout"),
        { type: "log.line", runId: other, seq: 99, at: 1, source: "console", level: "info", text: "" },
      ]);
      expect(await subject.store.logs.lastSeq(runId)).toBe(7);
      expect(await subject.store.logs.lastSeq("nope")).toBe(0);
    });

    test("two entries of a run cannot have one number", async () => {
      const { id: runId } = await createRun(subject.store);
      await subject.store.commit([output(runId, 1, 0, encode("x"), "stdout")]);
      const again = subject.store.commit([output(runId, 1, 1, encode("y"), "stdout")]);
      expect(await rejection(again)).toMatchObject({ code: "INTERNAL" });
    });

    test("output is read as the exact bytes between two offsets, across chunks and per stream", async () => {
      const { id: runId } = await createRun(subject.store);
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
      await subject.store.commit([
        output(runId, 1, 0, bytes.subarray(0, 100), "stdout"),
        output(runId, 2, 0, encode("other stream"), "stderr"),
        output(runId, 3, 100, new Uint8Array(), "stdout"),
        output(runId, 4, 100, bytes.subarray(100, 101), "stdout"),
        output(runId, 5, 101, bytes.subarray(101), "stdout"),
      ]);
      const read = (offset: number, length: number) =>
        subject.store.logs.readOutput(`${runId}.4`, "stdout", offset, length);
      for (const [offset, length] of [
        [0, 256],
        [0, 0],
        [99, 3],
        [100, 1],
        [101, 10],
        [255, 1],
        [17, 4],
        [50, 500],
      ] as const) {
        expect(await read(offset, length)).toEqual(bytes.slice(offset, offset + length));
      }
      expect(await read(256, 10)).toEqual(new Uint8Array());
      expect(decode(await subject.store.logs.readOutput(`${runId}.4`, "stderr", 6, 6))).toBe("stream");
      expect(await subject.store.logs.readOutput(`${runId}.5`, "stdout", 0, 10)).toEqual(new Uint8Array());
    });

    test("bytes that were dropped from the middle are left out of what is read", async () => {
      const { id: runId } = await createRun(subject.store);
      await subject.store.commit([
        output(runId, 1, 0, encode("head"), "stdout"),
        output(runId, 2, 1_000_000_000_000, encode("tail"), "stdout"),
      ]);
      const read = async (offset: number, length: number) =>
        decode(await subject.store.logs.readOutput(`${runId}.4`, "stdout", offset, length));
      expect(await read(2, 2_000_000_000_000)).toBe("adtail");
      expect(await read(100, 1000)).toBe("");
      expect(await read(1_000_000_000_001, 2)).toBe("ai");
    });

    test("the end of a step's output is that of its last chunk, in what is stored and in what was written", async () => {
      const { id: runId } = await createRun(subject.store);
      const ends = () => subject.store.logs.outputEnds(`${runId}.4`);
      const nothing = { stored: 0, taken: null };
      expect(await ends()).toEqual({ stdout: nothing, stderr: nothing });
      const masked = output(runId, 2, 4, encode("***"), "stdout") as Extract<Write, { type: "log.output" }>;
      await subject.store.commit([
        output(runId, 1, 0, encode("key="), "stdout"),
        { ...masked, chunk: { ...masked.chunk, taken: 30 } },
        output(runId, 3, 0, encode("err"), "stderr"),
      ]);
      expect(await ends()).toEqual({ stdout: { stored: 7, taken: 30 }, stderr: { stored: 3, taken: null } });
    });

    test("a chunk that ends inside a character is listed with a replacement and read exactly", async () => {
      const { id: runId } = await createRun(subject.store);
      const bytes = encode("\ufeffaü");
      await subject.store.commit([output(runId, 1, 0, bytes.subarray(0, 5), "stdout")]);
      expect((await subject.store.logs.list(runId, { afterSeq: 0, limit: 1 }))[0]?.text).toBe("\ufeffa\ufffd");
      expect(await subject.store.logs.readOutput(`${runId}.4`, "stdout", 0, 9)).toEqual(bytes.slice(0, 5));
    });
  });
}
