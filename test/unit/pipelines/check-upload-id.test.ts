// Which ids an upload may have.

import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import { checkUploadId } from "../../../src/pipelines/check-upload-id.ts";

describe("checkUploadId()", () => {
  const good = [
    "deploy",
    "home/backup",
    "a",
    "1",
    "A-b_c.e",
    "lib",
    "home/lib",
    "a/b/c/d/e/f/g/h",
    "x".repeat(200),
    "v1.2",
  ];
  test.each(good)("takes %s", (id) => {
    expect(() => checkUploadId(id)).not.toThrow();
  });

  test.each([
    "",
    "/",
    "/etc/passwd",
    "home/",
    "home//backup",
    ".",
    "..",
    "../x",
    "home/../../x",
    "home/./x",
    "x/..",
    ".hidden",
    "home/.hidden",
    "_draft",
    "_drafts/x",
    "lib/x",
    "home/lib/x",
    "node_modules/x",
    "home/node_modules",
    "deploy.ts",
    "deploy.mjs",
    "types.d",
    "deploy.ts/x",
    "a b",
    "a\0b",
    "a\nb",
    "a\\b",
    "ä",
    "a:b",
    "%2e%2e",
    "~",
    "-x",
    "a/b/c/d/e/f/g/h/i",
    "x".repeat(201),
  ])("refuses %j", (id) => {
    expect(() => checkUploadId(id)).toThrow(AppError);
  });
});
