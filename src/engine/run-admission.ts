// What becomes of a run as it comes in: it is queued, skipped, or takes the place of others with its concurrency key.

import { toAppError } from "../core/app-error.ts";
import type { Clock } from "../core/clock.ts";
import type { PipelineConfig } from "../core/pipeline-config.ts";
import type { RunError } from "../core/run.ts";
import type { CancelRequest, NewRun, Write } from "../store/store.ts";
import type { Dispatcher, QueuedRun } from "./dispatcher.ts";
import type { Followers, RecordedEnd } from "./followers.ts";
import { describeKey } from "./queue-place.ts";
import { plainError } from "./run-end.ts";

export type Admission =
  | { readonly type: "skip"; readonly error: RunError }
  | {
      readonly type: "queue";
      /** What of other runs is recorded with this one, in the same transaction. */
      readonly writes: readonly Write[];
      /** To be called when that is durable … */
      readonly confirm: () => void;
      /** … or could not be recorded. */
      readonly undo: () => void;
    };

export interface RunAdmissionOptions {
  readonly dispatcher: Dispatcher;
  readonly followers: Pick<Followers, "endRun">;
  readonly clock: Pick<Clock, "now">;
  /** A queued run has ended, and that is durable. */
  readonly onDropped: (id: string) => void;
  /** A run that has begun is to end, and that is durable. */
  readonly onReplaced: (id: string, cancel: CancelRequest) => void;
}

interface DroppedRun {
  readonly end: RecordedEnd;
  readonly confirm: () => void;
  readonly putBack: () => void;
}

const simplyQueued: Admission = { type: "queue", writes: [], confirm: () => {}, undo: () => {} };

export class RunAdmission {
  readonly #options: RunAdmissionOptions;

  constructor(options: RunAdmissionOptions) {
    this.#options = options;
  }

  /** Decides by what is queued and executes now. @throws {AppError} QUEUE_FULL. */
  admit(run: NewRun, { concurrencyLimit: limit, onConflict = "queue" }: PipelineConfig): Admission {
    const { dispatcher } = this.#options;
    const key = run.concurrencyKey;
    if (onConflict !== "queue" && key !== null && limit !== undefined) {
      const { holding, queued } = dispatcher.usersOf(key);
      const surplus = holding.length + queued.length + 1 - limit;
      if (surplus > 0 && onConflict === "skip") {
        return { type: "skip", error: skippedError(holding[0] ?? queued[0]?.id ?? "", key, limit) };
      }
      if (surplus > 0) {
        const ending = onConflict === "cancel-running" ? holding.slice(0, surplus) : [];
        return this.#replace(run, key, ending, queued.slice(0, surplus - ending.length));
      }
    }
    dispatcher.checkRoom({ key, limit });
    return simplyQueued;
  }

  /** The same for a run that is recorded: where there is no room it is skipped, since nobody could try again. */
  admitRecorded(run: NewRun, config: PipelineConfig): Admission {
    try {
      return this.admit(run, config);
    } catch (thrown) {
      const { code, message, hint = null } = toAppError(thrown);
      return { type: "skip", error: plainError(code, message, hint) };
    }
  }

  /** Oldest first: `holding` are asked to end, `queued` never begin. */
  #replace(run: NewRun, key: string, holding: readonly string[], queued: readonly QueuedRun[]): Admission {
    const { dispatcher, clock, onReplaced } = this.#options;
    // Who leaves the queue makes room for who comes.
    if (queued.length === 0) dispatcher.checkRoom({ key, limit: 1 });
    const message = `run ${run.id} came with ${describeKey(key)} and takes its place`;
    const cancel: CancelRequest = { code: "RUN_REPLACED", message, at: clock.now() };
    const dropped = queued.flatMap((each) => this.#drop(each, cancel));
    return {
      type: "queue",
      writes: [
        ...dropped.flatMap(({ end }) => end.writes),
        ...holding.flatMap((id): readonly Write[] => [
          { type: "run.cancel_if_unfinished", id, cancel },
          // One that waits comes back for that, also where this process ends before it has brought it back.
          { type: "run.wake", id, at: cancel.at },
        ]),
      ],
      confirm: () => {
        for (const { confirm } of dropped) confirm();
        for (const id of holding) onReplaced(id, cancel);
      },
      undo: () => {
        for (const { putBack } of dropped) putBack();
      },
    };
  }

  /** Takes a run out of the queue; nothing where it has begun meanwhile. */
  #drop({ id, pipeline, depth }: QueuedRun, { message, at }: CancelRequest): readonly DroppedRun[] {
    const { dispatcher, followers, onDropped } = this.#options;
    const withdrawn = dispatcher.withdraw(id);
    if (withdrawn === undefined) return [];
    const error = plainError("RUN_REPLACED", message);
    // Where its own record has failed there is nothing to end.
    const finish = { type: "run.drop_queued", id, error, at } as const;
    const end = followers.endRun({ id, pipeline, depth }, { status: "cancelled", result: null, error }, at, finish);
    const confirm = (): void => {
      onDropped(id);
      end.begin();
    };
    return [{ end, confirm, putBack: withdrawn.putBack }];
  }
}

function skippedError(other: string, key: string, limit: number): RunError {
  const many = limit === 1 ? "one run" : `${limit} runs`;
  const message = `run ${other} is not over, and only ${many} at a time may have ${describeKey(key)}`;
  return plainError("RUN_SKIPPED", message, "its config says so: concurrency.onConflict is skip");
}
