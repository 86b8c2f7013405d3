import { expect, test } from "bun:test";
import { isNewsName } from "../../../src/core/news-name.ts";

test.each(["a", "go-live", "go live", "to/the moon?", "ünïcode 🚀", ".hidden", "...", "x".repeat(100)])(
  "isNewsName() takes %p",
  (name) => expect(isNewsName(name)).toBe(true),
);

test.each(["", ".", "..", "a\nb", "\u0000", "\u007F", "x".repeat(101), "\uD800", "a\uDC00b"])(
  "isNewsName() does not take %p",
  (name) => expect(isNewsName(name)).toBe(false),
);
