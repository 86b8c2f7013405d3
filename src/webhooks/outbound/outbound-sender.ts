// The sender of deliveries: one that has tried on this runtime that its guard works, or one that sends nothing.

import { createSender, type Sender, type SenderOptions } from "./create-sender.ts";
import { findGuardFault } from "./guard-self-test.ts";

export interface OutboundSender extends Sender {
  /** Why nothing is sent at all, in a sentence: every delivery fails with it. */
  readonly fault: string | null;
}

/** Takes some milliseconds: the guard is tried first. */
export async function openOutboundSender(options: SenderOptions): Promise<OutboundSender> {
  const sender = createSender(options);
  const fault = await findGuardFault(createSender);
  if (fault === null) return { ...sender, fault };
  return {
    ...sender,
    fault,
    send: () => Promise.resolve({ type: "failed", error: "address_refused", message: fault, durationMs: 0 }),
  };
}
