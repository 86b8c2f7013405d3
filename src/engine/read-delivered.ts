// Output of a step as the script was given it, piece by piece: read again from the log.

import { formatStepId } from "../core/step-id.ts";
import type { Delivery, Store } from "../store/store.ts";

export async function readDelivered(
  { logs }: Pick<Store, "logs">,
  runId: string,
  { call, stream, offset, length }: Extract<Delivery, { readonly type: "output" }>,
): Promise<string> {
  const stepId = formatStepId({ runId, number: call });
  const bytes = await logs.readOutput(stepId, stream, offset, length);
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
