// Addresses taken apart.

import { describe, expect, test } from "bun:test";
import { decodeId, parseQuery, splitTarget } from "../../../src/server/request-path.ts";

test.each([
  ["http://nas/api/x?a=1&b=2", "/api/x?a=1&b=2", "/api/x", "a=1&b=2"],
  ["http://a/", "/", "/", ""],
  ["http://[::1]:8080/x?", "/x?", "/x", ""],
  ["http://a", "/", "/", ""],
  ["http://a/x?y=/z?w", "/x?y=/z?w", "/x", "y=/z?w"],
])("splitTarget() splits %s", (absolute, url, path, search) => {
  expect(splitTarget(absolute)).toEqual({ url, path, search });
});

describe("decodeId()", () => {
  test.each([
    ["home/backup", "home/backup"],
    ["home%2Fbackup", "home/backup"],
    ["home%2fbackup", "home/backup"],
    ["home/backup/", "home/backup"],
    ["h%C3%BCtte", "hütte"],
    ["home%252Fbackup", "home%2Fbackup"],
    ["", ""],
  ])("%s is %s", (encoded, id) => {
    expect(decodeId(encoded)).toBe(id);
  });

  test.each(["%", "a%2", "%ff", "%zz"])("%s is refused", (encoded) => {
    expect(() => decodeId(encoded)).toThrow(expect.objectContaining({ code: "BAD_REQUEST" }));
  });
});

describe("parseQuery()", () => {
  test("takes the first value and decodes it", () => {
    expect({ ...parseQuery("a=1&a=2&b=x+y%26&c") }).toEqual({ a: "1", b: "x y&", c: "" });
  });

  test("has no names but those given", () => {
    expect(parseQuery("__proto__=x")["__proto__"]).toBe("x");
    expect(parseQuery("")["constructor"]).toBeUndefined();
  });
});
