// What the owner of a guest hears from the pool.

import type { Answer, GuestCall, GuestTurn } from "../protocol.ts";

/** After `onMoved` or `onFailed` nothing more comes from this placement. */
export interface GuestListener {
  onTurn(turn: GuestTurn): void;
  /** A synchronous call: the guest's process waits for the answer. */
  onAsk(call: GuestCall): Promise<Answer>;
  /** The process is lost to this guest: open it again and replay. */
  onMoved(): void;
  /** This guest made its process unusable. */
  onFailed(code: "CPU_LIMIT" | "SANDBOX_FAILED", message: string): void;
}
