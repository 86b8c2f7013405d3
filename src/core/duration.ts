// Durations as people write them ("90s", "2h", "1h30m", 1500) to milliseconds.

import { AppError } from "./app-error.ts";

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const part = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g;
const whole = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;
const longestMs = 3650 * unitMs.d;

/**
 * Milliseconds of a duration: a number is milliseconds, a text is one or more numbers with a unit (ms, s, m, h, d).
 * @throws {AppError} VALIDATION_FAILED when it is neither, negative, or longer than ten years.
 */
export function parseDuration(value: unknown): number {
  const ms = typeof value === "number" ? value : typeof value === "string" ? sumParts(value.trim()) : Number.NaN;
  if (Number.isFinite(ms) && ms >= 0 && ms <= longestMs) return ms;
  throw new AppError("VALIDATION_FAILED", `${JSON.stringify(value) ?? String(value)} is not a duration`, {
    hint: 'write a number with a unit, like "500ms", "30s", "5m", "2h", "1h30m" or "7d"',
  });
}

function sumParts(text: string): number {
  if (!whole.test(text)) return Number.NaN;
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(part)) sum += Number(amount) * unitMs[unit as keyof typeof unitMs];
  return sum;
}

/** As it is written, exact, in the largest unit that needs no fraction: "5s", "90s", "1500ms". */
export function durationText(ms: number): string {
  const fitting = ms === 0 ? undefined : Object.entries(unitMs).findLast(([, size]) => ms % size === 0);
  const [unit, size] = fitting ?? ["ms", 1];
  return `${ms / size}${unit}`;
}

/** A duration for people: "850 ms", "12.3 s", "4 min 10 s", "2 h 5 min". */
export function formatDuration(ms: number): string {
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  // Rounded as a whole first, so that no part can be rounded up to 60.
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(ms / 60_000);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
