// Words and flags that an action does not take are refused: whoever gives them expects something of them.

import type { Command } from "commander";
import { AppError } from "../../core/app-error.ts";
import type { WebhooksFlags } from "./endpoint-flags.ts";

type Flag = keyof WebhooksFlags;

interface Taken {
  /** Behind the action: the id, and what follows it. */
  readonly words: 0 | 1 | 2;
  readonly flags: readonly Flag[];
}

const ofEndpoint: readonly Flag[] = [
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

const taken: Readonly<Record<string, Taken>> = {
  list: { words: 0, flags: [] },
  add: { words: 1, flags: ofEndpoint },
  show: { words: 1, flags: [] },
  set: { words: 1, flags: ofEndpoint },
  remove: { words: 1, flags: [] },
  "rotate-secret": { words: 1, flags: ["secret", "keepOldFor"] },
  test: { words: 2, flags: [] },
  deliveries: { words: 2, flags: ["status", "limit"] },
  retry: { words: 2, flags: [] },
  recover: { words: 1, flags: ["since"] },
};

const ofAll: readonly string[] = ["server", "json"] satisfies readonly Flag[];

/** @throws {AppError} USAGE that names the first of them. */
export function refuseUnused(action: string, words: readonly (string | undefined)[], command: Command): void {
  const takes = taken[action];
  if (takes === undefined) return;
  const word = words.slice(takes.words).find((each) => each !== undefined);
  const flags: readonly string[] = [...ofAll, ...takes.flags];
  const option = command.options.find((each) => {
    const name = each.attributeName();
    return command.getOptionValueSource(name) === "cli" && !flags.includes(name);
  });
  const unused = word === undefined ? option?.long : JSON.stringify(word.slice(0, 100));
  if (unused === undefined || unused === null) return;
  throw new AppError("USAGE", `runner webhooks ${action} takes no ${unused}`, {
    hint: "`runner webhooks --help` tells what each action takes",
  });
}
