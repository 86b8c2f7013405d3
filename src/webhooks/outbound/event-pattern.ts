// Which events an endpoint subscribes to: `run.failed` exactly, `run.*` at any depth, `*` for all.

import { isEventType } from "../../core/event.ts";

export function isEventPattern(pattern: string): boolean {
  return pattern === "*" || isEventType(pattern.endsWith(".*") ? withLastWord(pattern) : pattern);
}

/** `migration.*` matches `migration.phase.completed`, and not `migration`. */
export function matchesEvent(patterns: readonly string[], type: string): boolean {
  return patterns.some((pattern) => pattern === "*" || pattern === type || isBelow(pattern, type));
}

/** Those that none of these types would match. */
export function findUnmatched(patterns: readonly string[], types: readonly string[]): readonly string[] {
  return patterns.filter((pattern) => pattern !== "*" && !types.some((type) => matchesEvent([pattern], type)));
}

function isBelow(pattern: string, type: string): boolean {
  return pattern.endsWith(".*") && type.startsWith(pattern.slice(0, -1)) && type.length >= pattern.length;
}

function withLastWord(pattern: string): string {
  return `${pattern.slice(0, -1)}x`;
}
