// The live log of a run and those who follow it.

import { describe, expect, test } from "bun:test";
import type { LogEntry } from "../../../src/core/log-entry.ts";
import { RunLog } from "../../../src/engine/run-log.ts";

function publish(log: RunLog, count: number, text = "x"): readonly number[] {
  return Array.from({ length: count }, () => {
    const seq = log.nextSeq();
    const entry: LogEntry = { seq, at: 0, source: "console", level: "info", stepId: null, stepName: null, text };
    log.publish(entry);
    return seq;
  });
}

function seqs(batch: { readonly entries: readonly LogEntry[] } | null): readonly number[] {
  return batch?.entries.map(({ seq }) => seq) ?? [];
}

describe("RunLog", () => {
  test("numbers its entries from 1 without a gap", () => {
    const log = new RunLog();
    expect([log.nextSeq(), log.nextSeq(), log.nextSeq()]).toEqual([1, 2, 3]);
  });

  test("gives every follower what is published after it came, in order", async () => {
    const log = new RunLog();
    publish(log, 1);
    const first = log.follow();
    publish(log, 1);
    const second = log.follow();
    publish(log, 2);
    expect(seqs(await first.next())).toEqual([2, 3, 4]);
    expect(seqs(await second.next())).toEqual([3, 4]);
  });

  test("is followed only while somebody follows", () => {
    const log = new RunLog();
    expect(log.followed).toBe(false);
    const follower = log.follow();
    expect(log.followed).toBe(true);
    follower.close();
    expect(log.followed).toBe(false);
    log.follow();
    log.end();
    expect(log.followed).toBe(false);
  });
});

describe("LogFollower", () => {
  test("waits for the next entry, and wakes with it", async () => {
    const log = new RunLog();
    const follower = log.follow();
    const waiting = follower.next();
    await Bun.sleep(1);
    publish(log, 1);
    expect(seqs(await waiting)).toEqual([1]);
  });

  test("gives what is queued at the end of the run, and then null again and again", async () => {
    const log = new RunLog();
    const follower = log.follow();
    publish(log, 2);
    log.end();
    expect(await follower.next()).toMatchObject({ lost: false, entries: [{ seq: 1 }, { seq: 2 }] });
    expect(await follower.next()).toBeNull();
    expect(await follower.next()).toBeNull();
  });

  test.each([
    ["end", (log: RunLog) => log.end()],
    ["close", (_: RunLog, follower: ReturnType<RunLog["follow"]>) => follower.close()],
  ] as const)("a waiting one is woken by %s", async (_, finish) => {
    const log = new RunLog();
    const follower = log.follow();
    const waiting = follower.next();
    await Bun.sleep(1);
    finish(log, follower);
    expect(await waiting).toBeNull();
  });

  test("a closed one gets nothing more, and does not disturb the others", async () => {
    const log = new RunLog();
    const [closed, other] = [log.follow(), log.follow()];
    closed.close();
    publish(log, 1);
    expect(await closed.next()).toBeNull();
    expect(seqs(await other.next())).toEqual([1]);
  });

  test.each([
    ["2,001 entries", 2001, "x"],
    ["five entries of a megabyte", 5, "x".repeat(1024 * 1024)],
  ] as const)(
    "one that lags behind by %s is told that it lost some, and holds none of them",
    async (_, count, text) => {
      const log = new RunLog();
      const follower = log.follow();
      publish(log, count, text);
      publish(log, 10);
      expect(await follower.next()).toEqual({ entries: [], lost: true });
      const [next] = publish(log, 1);
      expect(await follower.next()).toMatchObject({ lost: false, entries: [{ seq: next }] });
    },
  );

  test("one that lags behind by 2,000 entries loses none", async () => {
    const log = new RunLog();
    const follower = log.follow();
    publish(log, 2000);
    const batch = await follower.next();
    expect([batch?.lost, batch?.entries.length]).toEqual([false, 2000]);
  });

  test("one that lost some before the end of the run still hears of it, and then of the end", async () => {
    const log = new RunLog();
    const follower = log.follow();
    publish(log, 3000);
    log.end();
    expect(await follower.next()).toEqual({ entries: [], lost: true });
    expect(await follower.next()).toBeNull();
  });
});
