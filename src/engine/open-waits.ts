// What a run waits for in this process, by the number of the call.

import { AppError } from "../core/app-error.ts";
import type { CallKind } from "../sandbox/sandbox.ts";
import type { Write } from "../store/store.ts";
import type { WaitCall } from "./wait-call.ts";

export class OpenWaits extends Map<number, WaitCall> {
  /** @throws {AppError} VALIDATION_FAILED: whoever decides says which one by its name. */
  refuseSecond(kind: CallKind, name: string): void {
    if (![...this.values()].some((wait) => wait.isFor(kind, name))) return;
    throw new AppError("VALIDATION_FAILED", `this run waits for an approval named ${JSON.stringify(name)} already`, {
      hint: "give each of those that wait at one time a name of its own",
    });
  }

  /** Ends all without a result; gives what is to be recorded. */
  close(isCancelled: boolean): readonly Write[] {
    const writes = [...this.values()].flatMap((wait) => wait.lost(isCancelled));
    this.clear();
    return writes;
  }
}
