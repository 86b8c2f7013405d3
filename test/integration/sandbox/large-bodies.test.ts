// Bodies of the greatest size within the memory that a pipeline must have for them.

import { afterAll, describe, expect, test } from "bun:test";
import { memoryForBody } from "../../../src/pipelines/parse-webhook-limits.ts";
import type { GuestRequest } from "../../../src/sandbox/sandbox.ts";
import { githubPush, ScriptRunner } from "../../fixtures/harness/script-runner.ts";

const runner = new ScriptRunner(1);
afterAll(() => runner.close());

const mebibyte = 1024 ** 2;
const push = JSON.stringify({
  id: 1,
  name: "hello world",
  tags: ["a", "b"],
  ref: { x: "refs/heads/main", n: null, b: true },
  url: "https://example.org/some/long/path/for/this",
});

function jsonOf(bytes: number, item = push): string {
  const size = Buffer.byteLength(item) + 1;
  return `[${Array(Math.floor((bytes - 2) / size))
    .fill(item)
    .join(",")}]`;
}

async function resultOf(request: Partial<GuestRequest>, memoryBytes: number, expression: string): Promise<unknown> {
  const code = `export const pipeline = () => { const request = http.request(); return ${expression}; };`;
  // Of a run, as the engine has it.
  const limits = { memoryBytes, cpuPerDeliveryMs: 5000 };
  const { end } = await runner.run(code, { request: { ...githubPush, ...request }, limits });
  return end.type === "returned" ? end.value : end;
}

describe.each([1, 5, 25])("a body of %d MiB", (size) => {
  const bytes = size * mebibyte;
  const memory = memoryForBody(bytes);

  test("of JSON is read and parsed", async () => {
    const body = jsonOf(bytes);
    const expected = JSON.parse(body) as unknown[];
    const read = "[request.body.length, JSON.parse(request.body).length]";
    expect(await resultOf({ body }, memory, read)).toEqual([body.length, expected.length]);
  });

  test("of JSON beyond Latin-1 is read and parsed", async () => {
    const body = jsonOf(bytes, push.replace("hello world", "привет, мир €"));
    expect(await resultOf({ body }, memory, "JSON.parse(request.body).at(-1).name")).toBe("привет, мир €");
  });

  test("of text has its bytes as base64", async () => {
    const body = "é€x\n".repeat(bytes / 7);
    const expected = Buffer.from(body).toString("base64");
    const read = "[request.body.length, request.bodyBase64.length, request.bodyBase64.slice(-20)]";
    expect(await resultOf({ body }, memory, read)).toEqual([body.length, expected.length, expected.slice(-20)]);
  });

  test("of bytes that are no text has them as base64", async () => {
    const exact = new Uint8Array(bytes).fill(0xff);
    const bodyBase64 = Buffer.from(exact).toString("base64");
    const request = { body: new TextDecoder().decode(exact), bodyBase64 };
    expect(await resultOf(request, memory, "request.bodyBase64.length")).toBe(bodyBase64.length);
  });
});

test("a body that nobody asks for takes no memory of the script's", async () => {
  const body = "x".repeat(25 * mebibyte);
  expect(await resultOf({ body }, 16 * mebibyte, "Object.keys(request).includes('body') && request.method")).toBe(
    "POST",
  );
  expect(await resultOf({ body }, 16 * mebibyte, "request.body.length")).toMatchObject({ code: "MEMORY_LIMIT" });
});

test("the request is as plain data to a script: it is copied, spread, made JSON and changed with its body", async () => {
  const read = `(() => {
    const copies = [structuredClone(request), { ...request }, JSON.parse(JSON.stringify(request))].map(({ body }) => body);
    request.body = "changed";
    return [...copies, request.body, http.request().body, Object.keys(request).includes("bodyBase64")];
  })()`;
  const expected = ["text", "text", "text", "changed", "changed", false];
  expect(await resultOf({ body: "text" }, 64 * mebibyte, read)).toEqual(expected);
});

test("a body with every character there is, NUL too, is read as it is", async () => {
  const body = `${String.fromCharCode(...Array.from({ length: 256 }, (_, code) => code))}\u2028\u{1F600}\0`;
  expect(await resultOf({ body }, 64 * mebibyte, "request.body")).toBe(body);
});
