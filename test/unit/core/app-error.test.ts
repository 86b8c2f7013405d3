// The error class and the table of its codes.

import { describe, expect, test } from "bun:test";
import { AppError, type ErrorCode, errorClasses, errorCodes, toAppError } from "../../../src/core/app-error.ts";

describe("the table", () => {
  test("every code has a class with an HTTP error status and a non-zero exit code", () => {
    for (const code of Object.keys(errorCodes) as ErrorCode[]) {
      const { httpStatus, exitCode } = new AppError(code, "x").class;
      expect(httpStatus).toBeWithin(400, 600);
      expect(exitCode).toBeWithin(1, 126);
    }
  });

  test("only what may pass by itself is retryable", () => {
    const retryable = Object.entries(errorClasses).filter(([, { retryable: may }]) => may);
    expect(retryable.map(([kind]) => kind).toSorted()).toEqual(["limited", "timeout", "unavailable"]);
    expect(new AppError("STORE_UNAVAILABLE", "x").class.retryable).toBe(true);
    expect(new AppError("INTERNAL", "x").class.retryable).toBe(false);
  });
});

describe("AppError", () => {
  test("is an Error with a code, and has a cause only where one is given", () => {
    const cause = new Error("below");
    const error = new AppError("NOT_FOUND", "no such thing", { hint: "look elsewhere", details: { a: 1 }, cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code: "NOT_FOUND", message: "no such thing", hint: "look elsewhere" });
    expect(error.details).toEqual({ a: 1 });
    expect(error.cause).toBe(cause);
    const bare = new AppError("USAGE", "x");
    expect("cause" in bare).toBe(false);
    expect([bare.hint, bare.details]).toEqual([undefined, {}]);
  });
});

describe("toAppError()", () => {
  test("leaves an AppError as it is", () => {
    const error = new AppError("USAGE", "x");
    expect(toAppError(error)).toBe(error);
  });

  test.each([
    ["an Error", new TypeError("broken"), "broken"],
    ["a text", "text", "text"],
    ["undefined", undefined, "undefined"],
    ["null", null, "null"],
    ["a number", 7, "7"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
  ])("makes INTERNAL of %s and keeps it as the cause", (_, thrown, message) => {
    const error = toAppError(thrown);
    expect(error).toMatchObject({ code: "INTERNAL", message, hint: expect.stringContaining("report") });
    expect(error.cause).toBe(thrown as never);
  });

  test("makes INTERNAL also of what has no text", () => {
    expect(toAppError(Object.create(null)).code).toBe("INTERNAL");
  });
});
