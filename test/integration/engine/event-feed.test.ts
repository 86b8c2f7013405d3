// Events as they are followed and listed: each once, in order, once it is durable, whatever its reader does.

import { afterEach, describe, expect, test } from "bun:test";
import type { EventRecord } from "../../../src/core/event.ts";
import type { Write } from "../../../src/store/store.ts";
import { EngineHarness, until } from "../../fixtures/harness/engine-harness.ts";

let harness: EngineHarness;
afterEach(() => harness.close());

const idOf = (index: number): string => `evt_${index.toString(16).padStart(12, "0")}${"0".repeat(16)}`;

async function put(from: number, count: number, changes: { type?: string; pipeline?: string } = {}): Promise<void> {
  const writes = Array.from({ length: count }, (_, index): Write => {
    const event = {
      type: "a.b",
      runId: null,
      pipeline: null,
      target: null,
      data: { text: "x".repeat(100) },
      ...changes,
    };
    return { type: "event.put", event: { ...event, id: idOf(from + index), createdAt: from + index } };
  });
  for (let done = 0; done < count; done += 500) await harness.store.commit(writes.slice(done, done + 500));
}

interface Follower {
  readonly seen: EventRecord[];
  readonly leaving: AbortController;
  readonly done: Promise<void>;
}

async function follow(
  options: { after?: string; type?: string; pipeline?: string; runId?: string } = {},
  each: (event: EventRecord) => Promise<void> | void = () => {},
): Promise<Follower> {
  const leaving = new AbortController();
  const seen: EventRecord[] = [];
  const events = await harness.engine.events.follow({ ...options, signal: leaving.signal });
  const done = (async () => {
    for await (const event of events) {
      seen.push(event);
      await each(event);
    }
  })();
  return { seen, leaving, done };
}

describe("a follower", () => {
  test("hears of what happens from now on, of a run from its beginning to its end", async () => {
    harness = await EngineHarness.open();
    await put(1, 3);
    const follower = await follow();
    const run = await harness.run(`await runtime.run({ name: "one", command: "true" }); await events.emit("my.own");`);
    await until(() => follower.seen.some(({ type }) => type === "run.completed"));
    expect(follower.seen.map(({ type, sequence, runId }) => [type, sequence, runId])).toEqual([
      ["run.created", 1, run.id],
      ["run.started", 2, run.id],
      ["run.step.started", 3, run.id],
      ["run.step.completed", 4, run.id],
      ["my.own", 5, run.id],
      ["run.completed", 6, run.id],
    ]);
    follower.leaving.abort();
    await follower.done;
  });

  test("hears only of the types, the pipeline and the run it asks for", async () => {
    harness = await EngineHarness.open();
    const followers = [
      await follow({ type: "a.b" }),
      await follow({ type: "a." }),
      await follow({ pipeline: "p" }),
      await follow({ runId: "none" }),
      await follow({ type: "ab.c", pipeline: "p" }),
    ];
    await put(1, 1);
    await put(2, 1, { type: "a.c", pipeline: "p" });
    await put(3, 1, { type: "ab.c" });
    await put(4, 1, { type: "ab.c", pipeline: "p" });
    await until(() => followers.at(-1)?.seen.length === 1);
    await Bun.sleep(100);
    expect(followers.map(({ seen }) => seen.map(({ seq }) => seq))).toEqual([[1], [1, 2], [2, 4], [], [4]]);
    for (const { leaving } of followers) leaving.abort();
  });

  test("that comes back has had no event twice and has missed none, also where the last one is gone", async () => {
    harness = await EngineHarness.open();
    await put(100, 10);
    for (const [after, first] of [
      [idOf(104), 6],
      [idOf(109), 11],
      [idOf(99), 1],
      [idOf(0), 1],
    ] as const) {
      const follower = await follow({ after });
      await until(async () => follower.seen.length >= (await harness.store.events.newestSeq()) - first + 1);
      const seqs = follower.seen.map(({ seq }) => seq);
      expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, index) => first + index));
      follower.leaving.abort();
    }
    await harness.store.commit([{ type: "event.trim", fromSeq: 1, beforeSeq: 8 }]);
    const follower = await follow({ after: idOf(104) });
    await until(() => follower.seen.length === 3);
    expect(follower.seen.map(({ seq }) => seq)).toEqual([8, 9, 10]);
    follower.leaving.abort();
  });

  test("that names what is no event is refused", async () => {
    harness = await EngineHarness.open();
    const { signal } = new AbortController();
    expect(harness.engine.events.follow({ after: "17", signal })).rejects.toThrow("is not the id of an event");
  });

  test("that is slow gets 10,000 events in order, while others and the store go on", async () => {
    harness = await EngineHarness.open();
    const first = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const slow = await follow({}, async () => {
      first.resolve();
      await held.promise;
    });
    const quick = await follow();
    await put(1, 1);
    await first.promise;
    await put(2, 9_999);
    await until(() => quick.seen.length === 10_000);
    // It has asked for no more than it took.
    expect(slow.seen).toHaveLength(1);
    held.resolve();
    await until(() => slow.seen.length === 10_000);
    expect(slow.seen.map(({ seq }) => seq)).toEqual(Array.from({ length: 10_000 }, (_, index) => index + 1));
    for (const { leaving } of [slow, quick]) leaving.abort();
  }, 60_000);
});

describe("the list", () => {
  test("finds what is rare among many, page by page", async () => {
    harness = await EngineHarness.open();
    await put(1, 2, { type: "rare.one" });
    await put(10, 12_000);
    await put(20_000, 1, { type: "rare.two", pipeline: "p" });
    const list = async (cursor?: string) =>
      await harness.engine.events.list({ type: "rare.", limit: 2, ...(cursor === undefined ? {} : { cursor }) });
    const page = await list();
    expect(page.events.map(({ type, seq }) => [type, seq])).toEqual([
      ["rare.two", 12_003],
      ["rare.one", 2],
    ]);
    const next = await list(page.nextCursor ?? "");
    expect([next.events.map(({ seq }) => seq), next.nextCursor]).toEqual([[1], null]);
  });
});
