// Work of the server itself, as a fetch: tried again where its policy says so, cancelled, taken up by a later life.

import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import type { JsonValue } from "../../../src/core/json.ts";
import type { Step } from "../../../src/core/run.ts";
import type { OngoingCallOptions } from "../../../src/engine/ongoing-call.ts";
import { RunLog } from "../../../src/engine/run-log.ts";
import { WorkCall, type WorkKind, type WorkResult } from "../../../src/engine/work-call.ts";
import type { CallOutcome, KeptStep, Write } from "../../../src/store/store.ts";
import { ManualClock, settlePromises } from "./manual-clock.ts";

type End = Partial<WorkResult> | AppError | "never";

const done: CallOutcome = { ok: true, value: "done" };

class Bench {
  readonly clock: ManualClock;
  readonly rows: Step[] = [];
  readonly lines: string[] = [];
  readonly ends: CallOutcome[] = [];
  readonly call: WorkCall;
  tries = 0;
  waits = 0;
  #kept: KeptStep | null = null;

  readonly args: Readonly<Record<string, JsonValue>>;
  readonly plan: End[];
  readonly kind: Partial<WorkKind>;

  constructor(
    args: Readonly<Record<string, JsonValue>>,
    plan: End[],
    kind: Partial<WorkKind> = {},
    clock = new ManualClock(),
  ) {
    this.args = args;
    this.plan = plan;
    this.kind = kind;
    this.clock = clock;
    const options = {
      parts: { clock },
      run: { id: "r" },
      call: { number: 1, kind: "fetch", name: "GET /", args },
      startedAt: clock.now(),
      record: (writes: readonly Write[], effect?: () => void) => {
        this.#keep(writes);
        effect?.();
      },
      output: { log: new RunLog(), deliver: async () => {} },
      onWait: () => this.waits++,
      onEnd: (outcome: CallOutcome, writes: readonly Write[]) => {
        this.#keep(writes);
        this.ends.push(outcome);
      },
    } as unknown as OngoingCallOptions;
    const work: WorkKind["work"] = async (_args, { signal }) => await this.#try(signal);
    this.call = new WorkCall(options, { work, step: "fetch", mayPass: (code) => code === 503, ...kind });
  }

  get row(): Step {
    const row = this.rows.at(-1);
    if (row === undefined) throw new Error("there is no row");
    return row;
  }

  async begin(): Promise<this> {
    this.#keep(this.call.open());
    this.call.start();
    await settlePromises();
    return this;
  }

  async next(plan: End[]): Promise<Bench> {
    this.call.abandon();
    const next = new Bench(this.args, plan, this.kind, this.clock);
    next.call.resume({ kept: this.#kept, delivered: { stdout: 0, stderr: 0 } });
    await settlePromises();
    return next;
  }

  async #try(signal: AbortSignal): Promise<WorkResult> {
    this.tries++;
    const end = this.plan.shift() ?? {};
    if (end instanceof AppError) throw end;
    if (end !== "never") return { value: "done", ...end };
    return await new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(new AppError("RUN_CANCELLED", "the run has ended")));
    });
  }

  #keep(writes: readonly Write[]): void {
    for (const write of writes) {
      if (write.type === "log.line") this.lines.push(write.text);
      if (write.type !== "step.put") continue;
      this.rows.push(write.step);
      this.#kept = { step: write.step, progress: write.progress ?? null };
    }
  }
}

const even = { attempts: 3, initial: "10s", jitter: 0 };
const busy: End = { code: 503 };

describe("a fetch with a retry policy", () => {
  test("is made again after a wait each time until it succeeds, and resolves with the last answer", async () => {
    const bench = await new Bench({ retry: even }, [busy, busy, { code: 200, value: "fine" }]).begin();
    expect(bench.row).toMatchObject({ status: "waiting", attempts: 1, code: 503, message: "HTTP 503" });
    expect([bench.row.until, bench.waits]).toEqual([bench.clock.now() + 10_000, 1]);
    expect(bench.call.wait).toEqual({ until: bench.row.until });
    await bench.clock.advance(9999);
    expect(bench.tries).toBe(1);
    await bench.clock.advance(1);
    expect(bench.row).toMatchObject({ status: "waiting", attempts: 2 });
    await bench.clock.advance(20_000);
    expect(bench.row).toMatchObject({ status: "succeeded", attempts: 3, code: 200, message: null, until: null });
    expect(bench.ends).toEqual([{ ok: true, value: "fine" }]);
    expect(bench.lines).toEqual([
      'step "GET /": attempt 1 of 3 failed: HTTP 503; the next one begins in 10.0 s',
      'step "GET /": attempt 2 of 3 failed: HTTP 503; the next one begins in 20.0 s',
    ]);
  });

  test("resolves with the answer that was the last, also where that says not now", async () => {
    const bench = await new Bench({ retry: { ...even, attempts: 2 } }, [busy, { code: 503, value: "busy" }]).begin();
    await bench.clock.advance(10_000);
    expect(bench.ends).toEqual([{ ok: true, value: "busy" }]);
    expect(bench.row).toMatchObject({ status: "succeeded", code: 503, attempts: 2 });
  });

  test("rejects with the error that was the last", async () => {
    const error = new AppError("FETCH_FAILED", "connection refused");
    const kind = { mayPass: () => true };
    const bench = await new Bench({ retry: { ...even, attempts: 2 } }, [error, error], kind).begin();
    expect(bench.row.message).toBe("connection refused");
    await bench.clock.advance(10_000);
    expect(bench.ends).toMatchObject([{ ok: false, error: { code: "FETCH_FAILED" } }]);
    expect(bench.row).toMatchObject({ status: "failed", attempts: 2, message: "connection refused" });
  });

  test("waits as long as the answer asks, within the longest wait", async () => {
    const bench = await new Bench({ retry: { ...even, max: "15s" } }, [{ code: 503, askedMs: 12_000 }]).begin();
    expect(bench.row.until).toBe(bench.clock.now() + 12_000);
    const long = await new Bench({ retry: { ...even, max: "15s" } }, [{ code: 503, askedMs: 3_600_000 }]).begin();
    expect(long.row.until).toBe(long.clock.now() + 15_000);
  });

  test("is made again after the codes that it names, and after no others", async () => {
    const retry = { ...even, on: [404, "FETCH_TIMEOUT"] };
    for (const end of [{ code: 404 }, new AppError("FETCH_TIMEOUT", "too slow")]) {
      expect((await new Bench({ retry }, [end]).begin()).row.status).toBe("waiting");
    }
    for (const end of [busy, new AppError("FETCH_FAILED", "no way")]) {
      expect((await new Bench({ retry }, [end]).begin()).ends).toHaveLength(1);
    }
  });

  test("without codes is made again after what may pass, and after nothing else", async () => {
    for (const end of [{ code: 404 }, { code: 200 }, new AppError("VALUE_TOO_LARGE", "too large")]) {
      expect((await new Bench({ retry: even }, [end]).begin()).ends).toHaveLength(1);
    }
  });

  test("is never made again after a wrong option", async () => {
    const end = new AppError("VALIDATION_FAILED", "no such method");
    const bench = await new Bench({ retry: { ...even, on: ["VALIDATION_FAILED"] } }, [end]).begin();
    expect(bench.ends).toMatchObject([{ ok: false, error: { code: "VALIDATION_FAILED" } }]);
  });

  test("that makes no sense is refused before anything is done", async () => {
    const bench = await new Bench({ retry: { tries: 3 } }, []).begin();
    expect(bench.ends).toMatchObject([{ ok: false, error: { code: "VALIDATION_FAILED" } }]);
    expect(bench.tries).toBe(0);
  });

  test("that is cancelled while it waits ends at once, and is not made any more", async () => {
    const bench = await new Bench({ retry: even }, [busy]).begin();
    bench.call.cancel();
    bench.call.cancel();
    await bench.clock.advance(60_000);
    expect(bench.ends).toMatchObject([{ ok: false, error: { code: "RUN_CANCELLED" } }]);
    expect(bench.row).toMatchObject({ status: "cancelled", until: null });
    expect(bench.tries).toBe(1);
  });

  test("that is cancelled while it is made is not made again", async () => {
    const bench = await new Bench({ retry: { ...even, on: ["RUN_CANCELLED"] } }, ["never"]).begin();
    bench.call.cancel();
    await settlePromises();
    expect(bench.row).toMatchObject({ status: "cancelled", attempts: 1 });
    expect([bench.ends.length, bench.clock.pendingMs]).toEqual([1, []]);
  });
});

describe("in a later life", () => {
  test("a fetch that waited is made at the time it waited for", async () => {
    const first = await new Bench({ retry: even }, [busy]).begin();
    await first.clock.advance(4000);
    const later = await first.next([{ code: 200 }]);
    await later.clock.advance(5999);
    expect([first.tries, later.tries]).toEqual([1, 0]);
    await later.clock.advance(1);
    expect(later.row).toMatchObject({ status: "succeeded", attempts: 2 });
  });

  test("one that was under way is made again, and that takes none of the tries", async () => {
    const retry = { ...even, attempts: 2 };
    const second = await (await new Bench({ retry }, ["never"]).begin()).next([busy]);
    expect(second.row).toMatchObject({ status: "waiting", attempts: 2 });
    expect(second.lines[0]).toContain("attempt 1 of 2 failed");
    const third = await second.next([busy]);
    await third.clock.advance(10_000);
    expect(third.row).toMatchObject({ status: "succeeded", code: 503, attempts: 3 });
  });

  test("one that may do harm a second time is not made again, and says so", async () => {
    const later = await (await new Bench({}, ["never"], { mayRepeat: () => false }).begin()).next([]);
    expect(later.ends).toMatchObject([{ ok: false, error: { code: "INTERRUPTED" } }]);
    expect(later.row).toMatchObject({ status: "failed", attempts: 1 });
    expect(later.tries).toBe(0);
  });

  test("one that may do harm a second time and waited is made when its time comes", async () => {
    const kind = { mayRepeat: () => false };
    const later = await (await new Bench({ retry: even }, [busy], kind).begin()).next([{ code: 200 }]);
    await later.clock.advance(10_000);
    expect(later.row).toMatchObject({ status: "succeeded", attempts: 2 });
  });
});

test("work that is no step of the run has no row, and is done again by a later life", async () => {
  const first = new Bench({}, ["never"]);
  const plain = new WorkCall(
    { ...optionsOf(first), onEnd: (outcome) => first.ends.push(outcome) },
    { work: async () => ({ value: "done" }) },
  );
  expect(plain.open()).toEqual([]);
  plain.resume({ kept: null, delivered: { stdout: 0, stderr: 0 } });
  await settlePromises();
  expect(first.ends).toEqual([done]);
});

function optionsOf({ clock }: Bench): OngoingCallOptions {
  return {
    parts: { clock },
    run: { id: "r" },
    call: { number: 1, kind: "volume", name: "volumes.create", args: {} },
    record: (_writes: readonly Write[], effect?: () => void) => effect?.(),
  } as unknown as OngoingCallOptions;
}
