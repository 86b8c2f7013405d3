// Problems of pipelines' files, as one reads them in a terminal.

import type { CommandContext } from "./command-context.ts";
import type { CheckedFileJson } from "./pipeline-verbs.ts";
import { printable } from "./printable.ts";

export type ShownProblem = CheckedFileJson["problems"][number];

/** `file:line:column message`, the file as one would open it from the current folder. */
export async function printProblems(
  problems: readonly ShownProblem[],
  show: (file: string) => string,
  out: CommandContext["terminal"]["out"],
): Promise<void> {
  for (const { file, line, column, severity, message, hint } of problems) {
    const place = [show(file), line, line === null ? null : column].filter((part) => part !== null).join(":");
    await out.line(printable(`${place} ${severity === "warning" ? "warning: " : ""}${message}`));
    if (hint) await out.line(`  ${out.paint("dim", "hint:")} ${printable(hint)}`);
  }
}
