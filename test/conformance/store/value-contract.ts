// The part of the store's contract about the values that scripts keep.

import { describe, expect, test } from "bun:test";
import type { JsonValue } from "../../../src/core/json.ts";
import type { Subject } from "./subject.ts";

export function testValues(subject: Subject): void {
  describe("values", () => {
    const values: readonly JsonValue[] = [null, false, 0, -1.5, 1e300, "", "ü\u0000", [], {}, { a: [{ b: null }] }];

    test("any JSON value is kept, and a missing one is undefined", async () => {
      for (const [index, value] of values.entries()) {
        await subject.store.commit([{ type: "value.set", pipeline: "deploy", key: `k${index}`, value }]);
        expect(await subject.store.values.get("deploy", `k${index}`)).toEqual(value);
      }
      expect(await subject.store.values.get("deploy", "missing")).toBeUndefined();
      expect(await subject.store.values.get("other", "k1")).toBeUndefined();
    });

    test("a value is replaced by the next and gone when deleted", async () => {
      const set = (value: number) => ({ type: "value.set", pipeline: "deploy", key: "k", value }) as const;
      await subject.store.commit([set(1)]);
      await subject.store.commit([set(2)]);
      expect(await subject.store.values.get("deploy", "k")).toBe(2);
      await subject.store.commit([{ type: "value.delete", pipeline: "deploy", key: "k" }]);
      expect(await subject.store.values.get("deploy", "k")).toBeUndefined();
      expect(await subject.store.values.keys("deploy", "")).toEqual([]);
    });

    test("keys are those of the pipeline with the prefix, in order of code points", async () => {
      const keys = [
        "a",
        "a%",
        "a/1",
        "a/10",
        "a/2",
        "a/\u{10ffff}",
        "a/\u{10ffff}x",
        "a0",
        "A",
        "b",
        "",
        "\uff5e",
        "😀",
      ];
      await subject.store.commit([
        ...keys.map((key) => ({ type: "value.set", pipeline: "deploy", key, value: 1 }) as const),
        { type: "value.set", pipeline: "other", key: "a/3", value: 1 },
      ]);
      const list = (prefix: string) => subject.store.values.keys("deploy", prefix);
      expect(await list("a/")).toEqual(["a/1", "a/10", "a/2", "a/\u{10ffff}", "a/\u{10ffff}x"]);
      expect(await list("a%")).toEqual(["a%"]);
      expect(await list("")).toEqual([
        "",
        "A",
        "a",
        "a%",
        "a/1",
        "a/10",
        "a/2",
        "a/\u{10ffff}",
        "a/\u{10ffff}x",
        "a0",
        "b",
        "\uff5e",
        "😀",
      ]);
      expect(await list("zzz")).toEqual([]);
    });

    test("at most 10,000 keys are listed", async () => {
      await subject.store.commit(
        Array.from({ length: 10_050 }, (_, index) => ({
          type: "value.set",
          pipeline: "p",
          key: `k${index}`,
          value: 1,
        })),
      );
      expect((await subject.store.values.keys("p", "k")).length).toBe(10_000);
    });
  });
}
