// Refused requests and answers on their way to the disk, over a store that a test can hold up or break.

import { beforeEach, describe, expect, test } from "bun:test";
import { RequestWriter } from "../../../src/engine/request-writer.ts";
import type { InboundRecord, Refusal, Write } from "../../../src/store/store.ts";
import { makeRecord } from "../../fixtures/records/make-record.ts";
import { ManualClock, settlePromises } from "./manual-clock.ts";

const answer = { status: 401, code: "SIGNATURE_INVALID", durationMs: 1 };

let clock: ManualClock;
let commits: (readonly Write[])[];
let kept: Refusal[];
let warned: unknown[];
let disk: () => Promise<void>;
let writer: RequestWriter;

beforeEach(() => {
  clock = new ManualClock();
  [commits, kept, warned] = [[], [], []];
  disk = async () => {};
  writer = open();
});

function open(limits?: { readonly records: number; readonly bytes: number }): RequestWriter {
  const store = {
    commit: async (writes: readonly Write[]) => {
      await disk();
      commits.push(writes);
    },
    inbound: {
      refusals: () => Promise.resolve(kept),
      find: () => Promise.reject(new Error("not asked for")),
      list: () => Promise.reject(new Error("not asked for")),
    },
  };
  const logger = { warn: (_: string, fields?: object) => void warned.push(fields) };
  return new RequestWriter({ store, clock, logger, ...(limits === undefined ? {} : { limits }) });
}

function refuse(count: number, body = new Uint8Array(), pipeline = "deploy"): void {
  for (let number = 0; number < count; number++) {
    const id = `${pipeline}-${number}`;
    const { request } = makeRecord(id);
    writer.addRefused(pipeline, body.length, answer, () => makeRecord(id, { pipeline, request: { ...request, body } }));
  }
}

function written(): string[] {
  return commits.flat().flatMap((write) => (write.type === "inbound.put" ? [write.record.id] : []));
}

test("nothing is written at once, then all of it in one commit, each request before its answer", async () => {
  refuse(2);
  writer.addAnswer("deploy", "accepted", answer);
  expect([commits, clock.pendingMs]).toEqual([[], [250]]);
  await clock.advance(250);
  const types = commits.map((writes) => writes.map(({ type }) => type).join(" "));
  expect(types).toEqual(["inbound.put inbound.answer inbound.put inbound.answer inbound.answer"]);
  expect(clock.pendingMs).toEqual([]);
});

test("many are written without waiting for the time, in commits that are not too long", async () => {
  refuse(950);
  await settlePromises();
  expect(written().length).toBe(800);
  expect(Math.max(...commits.map((writes) => writes.length))).toBe(400);
  await clock.advance(250);
  expect(new Set(written()).size).toBe(950);
});

describe("a disk that does not keep up", () => {
  test("leaves so many waiting and no more, and the log tells of the rest", async () => {
    const held = Promise.withResolvers<void>();
    disk = () => held.promise;
    refuse(10_000);
    await settlePromises();
    held.resolve();
    await writer.close();
    // Those of the first commit were no longer waiting.
    expect(written().length).toBeLessThanOrEqual(4200);
    expect(warned).toEqual([{ unrecorded: 10_000 - written().length }]);
  });

  test("does not fill the memory with long ones either", async () => {
    const held = Promise.withResolvers<void>();
    disk = () => held.promise;
    refuse(1000, new Uint8Array(36 * 1024));
    await settlePromises();
    held.resolve();
    await writer.close();
    // And one commit, which is no longer waiting.
    expect(written().length * 36).toBeLessThanOrEqual(9 * 1024);
    expect(written().length).toBeGreaterThan(200);
    expect(Math.max(...commits.map((writes) => writes.length / 2)) * 36).toBeLessThanOrEqual(1024);
  });
});

describe("a flood of one pipeline's refused requests", () => {
  let held: PromiseWithResolvers<void>;
  beforeEach(() => {
    held = Promise.withResolvers<void>();
    disk = () => held.promise;
  });

  test("takes no record of another's, of which as many wait as there are", async () => {
    refuse(10_000);
    refuse(100, new Uint8Array(), "quiet");
    refuse(100);
    held.resolve();
    await writer.close();
    const ids = written();
    expect(ids.filter((id) => id.startsWith("quiet")).length).toBe(100);
    expect(ids.length).toBeLessThanOrEqual(4200);
    expect(warned).toEqual([{ unrecorded: 10_200 - ids.length }]);
    expect(ids.slice(0, 2)).toEqual(["deploy-0", "deploy-1"]);
  });

  test("takes none of another's by its length either", async () => {
    refuse(1000, new Uint8Array(36 * 1024));
    refuse(20, new Uint8Array(4096), "quiet");
    held.resolve();
    await writer.close();
    expect(written().filter((id) => id.startsWith("quiet")).length).toBe(20);
    expect(warned).toEqual([{ unrecorded: 1020 - written().length }]);
  });

  test("takes no answer of an accepted one", async () => {
    refuse(10_000);
    for (let number = 0; number < 5000; number++) writer.addAnswer("deploy", `accepted-${number}`, answer);
    held.resolve();
    await writer.close();
    const answered = commits.flat().flatMap((write) => (write.type === "inbound.answer" ? [write.id] : []));
    expect(answered.filter((id) => id.startsWith("accepted")).length).toBe(5000);
  });

  test.each([0, 36 * 1024])("makes no records that there is no room for, of %d bytes each", async (bytes) => {
    let made = 0;
    const { request } = makeRecord("x");
    const make = (): InboundRecord => makeRecord(`${made++}`, { request: { ...request, body: new Uint8Array(bytes) } });
    for (let number = 0; number < 10_000; number++) writer.addRefused("deploy", bytes + 200, answer, make);
    held.resolve();
    await writer.close();
    expect(made).toBe(written().length);
  });
});

test("answers that a broken disk takes are told too", async () => {
  disk = () => Promise.reject(new Error("the disk is full"));
  refuse(2);
  writer.addAnswer("deploy", "accepted", answer);
  await writer.close();
  expect(warned).toEqual([{ unrecorded: 2 }, { unrecorded: 1 }]);
});

test("what a broken disk takes is lost and told, and what comes later is written", async () => {
  disk = () => Promise.reject(new Error("the disk is full"));
  refuse(3);
  await writer.flush();
  disk = async () => {};
  refuse(1, new Uint8Array(), "later");
  await writer.close();
  expect([written(), warned]).toEqual([["later-0"], [{ unrecorded: 3 }]]);
});

test("a flush waits for what was added before it, also by a commit that is under way", async () => {
  const held = Promise.withResolvers<void>();
  disk = () => held.promise;
  refuse(250);
  let flushed = false;
  const flushing = writer.flush().then(() => (flushed = true));
  await settlePromises();
  expect(flushed).toBe(false);
  held.resolve();
  await flushing;
  expect(written().length).toBe(250);
});

test("what is too much is removed in the commit that brings it, counting what an earlier life has left", async () => {
  kept = [{ id: "earlier", pipeline: "deploy", receivedAt: 1, bytes: 10 }];
  writer = open({ records: 3, bytes: 1e9 });
  refuse(4);
  await writer.flush();
  expect(commits.length).toBe(1);
  expect(commits[0]?.at(-1)).toEqual({ type: "inbound.remove_refused", ids: ["earlier", "deploy-0"] });
});

test("a removal that failed is done by the next commit", async () => {
  kept = ["a", "b"].map((id, index) => ({ id, pipeline: "deploy", receivedAt: index, bytes: 10 }));
  writer = open({ records: 2, bytes: 1e9 });
  disk = () => Promise.reject(new Error("the disk is full"));
  refuse(1);
  await writer.flush();
  disk = async () => {};
  refuse(1, new Uint8Array(), "later");
  await writer.flush();
  expect(commits[0]?.at(-1)).toEqual({ type: "inbound.remove_refused", ids: ["a"] });
});

test("those of an age are removed in pieces until there are none", async () => {
  kept = Array.from({ length: 150 }, (_, index) => ({ id: `${index}`, pipeline: "p", receivedAt: index, bytes: 1 }));
  const passes: boolean[] = [];
  do passes.push(await writer.removeBefore(120));
  while (passes.at(-1) === true);
  const removed = commits.flat().flatMap((write) => (write.type === "inbound.remove_refused" ? write.ids : []));
  expect([passes, removed]).toEqual([[true, true, false], kept.slice(0, 120).map(({ id }) => id)]);
});

test("after it is closed nothing is taken", async () => {
  refuse(1);
  await writer.close();
  refuse(1, new Uint8Array(), "late");
  await writer.flush();
  expect([written(), clock.pendingMs]).toEqual([["deploy-0"], []]);
});
