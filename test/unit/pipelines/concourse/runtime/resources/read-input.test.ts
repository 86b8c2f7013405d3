// Files of artifacts that the params of a put name, and steps of resources that have to succeed.

import { expect, test } from "bun:test";
import { finish } from "../../../../../../src/pipelines/concourse/runtime/resources/finish.ts";
import { readInput } from "../../../../../../src/pipelines/concourse/runtime/resources/read-input.ts";
import { rejection } from "../../../../store/store-files.ts";

const inputs = {
  a: { name: "a", path: "/a", readFiles: async (path: string) => ({ [path]: `contents of ${path}` }) },
};

test("a file is read by its artifact and its path; none is asked for where there is no param", async () => {
  expect(await readInput("./a//b/c", inputs)).toBe("contents of b/c");
  expect([await readInput(undefined, inputs), await readInput(null, inputs)]).toEqual([null, null]);
});

test.each([
  ["a", 'there is no "a": artifacts here are a'],
  ["b/c", 'there is no "b/c"'],
  ["/a/b", '"/a/b" must be a path in an artifact'],
  ["a/../b", '"a/../b" must be a path in an artifact'],
  [["a/b"], "the path of a file must be a text"],
])("%p is no file", async (file, message) => {
  expect(await rejection(readInput(file, inputs))).toMatchObject({ message: expect.stringContaining(message) });
});

test.each([
  [{ status: "complete", code: 2, stderr: " gone \n" }, "gone"],
  [{ status: "complete", code: 2, stderr: "" }, "it exited with code 2"],
  [{ status: "abort", code: 0, stderr: "x", message: "too slow" }, "too slow"],
  [{ status: "abort", code: 0, stderr: "x" }, "x"],
] as const)("%p is no success, and says why", async (end, message) => {
  expect(await rejection(finish(Promise.resolve({ stdout: "out", ...end })))).toMatchObject({ message });
});

test("what a step printed is what it gives", async () => {
  expect(await finish(Promise.resolve({ status: "complete", code: 0, stdout: "out", stderr: "x" }))).toBe("out");
});
