// What a resource is, as a text: where that changes, its versions begin afresh. Said alike by runs and by the checks
// outside of them.

import type { JsonObject } from "./plan.ts";

/** As written: what its vars come to may be secret. */
export function resourceScope({ type, source }: { readonly type: string; readonly source: JsonObject }): string {
  return JSON.stringify([type, source]);
}
