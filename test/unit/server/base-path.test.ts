// Addresses with and without the path of the public address.

import { expect, test } from "bun:test";
import { basePathOf, missingSlash, publicPath, withoutBasePath } from "../../../src/server/base-path.ts";

test.each([
  [null, ""],
  ["https://example.org", ""],
  ["https://example.org/", ""],
  ["https://example.org/a/b/", "/a/b"],
])("the base path of %p is %p", (url, path) => {
  expect(basePathOf(url)).toBe(path);
  expect(publicPath(url, "/api/x")).toBe(`${path}/api/x`);
});

test.each([
  ["http://h/base/api/x?y", "/base", "http://h/api/x?y"],
  ["http://h/base", "/base", "http://h/"],
  ["http://h/base?x", "/base", "http://h/?x"],
  ["http://h/base/base/x", "/base", "http://h/base/x"],
  ["http://h/basement/x", "/base", null],
  ["http://h/api/x", "/base", null],
  ["http://h", "/base", null],
  ["http://h/?/base/x", "/base", null],
  ["http://base/base/x", "/base", "http://base/x"],
  ["http://h/api/webhooks/x", "/api", null],
  ["http://h/api/api/webhooks/x", "/api", "http://h/api/webhooks/x"],
])("%p without %p is %p", (url, base, expected) => expect(withoutBasePath(url, base)).toBe(expected));

test.each([
  ["http://h/base", "/base", "./base/"],
  ["http://h/a/base?x=/", "/a/base", "./base/?x=/"],
  ["http://h/base/", "/base", null],
  ["http://h/base/x", "/base", null],
  ["http://h/bas", "/base", null],
  ["http://h/", "/base", null],
  ["http://h/api", "/api", null],
])("%p below %p leads to %p", (url, base, expected) => expect(missingSlash(url, base)).toBe(expected));
