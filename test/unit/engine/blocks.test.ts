// The rows and log lines of a run's blocks, from what its script tells of them.

import { describe, expect, test } from "bun:test";
import type { Step } from "../../../src/core/run.ts";
import type { JsonValue } from "../../../src/core/json.ts";
import { Blocks } from "../../../src/engine/blocks.ts";
import { RunLog } from "../../../src/engine/run-log.ts";
import type { CallKind } from "../../../src/sandbox/sandbox.ts";
import type { Journal, JournalCall, Write } from "../../../src/store/store.ts";

class Bench {
  readonly log = new RunLog();
  readonly blocks = new Blocks("r", this.log);
  readonly told: JournalCall[] = [];
  readonly lines: string[] = [];
  row: Step | null = null;

  tell(number: number, kind: CallKind, args: JsonValue, at: number, name = "compute"): void {
    this.told.push({ number, kind, name, args, argsHash: "", startedAt: at, afterSeq: 0 });
    const writes: Write[] = [];
    this.blocks.take({ number, kind, name, args }, at, writes, []);
    this.#note(writes);
  }

  close(at: number): void {
    this.#note(this.blocks.close(at));
  }

  #note(writes: readonly Write[]): void {
    for (const write of writes) {
      if (write.type === "step.put") this.row = write.step;
      if (write.type === "log.line") this.lines.push(write.text);
    }
  }
}

function journalOf(calls: readonly JournalCall[]): Journal {
  return { calls, deliveries: [], observations: [], consoleLines: 0 };
}

describe("a block", () => {
  test("is a running row from its beginning to its end", () => {
    const bench = new Bench();
    bench.tell(1, "block", { attempts: 1 }, 100);
    expect(bench.row).toMatchObject({ id: "r.1", name: "compute", kind: "block", status: "running", attempts: 1 });
    expect(bench.row).toMatchObject({ startedAt: 100, finishedAt: null });
    expect(bench.blocks.isOpen).toBe(true);
    bench.tell(2, "block_end", { block: 1, status: "succeeded", value: 5 }, 250);
    expect(bench.row).toMatchObject({ status: "succeeded", attempts: 1, finishedAt: 250, message: null });
    expect([bench.blocks.isOpen, bench.lines]).toEqual([false, []]);
  });

  test("waits between two attempts, and the log says why and until when", () => {
    const bench = new Bench();
    bench.tell(1, "block", { attempts: 3 }, 100);
    bench.tell(2, "block_note", { block: 1, reason: "no luck", delayMs: 90_000 }, 200);
    expect(bench.row).toMatchObject({ status: "waiting", attempts: 1, until: 90_200, message: "no luck" });
    expect(bench.lines).toEqual(['step "compute": attempt 1 of 3 failed: no luck; the next one begins in 1 min 30 s']);
    bench.tell(4, "block_note", { block: 1 }, 90_200);
    expect(bench.row).toMatchObject({ status: "running", attempts: 2, until: null, message: null, startedAt: 100 });
    bench.tell(5, "block_end", { block: 1, status: "failed", reason: "still none" }, 90_300);
    expect(bench.row).toMatchObject({ status: "failed", attempts: 2, message: "still none", finishedAt: 90_300 });
    expect(bench.lines).toHaveLength(1);
  });

  test("that is open when the run is over is a cancelled row", () => {
    const bench = new Bench();
    bench.tell(1, "block", { attempts: 2 }, 100);
    bench.tell(2, "block_note", { block: 1, reason: "no luck", delayMs: 50 }, 110);
    bench.close(120);
    expect(bench.row).toMatchObject({ status: "cancelled", until: null, finishedAt: 120 });
    expect(bench.blocks.isOpen).toBe(false);
    expect(bench.blocks.close(130)).toEqual([]);
  });

  test("keeps at most 1,000 characters of a message", () => {
    const bench = new Bench();
    bench.tell(1, "block", { attempts: 1 }, 0);
    bench.tell(2, "block_end", { block: 1, status: "failed", reason: "x".repeat(5000) }, 1);
    expect(bench.row?.message).toHaveLength(1000);
  });

  // The sandbox may have been tampered with: what it names need not exist.
  test("that there is not is nothing to tell of", () => {
    const bench = new Bench();
    bench.tell(1, "block_note", { block: 7 }, 0);
    bench.tell(2, "block_end", { block: 7, status: "succeeded" }, 0);
    expect(bench.row).toBeNull();
  });

  test("of another does not touch it", () => {
    const bench = new Bench();
    bench.tell(1, "block", { attempts: 1 }, 0, "outer");
    bench.tell(2, "block", { attempts: 1 }, 1, "inner");
    bench.tell(3, "block_end", { block: 2, status: "succeeded" }, 2, "inner");
    expect(bench.row).toMatchObject({ id: "r.2", status: "succeeded" });
    expect(bench.blocks.isOpen).toBe(true);
    bench.tell(4, "block_end", { block: 1, status: "succeeded" }, 3, "outer");
    expect(bench.row).toMatchObject({ id: "r.1", name: "outer", startedAt: 0, finishedAt: 3 });
  });
});

test("restore() goes on with the rows as they were, at whatever call the earlier life ended", () => {
  const script: readonly (readonly [kind: CallKind, args: JsonValue])[] = [
    ["block", { attempts: 3 }],
    ["step", {}],
    ["block_note", { block: 1, reason: "no luck", delayMs: 50 }],
    ["timer", { delayMs: 50 }],
    ["block_note", { block: 1 }],
    ["block_end", { block: 1, status: "succeeded" }],
  ];
  const undisturbed = new Bench();
  for (const [index, [kind, args]] of script.entries()) undisturbed.tell(index + 1, kind, args, index * 10);
  for (let ended = 0; ended < script.length; ended++) {
    const later = new Bench();
    later.blocks.restore(journalOf(undisturbed.told.slice(0, ended)));
    expect(later.lines).toEqual([]);
    for (const [index, [kind, args]] of script.entries()) {
      if (index >= ended) later.tell(index + 1, kind, args, index * 10);
    }
    expect(later.row).toEqual(undisturbed.row);
  }
});
