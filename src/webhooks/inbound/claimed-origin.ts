// Who a request says it is from, where nothing of it was looked at but its headers.

import { findByHeaders } from "./find-by-headers.ts";
import { findProvider } from "./provider-table.ts";
import { readValue } from "./read-value.ts";

/** @param pinned the only provider that the pipeline believes; absent: told by headers. Names in lower case. */
export function claimedOrigin(
  { headers }: { readonly headers: Readonly<Record<string, string>> },
  pinned: string | undefined,
): { readonly provider: string; readonly eventType: string; readonly deliveryId: string } {
  const provider = pinned === undefined ? findByHeaders(headers) : findProvider(pinned);
  if (!provider) return { provider: pinned ?? "", eventType: "", deliveryId: "" };
  return {
    provider: provider.name,
    eventType: readValue(provider.eventType, headers, null),
    deliveryId: readValue(provider.deliveryId, headers, null),
  };
}
