// The body of an upload.

import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import { isJsonUpload, parseFileUpload, parseJsonUpload } from "../../../src/server/parse-upload.ts";

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const failure = (action: () => unknown): AppError => {
  try {
    action();
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
  }
  throw new Error("it should have failed");
};

describe("isJsonUpload()", () => {
  test.each([
    ["application/json", true],
    ["Application/JSON; charset=utf-8", true],
    ["application/vnd.x+json", true],
    [undefined, false],
    ["", false],
    ["text/plain", false],
    ["application/x-www-form-urlencoded", false],
    ["application/jsonp", false],
    ["text/json-like", false],
  ])("of %p is %p", (contentType, expected) => {
    expect(isJsonUpload(contentType)).toBe(expected);
  });
});

describe("parseJsonUpload()", () => {
  test("takes the text, and what is said of extension and secret", () => {
    expect(parseJsonUpload(bytes({ source: "x" }))).toEqual({ source: "x", extension: ".ts" });
    expect(parseJsonUpload(bytes({ source: "", extension: ".mjs", webhook_secret: "s" }))).toEqual({
      source: "",
      extension: ".mjs",
      webhookSecret: "s",
    });
    expect(parseJsonUpload(bytes({ source: "x", extension: "js", webhook_secret: null }))).toEqual({
      source: "x",
      extension: ".js",
      webhookSecret: null,
    });
  });

  test.each([
    ["an array", [], "body"],
    ["no source", {}, "source"],
    ["a source that is no text", { source: 1 }, "source"],
    ["another extension", { source: "x", extension: ".sh" }, "extension"],
    ["an extension with a path", { source: "x", extension: "/../../x.ts" }, "extension"],
    ["an unknown field", { source: "x", secret: "hunter2" }, "secret"],
    ["a secret that is no text", { source: "x", webhook_secret: ["hunter2"] }, "webhook_secret"],
  ])("refuses %s without repeating its value", (_what, body, field) => {
    const error = failure(() => parseJsonUpload(bytes(body)));
    expect([error.code, error.details["field"]]).toEqual(["VALIDATION_FAILED", field]);
    expect(error.message).not.toContain("hunter2");
  });
});

describe("parseFileUpload()", () => {
  test("takes the body as the file's text", () => {
    const body = new TextEncoder().encode("export const ä = 1;\n");
    const source = "export const ä = 1;\n";
    expect(parseFileUpload(body, undefined, undefined)).toEqual({ source, extension: ".ts" });
    expect(parseFileUpload(body, "text/plain", "js")).toEqual({ source, extension: ".js" });
  });

  test.each([
    ["bytes that are no text", new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe]), undefined, ".ts", "body"],
    ["a form", new Uint8Array(3), "multipart/form-data; boundary=x", ".ts", "body"],
    ["another extension", new Uint8Array(3), undefined, ".py", "extension"],
  ])("refuses %s", (_what, body, contentType, extension, field) => {
    const error = failure(() => parseFileUpload(body, contentType, extension));
    expect([error.code, error.details["field"]]).toEqual(["VALIDATION_FAILED", field]);
  });
});
