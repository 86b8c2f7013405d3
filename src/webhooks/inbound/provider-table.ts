// The known providers, in the order in which they are tried; the fallback is last.

import type { InboundProvider } from "./provider.ts";
import { generic } from "./providers/generic.ts";
import { github } from "./providers/github.ts";
import { slack } from "./providers/slack.ts";

export const fallbackProvider = generic;

export const providers: readonly InboundProvider[] = [github, slack, fallbackProvider];

/** Names that `webhook.provider` may pin. */
export const providerNames: readonly string[] = providers.map((provider) => provider.name);

export function findProvider(name: string): InboundProvider | undefined {
  return providers.find((provider) => provider.name === name);
}
