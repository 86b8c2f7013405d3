// Which provider a request claims to come from.

import type { InboundProvider } from "./provider.ts";
import { fallbackProvider, providers } from "./provider-table.ts";

type Headers = Readonly<Record<string, string>>;

/** The provider whose headers are there; the fallback where there are none. Names in lower case. */
export function findByHeaders(headers: Headers): InboundProvider {
  return providers.find((provider) => hasItsHeaders(provider, headers)) ?? fallbackProvider;
}

export function hasItsHeaders(provider: InboundProvider, headers: Headers): boolean {
  return provider.detectedBy.some(({ header, prefix = "" }) => headers[header]?.startsWith(prefix) === true);
}
