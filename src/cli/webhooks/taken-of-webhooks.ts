// Which words and flags each action of `runner webhooks` takes.

import type { WebhooksFlags } from "./endpoint-flags.ts";
import { type Taken, takenOfDeliveries } from "./refuse-unused.ts";

const ofEndpoint: readonly (keyof WebhooksFlags)[] = [
  "url",
  "events",
  "pipeline",
  "when",
  "header",
  "signatureHeader",
  "retry",
  "rateLimit",
  "description",
  "enable",
  "disable",
  // `set` says what is done instead.
  "secret",
];

export const takenOfWebhooks: Readonly<Record<string, Taken>> = {
  list: { words: 0, flags: [] },
  add: { words: 1, flags: ofEndpoint },
  show: { words: 1, flags: [] },
  set: { words: 1, flags: ofEndpoint },
  remove: { words: 1, flags: [] },
  "rotate-secret": { words: 1, flags: ["secret", "keepOldFor"] },
  test: { words: 2, flags: [] },
  ...takenOfDeliveries,
};
