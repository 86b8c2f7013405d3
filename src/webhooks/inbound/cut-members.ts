// Takes the members of a name out of a JSON text, and leaves every other byte as it is.

import { findStringEnd } from "../../core/json-string-end.ts";
import { maxJsonDepth } from "../../core/parse-bounded-json.ts";

/** An object or an array that is open. */
interface Level {
  readonly isObject: boolean;
  /** Of its last member that stays. */
  keptEnd: number | null;
  member: { readonly start: number; readonly isCut: boolean } | null;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

export interface CutMembersOptions {
  readonly name: string;
  /** 1: only of the outermost object. */
  readonly maxDepth: number;
}

export interface CutText {
  readonly text: string;
  /** It ends where a member began that does not end in it. */
  readonly isCut: boolean;
}

/**
 * The text may be any, as the beginning of a JSON text; of a member that does not end in it nothing is left, nor of what
 * follows.
 * @param text each of its characters one byte.
 */
export function cutMembers(text: string, options: CutMembersOptions): CutText {
  const levels: Level[] = [];
  const spans: Span[] = [];
  for (let at = 0; at < text.length && levels.length <= maxJsonDepth; at++) {
    const level = levels.at(-1);
    switch (text[at]) {
      case '"': {
        const start = at;
        at = findStringEnd(text, start + 1);
        if (level?.isObject === true) level.member ??= beginMember(text, start, at, levels.length, options);
        break;
      }
      case "{":
      case "[":
        levels.push({ isObject: text[at] === "{", keptEnd: null, member: null });
        break;
      case ",":
        if (level !== undefined) endMember(text, level, at, spans);
        break;
      case "}":
      case "]":
        if (level !== undefined) endMember(text, level, at, spans);
        levels.pop();
        break;
      default:
    }
  }
  const open = levels.find(({ member }) => member?.isCut === true)?.member;
  const isCut = open !== undefined && open !== null;
  return { text: withoutSpans(isCut ? text.slice(0, open.start) : text, spans), isCut };
}

function beginMember(
  text: string,
  start: number,
  end: number,
  depth: number,
  { name, maxDepth }: CutMembersOptions,
): Level["member"] {
  return { start, isCut: depth <= maxDepth && readString(text.slice(start, end + 1)) === name };
}

/** @param at where the comma or the bracket behind it is. */
function endMember(text: string, level: Level, at: number, spans: Span[]): void {
  const { member, keptEnd } = level;
  level.member = null;
  if (member === null) return;
  if (!member.isCut) {
    level.keptEnd = at;
    return;
  }
  const isLast = text[at] !== ",";
  // A comma goes with it: the one behind it, else the one before it.
  const start = isLast ? (keptEnd ?? member.start) : member.start;
  while ((spans.at(-1)?.start ?? -1) >= start) spans.pop();
  spans.push({ start, end: isLast ? at : skipSpace(text, at + 1) });
}

function withoutSpans(text: string, spans: readonly Span[]): string {
  if (spans.length === 0) return text;
  const starts = [0, ...spans.map(({ end }) => end)];
  return starts.map((start, index) => text.slice(start, spans[index]?.start)).join("");
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (" \t\r\n".includes(text[at] ?? "x")) at++;
  return at;
}

function readString(written: string): string | null {
  try {
    return JSON.parse(written) as string;
  } catch {
    return null;
  }
}
