// Words and flags that an action does not take are refused: whoever gives them expects something of them.

import type { Command } from "commander";
import { AppError } from "../../core/app-error.ts";

export interface Taken {
  /** Behind the action. */
  readonly words: 0 | 1 | 2;
  /** As their values are called; `--server` and `--json` go with every action. */
  readonly flags: readonly string[];
}

/** Those of every kind of destination. */
export const takenOfDeliveries = {
  deliveries: { words: 2, flags: ["status", "limit"] },
  retry: { words: 2, flags: [] },
  recover: { words: 1, flags: ["since"] },
} as const satisfies Readonly<Record<string, Taken>>;

const ofAll: readonly string[] = ["server", "json"];

/** @throws {AppError} USAGE that names the first of them. */
export function refuseUnused(
  command: Command,
  action: string,
  takes: Taken | undefined,
  words: readonly (string | undefined)[],
): void {
  if (takes === undefined) return;
  const word = words.slice(takes.words).find((each) => each !== undefined);
  const flags: readonly string[] = [...ofAll, ...takes.flags];
  const option = command.options.find((each) => {
    const name = each.attributeName();
    return command.getOptionValueSource(name) === "cli" && !flags.includes(name);
  });
  const unused = word === undefined ? option?.long : JSON.stringify(word.slice(0, 100));
  if (unused === undefined || unused === null) return;
  throw new AppError("USAGE", `runner ${command.name()} ${action} takes no ${unused}`, {
    hint: `\`runner ${command.name()} --help\` tells what each action takes`,
  });
}
