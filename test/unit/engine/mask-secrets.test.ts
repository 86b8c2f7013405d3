// Which parts of what a run says and is told are masked, and which are needed as they are.

import { describe, expect, test } from "bun:test";
import type { JsonValue } from "../../../src/core/json.ts";
import { JournalView } from "../../../src/engine/journal-view.ts";
import {
  maskBeginning,
  maskCall,
  maskEnd,
  maskOutcome,
  maskRecord,
  maskRequest,
} from "../../../src/engine/mask-secrets.ts";
import type { CallKind, GuestCall } from "../../../src/sandbox/sandbox.ts";
import { Redactor } from "../../../src/telemetry/telemetry.ts";

const redactor = new Redactor();
redactor.add("env:A", "s3cret");

function call(kind: CallKind, name: string, args: JsonValue): GuestCall {
  return { number: 1, kind, name, args, argsHash: "h", stack: "" };
}

describe("maskCall()", () => {
  test("masks what is only told: answers, blocks, approvals, values that are stored", () => {
    const masked = (kind: CallKind, name: string, args: JsonValue) => {
      const { name: shown, args: told } = maskCall(redactor, call(kind, name, args));
      return [shown, told];
    };
    expect(masked("respond", "respond", { body: "s3cret" })).toEqual(["respond", { body: "***" }]);
    expect(masked("block_end", "a s3cret", { reason: "s3cret" })).toEqual(["a ***", { reason: "***" }]);
    expect(masked("approval", "go-live", { message: "s3cret?" })).toEqual(["go-live", { message: "***?" }]);
    expect(masked("event", "deploy.s3cret", { data: { to: ["s3cret"] } })).toEqual([
      "deploy.***",
      { data: { to: ["***"] } },
    ]);
    expect(masked("storage", "set", { key: "s3cret", value: ["s3cret"] })).toEqual([
      "set",
      { key: "s3cret", value: ["***"] },
    ]);
  });

  test("leaves what work is done with, which another life may have to do again, but for its name", () => {
    const args = { command: "echo s3cret", env: {} };
    expect(maskCall(redactor, call("step", "echo s3cret", args))).toMatchObject({ name: "echo ***", args });
    expect(maskCall(redactor, call("child", "s3cret", { params: { a: "s3cret" } }))).toMatchObject({
      name: "s3cret",
      args: { params: { a: "s3cret" } },
    });
  });

  test("makes no other call of it in a replay, also where the secret is not known any more", () => {
    const view = new JournalView();
    view.add(maskCall(redactor, call("step", "echo s3cret", {})), false);
    expect(view.difference(call("step", "echo s3cret", {}))).toBeNull();
    expect(view.difference({ ...call("step", "echo s3cret", {}), argsHash: "other" })).toContain("other arguments");
    expect(view.difference(call("fetch", "echo s3cret", {}))).toContain("was step");
  });
});

test("results, errors and ends are masked in every text", () => {
  expect(maskOutcome(redactor, { ok: true, value: { a: "s3cret" } })).toEqual({ ok: true, value: { a: "***" } });
  const error = { code: "FETCH_FAILED", message: "s3cret", hint: "no s3cret" };
  expect(maskOutcome(redactor, { ok: false, error })).toEqual({
    ok: false,
    error: { code: "FETCH_FAILED", message: "***", hint: "no ***" },
  });
  const failed = { code: "SCRIPT_ERROR", message: "s3cret", hint: null, file: "a.ts", line: 1 } as const;
  expect(maskEnd(redactor, { status: "failed", result: null, error: failed })).toEqual({
    status: "failed",
    result: null,
    error: { ...failed, message: "***" },
  });
});

test("a request is masked in its address, headers, query and body, whose other bytes stay", () => {
  const body = Buffer.concat([Buffer.from([0xff, 0x00]), Buffer.from("s3cret"), Buffer.from([0xfe])]);
  const request = {
    provider: "generic",
    eventType: "",
    method: "POST",
    url: "/api/webhooks/a?k=s3cret",
    headers: { authorization: "Bearer s3cret" },
    query: { k: "s3cret" },
    body,
  };
  expect(maskRequest(redactor, request)).toEqual({
    ...request,
    url: "/api/webhooks/a?k=***",
    headers: { authorization: "Bearer ***" },
    query: { k: "***" },
    body: Buffer.concat([Buffer.from([0xff, 0x00]), Buffer.from("***"), Buffer.from([0xfe])]),
  });
});

test("the journal that is handed out is masked in the arguments of calls too", () => {
  const { number, kind, name, args, argsHash } = call("step", "x", { command: "echo s3cret" });
  const record = {
    type: "call",
    number,
    kind,
    name,
    args,
    argsHash,
    startedAt: 1,
    afterSeq: 0,
    outcome: null,
  } as const;
  expect(maskRecord(redactor, record)).toEqual({ ...record, args: { command: "echo ***" } });
});

describe("maskBeginning()", () => {
  const begin = (text: string, maxBytes: number): readonly [string, boolean] => {
    const headers = { "x-note": "s3cret" };
    const body = Buffer.from(text);
    const given = { provider: "x", eventType: "", method: "POST", url: "/?a=s3cret", headers, query: {}, body };
    const { request, isCut } = maskBeginning(redactor, given, maxBytes);
    expect([request.url, request.headers]).toEqual(["/?a=***", { "x-note": "***" }]);
    return [Buffer.from(request.body).toString(), isCut];
  };

  test("keeps so many bytes, and says whether there were more", () => {
    expect(begin("0123456789", 10)).toEqual(["0123456789", false]);
    expect(begin("0123456789a", 10)).toEqual(["0123456789", true]);
    expect(begin("x".repeat(1_000_000), 3)).toEqual(["xxx", true]);
  });

  test("leaves no part of a secret that the end would have cut", () => {
    for (let before = 0; before < 10; before++) {
      const [text] = begin(`${"x".repeat(before)}s3cret${"y".repeat(9)}`, 10);
      expect(text).toMatch(/^x*\**y*$/);
    }
  });

  test("is the whole where that is short enough once it is masked", () => {
    expect(begin("s3cret 12345", 10)).toEqual(["*** 12345", false]);
  });
});
