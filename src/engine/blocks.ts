// The blocks of a run, `step(name, …)` in scripts: what the script tells of them becomes their rows and lines of the log.

import { newStep, type Step } from "../core/run.ts";
import { jobOf } from "./job-of.ts";
import { formatStepId } from "../core/step-id.ts";
import type { CallKind, GuestCall } from "../sandbox/sandbox.ts";
import type { Journal, Write } from "../store/store.ts";
import { describeRetry } from "./plan-retry.ts";
import type { RunLog } from "./run-log.ts";

type BlockCall = Pick<GuestCall, "number" | "kind" | "name" | "args">;

/** The arguments of its calls, as the guest makes them; `block` is the number of the call that opened it. */
interface BlockArguments {
  /** Of `block`: how often it is tried at most. */
  readonly attempts: number;
  readonly block: number;
  /** Of `block_note`: until the next attempt; absent where that begins. */
  readonly delayMs?: number;
  readonly reason?: string;
  /** Of `block_end`, beside the value, which only the script itself needs. */
  readonly status: "succeeded" | "failed" | "cancelled";
}

interface OpenBlock {
  readonly step: Step;
  readonly attempts: number;
}

const maxMessageLength = 1000;

export function isOfBlock(kind: CallKind): boolean {
  return kind === "block" || kind === "block_note" || kind === "block_end";
}

export class Blocks {
  readonly #runId: string;
  readonly #log: RunLog;
  readonly #open = new Map<number, OpenBlock>();

  constructor(runId: string, log: RunLog) {
    this.#runId = runId;
    this.#log = log;
  }

  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  /** The steps that those are which have not ended. */
  get steps(): readonly Step[] {
    return [...this.#open.values()].map(({ step }) => step);
  }

  /** Takes up the blocks that an earlier life has begun and not ended. */
  restore({ calls }: Pick<Journal, "calls">): void {
    for (const call of calls) this.#change({ ...call, kind: call.kind as CallKind }, call.startedAt);
  }

  /** Adds what a call of a block changes to what is recorded, and to what is done after that. */
  take(call: BlockCall, at: number, writes: Write[], effects: (() => void)[]): void {
    const block = this.#change(call, at);
    if (block === null) return;
    const { step, attempts } = block;
    writes.push({
      type: "step.put",
      runId: this.#runId,
      step,
      ...(step.status === "waiting" ? { failedAt: at } : {}),
    });
    if (step.status !== "waiting") return;
    const note = describeRetry(step.attempts, attempts, step.message ?? "", (step.until ?? at) - at);
    const text = `step ${JSON.stringify(step.name)}: ${note}`;
    const line = this.#log.append(this.#runId, { at, source: "system", level: "warn", text, afterCall: call.number });
    writes.push(line.write);
    effects.push(line.show);
  }

  /** The run is over: gives what is to be recorded of the blocks that are not. */
  close(at: number): readonly Write[] {
    const writes = [...this.#open.values()].map(({ step }): Write => ({
      type: "step.put",
      runId: this.#runId,
      step: { ...step, status: "cancelled", finishedAt: at, until: null },
    }));
    this.#open.clear();
    return writes;
  }

  /** The block as the call leaves it; null where it is not about one that is open. */
  #change({ number, kind, name, args }: BlockCall, at: number): OpenBlock | null {
    if (!isOfBlock(kind)) return null;
    const { attempts, block, delayMs, reason, status } = args as unknown as BlockArguments;
    if (kind === "block") {
      const step = newStep(formatStepId({ runId: this.#runId, number }), name, "block", jobOf(args));
      return this.#keep(number, { attempts, step: { ...step, status: "running", attempts: 1, startedAt: at } });
    }
    const known = this.#open.get(block);
    if (known === undefined) return null;
    const message = reason?.slice(0, maxMessageLength) ?? null;
    if (kind === "block_end") {
      this.#open.delete(block);
      return { ...known, step: { ...known.step, status, message, until: null, finishedAt: at } };
    }
    const tried = known.step.attempts;
    const step: Step =
      delayMs === undefined
        ? { ...known.step, status: "running", attempts: tried + 1, message, until: null }
        : { ...known.step, status: "waiting", message, until: at + delayMs };
    return this.#keep(block, { ...known, step });
  }

  #keep(number: number, block: OpenBlock): OpenBlock {
    this.#open.set(number, block);
    return block;
  }
}
