// Which provider a request claims to come from.

import type { InboundProvider } from "./provider.ts";
import { fallbackProvider, providers } from "./provider-table.ts";

type Headers = Readonly<Record<string, string>>;

/** The provider's name: the pinned one, else the first whose headers are there, else `generic`. Names in lower case. */
export function detectProvider(headers: Headers, pinned?: string): string {
  return pinned ?? findByHeaders(headers).name;
}

/** The provider whose headers are there; the fallback where there are none. */
export function findByHeaders(headers: Headers): InboundProvider {
  return providers.find((provider) => hasItsHeaders(provider, headers)) ?? fallbackProvider;
}

export function hasItsHeaders(provider: InboundProvider, headers: Headers): boolean {
  return provider.detectedBy.some((name) => headers[name] !== undefined);
}
