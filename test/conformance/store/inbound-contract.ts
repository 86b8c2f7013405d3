// The part of the store's contract about received webhooks.

import { describe, expect, test } from "bun:test";
import { keptBytes, type InboundRecord, type RequestQuery, type Store } from "../../../src/store/store.ts";
import { makeAccepted, makeRecord } from "../../fixtures/records/make-record.ts";
import { rejection } from "../../unit/store/store-files.ts";
import { createRun, type Subject } from "./subject.ts";

const whole = Uint8Array.from({ length: 256 }, (_, index) => index);

function withBody(record: InboundRecord, body: Uint8Array): InboundRecord {
  return { ...record, bodyBytes: body.length, request: { ...record.request, body } };
}

async function put(store: Store, ...records: readonly InboundRecord[]): Promise<void> {
  await store.commit(records.map((record) => ({ type: "inbound.put", record }) as const));
}

async function ids(store: Store, query: Partial<RequestQuery> = {}): Promise<string> {
  return (await store.inbound.list({ limit: 50, ...query })).requests.map(({ id }) => id).join(" ");
}

function testRecords(subject: Subject): void {
  test("a copy is the same request for another run, and one of a request that is gone fails", async () => {
    const full = withBody(makeAccepted("full", "run-1", { address: "::1" }), Uint8Array.of(0, 255));
    await put(subject.store, full);
    await subject.store.commit([{ type: "inbound.copy", from: "full", id: "copy", runId: "run-2" }]);
    const copy = { ...full, id: "copy", runId: "run-2", answer: null, sameBodyAs: null };
    expect(await subject.store.inbound.find("copy")).toEqual(copy);
    const missing = { type: "inbound.copy", from: "nope", id: "x", runId: "run-2" } as const;
    expect(await rejection(subject.store.commit([missing]))).toMatchObject({ code: "RUN_NOT_FOUND" });
  });

  test("a request is kept with its exact bytes and all that is known of it", async () => {
    const full = withBody(
      makeAccepted("full", "run-1", {
        address: "203.0.113.7",
        redeliveryOf: "empty",
        deliveryId: "d",
        deliveryKey: Uint8Array.of(1, 2),
      }),
      whole,
    );
    const cut = withBody(makeRecord("cut", { isCut: true }), whole.slice(0, 9));
    const records = [full, makeRecord("empty"), { ...cut, bodyBytes: 300 }];
    await put(subject.store, ...records);
    for (const record of records) {
      expect(await subject.store.inbound.find(record.id)).toEqual({ ...record, answer: null, sameBodyAs: null });
    }
    expect(await subject.store.inbound.find("nope")).toBeUndefined();
  });

  test("an answer is that of its request, goes with it, and none is kept of a request that is not there", async () => {
    const { store } = subject;
    const answer = { status: 401, code: "SIGNATURE_INVALID", durationMs: 0.4 };
    await put(store, makeRecord("a"), makeRecord("b"));
    await store.commit(["a", "nope"].map((id) => ({ type: "inbound.answer", id, answer }) as const));
    expect((await store.inbound.find("a"))?.answer).toEqual(answer);
    expect((await store.inbound.find("b"))?.answer).toBeNull();
    await store.commit([{ type: "inbound.remove_refused", ids: ["a"] }]);
    await put(store, makeRecord("a"), makeRecord("nope"));
    for (const id of ["a", "nope"]) expect((await store.inbound.find(id))?.answer).toBeNull();
  });

  test("refused ones are removed by their ids, accepted ones are not", async () => {
    await put(subject.store, makeRecord("a"), makeRecord("b"), makeAccepted("c", "run-1"));
    await subject.store.commit([{ type: "inbound.remove_refused", ids: ["a", "c", "nope"] }]);
    expect(await ids(subject.store)).toBe("c b");
  });

  test("refused ones are told with their sizes, oldest first", async () => {
    const b = withBody(makeRecord("b", { receivedAt: 5 }), whole);
    await put(subject.store, b, makeAccepted("c", "run-1"), makeRecord("a", { pipeline: "other" }));
    const a = { id: "a", pipeline: "other", receivedAt: 100, bytes: keptBytes(makeRecord("a").request) };
    const bytes = a.bytes + whole.length;
    expect(await subject.store.inbound.refusals()).toEqual([a, { id: "b", pipeline: "deploy", receivedAt: 5, bytes }]);
  });
}

function testRequestList(subject: Subject): void {
  test("the list is newest first, page by page, without what is large", async () => {
    const { store } = subject;
    const full = withBody(makeAccepted("c", "run-1", { address: "::1" }), whole);
    await put(store, makeRecord("a"), makeRecord("b"), full);
    await store.commit([{ type: "inbound.answer", id: "c", answer: { status: 200, code: null, durationMs: 5 } }]);
    const first = await store.inbound.list({ limit: 2 });
    const { isCut: _, deliveryKey: _key, request, ...outline } = full;
    const { provider, eventType, method, url } = request;
    const answer = { status: 200, code: null, durationMs: 5 };
    expect(first.requests[0]).toEqual({
      ...outline,
      sameBodyAs: null,
      request: { provider, eventType, method, url },
      answer,
    });
    expect(first.requests.map(({ id }) => id)).toEqual(["c", "b"]);
    const last = await store.inbound.list({ limit: 2, cursor: first.nextCursor ?? "" });
    expect([last.requests.map(({ id }) => id), last.nextCursor]).toEqual([["a"], null]);
    const cursor = Buffer.from("run:a").toString("base64url");
    expect(await rejection(store.inbound.list({ limit: 2, cursor }))).toMatchObject({ code: "BAD_REQUEST" });
  });

  test("the list is of a pipeline, a verdict, a reason, or all of them", async () => {
    const { store } = subject;
    await put(
      store,
      makeRecord("a"),
      makeRecord("b", { reason: "condition_false", verified: true }),
      makeAccepted("c", "run-1"),
      makeRecord("d", { pipeline: "other" }),
      makeAccepted("e", "run-2", { pipeline: "other" }),
    );
    expect(await ids(store, { pipeline: "deploy" })).toBe("c b a");
    expect(await ids(store, { verdict: "refused" })).toBe("d b a");
    expect(await ids(store, { verdict: "accepted" })).toBe("e c");
    expect(await ids(store, { reason: "signature_mismatch" })).toBe("d a");
    expect(await ids(store, { reason: "condition_false", verdict: "accepted" })).toBe("");
    expect(await ids(store, { pipeline: "deploy", verdict: "refused" })).toBe("b a");
    expect(await ids(store, { pipeline: "other", verdict: "accepted" })).toBe("e");
  });

  test("the list of a run is what it began with and what was answered with it; copies are in no other", async () => {
    const { store } = subject;
    const run = await createRun(store, { inboundId: "a", trigger: "webhook" });
    const rerun = await createRun(store, { inboundId: "copy", trigger: "rerun", rerunOf: run.id });
    await put(store, makeAccepted("a", run.id), makeRecord("b", { reason: "other", runId: run.id }));
    await store.commit([{ type: "inbound.copy", from: "a", id: "copy", runId: rerun.id }]);
    expect(await ids(store)).toBe("b a");
    expect(await ids(store, { runId: run.id })).toBe("b a");
    expect(await ids(store, { runId: run.id, verdict: "refused" })).toBe("b");
    expect(await ids(store, { runId: rerun.id })).toBe("copy");
    expect(await ids(store, { runId: "nope" })).toBe("");
  });
}

export function testInbound(subject: Subject): void {
  describe("inbound requests", () => {
    testRecords(subject);
    testRequestList(subject);
  });
}
