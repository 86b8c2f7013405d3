// What is wrong with a YAML pipeline that is good enough to be in force: what has no effect, and targets and vars
// that nobody has.

import { isYamlFile } from "../core/pipeline-file.ts";
import { findYamlNotes } from "./compile-yaml.ts";
import type { VarPlan } from "./concourse/concourse.ts";
import { createError, type PipelineVersion, type Problem } from "./pipeline.ts";

/** Why there is no value for a var that a pipeline asks for, or null. */
export type CheckVar = (asked: VarPlan, pipeline: string) => string | null | Promise<string | null>;

export interface YamlWarningSources {
  readonly checkVar?: CheckVar;
  /** Why nobody is told who is named so, or null. */
  readonly checkTarget?: (name: string) => string | null;
}

export async function findYamlWarnings(
  id: string,
  version: PipelineVersion,
  { checkVar, checkTarget }: YamlWarningSources,
): Promise<readonly Problem[]> {
  const { file } = version;
  if (!isYamlFile(file)) return [];
  const notes = findYamlNotes(version);
  const warn = (message: string, hint: string | null, [line, column]: VarPlan["at"]): Problem => ({
    ...createError(file, message, hint, { line, column }),
    severity: "warning",
  });
  const warnings = notes.warnings.map(({ message, hint, place }) => warn(message, hint, place));
  for (const { name, at } of notes.targets) {
    const reason = checkTarget?.(name) ?? null;
    if (reason !== null) warnings.push(warn(`notify: ${reason}`, "until then its step is an error", at));
  }
  for (const asked of notes.vars) {
    const reason = version.config.params[asked.name]?.default === undefined ? await checkVar?.(asked, id) : null;
    if (reason) warnings.push(warn(reason, "until then a run that comes to it without one fails", asked.at));
  }
  return warnings;
}
