// Which keys are remembered.

import { expect, test } from "bun:test";
import { RecentKeys } from "../../../src/engine/recent-keys.ts";

test("the newest keys are remembered by their bytes, the oldest are forgotten", () => {
  const recent = new RecentKeys(3);
  const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
  for (const byte of [1, 2, 3, 2, 4]) recent.add(key(byte));
  expect([1, 2, 3, 4].map((byte) => recent.has(key(byte)))).toEqual([false, true, true, true]);
});
