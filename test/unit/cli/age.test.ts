// How long ago something was, for people.

import { expect, test } from "bun:test";
import { formatAge, formatAgo } from "../../../src/cli/age.ts";

test.each([
  [999, "now", "just now"],
  [-5000, "now", "just now"],
  [1000, "1 s", "1 s ago"],
  [59_999, "59 s", "59 s ago"],
  [200_000, "3 min 20 s", "3 min 20 s ago"],
  [47 * 3_600_000, "47 h 0 min", "47 h 0 min ago"],
  [49 * 3_600_000, "2 d", "2 d ago"],
])("%d ms are %s, or %s", (ms, age, ago) => {
  expect([formatAge(ms), formatAgo(ms)]).toEqual([age, ago]);
});
