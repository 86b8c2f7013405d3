// From stacks of bundled code to the author's lines.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { findAuthorPosition } from "../../../src/sandbox/author-position.ts";

/** Line 1 columns 1 and 9 are deploy.ts:7:3 and lib/tools.ts:2:1; line 2 has no source; line 3 is deploy.ts:8:1. */
const sourceMap = JSON.stringify({
  version: 3,
  sources: ["deploy.ts", "lib/tools.ts"],
  names: [],
  mappings: "AAME,QCLF;;ADMA",
});

let maps = 0;
function find(stack: string) {
  return findAuthorPosition(stack, `map ${maps++}`, sourceMap);
}

describe("findAuthorPosition()", () => {
  test.each([
    ["    at pipeline (deploy:1:1)\n", { file: "deploy.ts", line: 7, column: 3 }],
    ["    at helper (deploy:1:9)\n    at pipeline (deploy:1:1)\n", { file: "lib/tools.ts", line: 2, column: 1 }],
    ["    at deploy:3:1", { file: "deploy.ts", line: 8, column: 1 }],
    ["    at home/backup:1:1\n", { file: "deploy.ts", line: 7, column: 3 }],
    // The guest's own code, native functions and generated lines come before the author's.
    [
      "    at call (<runner>:1:1)\n    at map (native)\n    at deploy:2:1\n    at f (deploy:1:1)\n",
      { file: "deploy.ts", line: 7, column: 3 },
    ],
  ])("finds in %p %j", (stack, position) => {
    expect(find(stack)).toEqual(position);
  });

  test.each([
    "",
    "no frame",
    "    at f (native)",
    "    at call (<runner>:1:1)",
    "    at deploy:2:5",
    "    at deploy:99:1",
  ])("finds nothing in %p", (stack) => {
    expect(find(stack)).toBeNull();
  });

  test.each(["", "{", "null", "[]", '{"version":3}'])("finds nothing with the broken map %p", (map) => {
    expect(findAuthorPosition("    at f (deploy:1:1)", `broken ${map}`, map)).toBeNull();
  });

  test("keeps the maps of different bundles apart, also when there are more than it remembers", () => {
    for (let round = 0; round < 2; round++) {
      for (let index = 0; index < 60; index++) {
        const map = JSON.stringify({ version: 3, sources: [`${index}.ts`], names: [], mappings: "AAAA" });
        expect(findAuthorPosition("at f (x:1:1)", `many ${index}`, map)?.file).toBe(`${index}.ts`);
      }
    }
  });

  // A script may set the stack of what it throws to any text.
  test("does not throw, whatever the stack says", () => {
    const frame = fc.stringMatching(/^ {4}at f \(x:\d{1,3}:\d{1,3}\)$/);
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), frame, fc.constant("at f (x:0:0)"))), (lines) => {
        find(lines.join("\n"));
      }),
    );
  });

  test("ten times as long a line takes about ten times as long", () => {
    const measure = (length: number): number => {
      const startedAt = performance.now();
      find("x:1:".repeat(length));
      return performance.now() - startedAt;
    };
    const best = (length: number): number => Math.min(measure(length), measure(length), measure(length));
    // By its square, 30,000 characters take a quarter of a second, and the megabyte that a script may throw five minutes.
    expect(best(7500)).toBeLessThan(30 * best(750) + 20);
  });
});
