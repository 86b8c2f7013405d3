// Where a browser may be sent to.

import { expect, test } from "bun:test";
import { localPath, relativeAddress } from "../../../src/server/local-address.ts";

test.each([
  ["/login", "/swagger", "./swagger"],
  ["/swagger/json", "/login?next=%2Fswagger", "../login?next=%2Fswagger"],
  ["/", "/swagger", "./swagger"],
  ["/a/b/c", "/", "../../"],
])("from %s to %s is %s", (from, to, address) => {
  expect(relativeAddress(from, to)).toBe(address);
  for (const base of ["http://nas", "https://example.com/runner"]) {
    expect(new URL(address, base + from).href).toBe(base + to);
  }
});

test.each(["/", "/swagger", "/swagger/json?a=b&c", "/api/runs/%2F", "/a/../b"])("%s is on this server", (path) => {
  expect(localPath(path, "/home")).toBe(path);
});

test.each([
  "//evil.example",
  "/\\evil.example",
  "\\\\evil.example",
  "https://evil.example",
  "javascript:alert(1)",
  "swagger",
  "",
  " /swagger",
  "/\t/evil.example",
  "/a\r\nset-cookie: x",
  '/"><script>',
  "/#token=x",
  `/${"a".repeat(600)}`,
  null,
  undefined,
])("%j is not", (path) => {
  expect(localPath(path, "/home")).toBe("/home");
});
