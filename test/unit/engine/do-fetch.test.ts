// Which fetches may be made a second time, and after what.

import { describe, expect, test } from "bun:test";
import { isRepeatableFetch, mayFetchPass } from "../../../src/engine/do-fetch.ts";

describe("isRepeatableFetch()", () => {
  test("holds for the idempotent methods alone, unless the script says otherwise", () => {
    const isRepeatable = (method: string, more = {}): boolean => isRepeatableFetch({ method, ...more });
    for (const method of ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]) expect(isRepeatable(method)).toBe(true);
    for (const method of ["POST", "PATCH", "PURGE"]) expect(isRepeatable(method)).toBe(false);
    expect(isRepeatable("POST", { onInterrupt: "retry" })).toBe(true);
    expect(isRepeatable("GET", { onInterrupt: "fail" })).toBe(false);
  });
});

describe("mayFetchPass()", () => {
  test.each(["FETCH_FAILED", "FETCH_TIMEOUT", 408, 429, 500, 502, 503, 504, 599])("%p may pass", (code) => {
    expect(mayFetchPass(code)).toBe(true);
  });

  test.each(["VALUE_TOO_LARGE", "SECRET_MISSING", "INTERNAL", 200, 304, 400, 401, 404, 409])("%p stays", (code) => {
    expect(mayFetchPass(code)).toBe(false);
  });
});
