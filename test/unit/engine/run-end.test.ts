// How a run ends, from what its guest reports.

import { describe, expect, test } from "bun:test";
import { cancelledEnd, endOfCancel, endOfGuest, failedEnd } from "../../../src/engine/run-end.ts";
import type { GuestEnd } from "../../../src/sandbox/sandbox.ts";
import type { Bundle } from "../../../src/store/store.ts";

/** Line 1 of the bundle is line 7 of deploy.ts. */
const sourceMap = JSON.stringify({ version: 3, sources: ["deploy.ts"], names: [], mappings: "AAMA" });
const bundle: Bundle = { hash: "run-end", code: "", sourceMap };

function threw(error: Partial<Extract<GuestEnd, { readonly type: "threw" }>["error"]>): GuestEnd {
  return { type: "threw", error: { name: "Error", message: "m", code: null, hint: null, stack: "", ...error } };
}

describe("endOfGuest()", () => {
  test("of a returned value is success with it", () => {
    const end = endOfGuest({ type: "returned", value: { a: 1 } }, bundle);
    expect(end).toEqual({ status: "succeeded", result: { a: 1 }, error: null });
  });

  test("of a thrown error is SCRIPT_ERROR at the author's line", () => {
    const end = endOfGuest(threw({ name: "TypeError", message: "no", stack: "    at pipeline (deploy:1:1)" }), bundle);
    expect(end).toMatchObject({ status: "failed", result: null });
    expect(end.error).toEqual({
      code: "SCRIPT_ERROR",
      message: "TypeError: no",
      hint: null,
      file: "deploy.ts",
      line: 7,
    });
  });

  test.each(["not a function", "cannot read property 'trim' of undefined"])(
    "of the TypeError %p asks whether an await is missing",
    (message) => {
      expect(endOfGuest(threw({ name: "TypeError", message }), bundle).error?.hint).toContain("is an `await` missing?");
    },
  );

  test.each([
    ["Error", "m"],
    ["", "m"],
    ["MyError", "MyError: m"],
  ])("shows the name %p only where it says something", (name, message) => {
    expect(endOfGuest(threw({ name }), bundle).error?.message).toBe(message);
  });

  test("keeps the code and hint of a host's error that the script let through, but no code of the script's own", () => {
    const error = endOfGuest(threw({ code: "STEP_NOT_STARTED", hint: "install it" }), bundle).error;
    expect(error).toMatchObject({ code: "STEP_NOT_STARTED", hint: "install it" });
    for (const code of ["E_MINE", "", "constructor", "toString", "__proto__"]) {
      expect(endOfGuest(threw({ code }), bundle).error?.code).toBe("SCRIPT_ERROR");
    }
  });

  test("says what to use instead of a global that other runtimes have", () => {
    const missing = [
      ["require", "use import"],
      ["process", "pipelineContext"],
      ["Buffer", "Uint8Array"],
      ["Headers", "plain object"],
    ] as const;
    for (const [name, hint] of missing) {
      const end = endOfGuest(threw({ name: "ReferenceError", message: `'${name}' is not defined` }), bundle);
      expect(end.error?.hint).toContain(hint);
    }
    const required = endOfGuest(threw({ message: 'Dynamic require of "fs" is not supported' }), bundle);
    expect(required.error?.hint).toContain("use import");
    const unknown = endOfGuest(threw({ name: "ReferenceError", message: "'frobnicate' is not defined" }), bundle);
    expect(unknown.error?.hint).toBeNull();
  });

  test("has a hint that is a text or null, whatever the message names", () => {
    for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
      expect(endOfGuest(threw({ message: `'${name}' is not defined` }), bundle).error?.hint).toBeNull();
    }
  });

  test("of a limit has its code and a hint", () => {
    const end = endOfGuest({ type: "limit", code: "MEMORY_LIMIT", message: "too much", stack: "" }, bundle);
    expect(end.error).toMatchObject({
      code: "MEMORY_LIMIT",
      message: "too much",
      hint: expect.stringContaining("memory"),
    });
  });

  test("of a divergence is NONDETERMINISTIC, and of an inspection a bug", () => {
    const diverged = endOfGuest({ type: "diverged", message: "other call", stack: "" }, bundle);
    expect(diverged.error).toMatchObject({ code: "NONDETERMINISTIC", message: "other call" });
    const inspected = endOfGuest({ type: "inspected", exports: { kinds: {}, config: null } }, bundle);
    expect(inspected.error?.code).toBe("INTERNAL");
  });
});

test("failedEnd() prefers the given hint over that of the code", () => {
  expect(failedEnd("CPU_LIMIT", "m", bundle, "", "mine").error?.hint).toBe("mine");
  expect(failedEnd("CPU_LIMIT", "m", bundle).error?.hint).toContain("runtime.run");
  expect(failedEnd("INTERNAL", "m", bundle).error).toEqual({
    code: "INTERNAL",
    message: "m",
    hint: null,
    file: null,
    line: null,
  });
});

test("a cancelled and a timed-out run have a status and a code of their own", () => {
  expect(cancelledEnd("on request")).toMatchObject({
    status: "cancelled",
    error: { code: "RUN_CANCELLED", message: "on request" },
  });
  expect(endOfCancel({ code: "RUN_TIMEOUT", message: "the run took longer than its timeout of 30 s" })).toMatchObject({
    status: "timed_out",
    error: { code: "RUN_TIMEOUT", message: "the run took longer than its timeout of 30 s" },
  });
});
