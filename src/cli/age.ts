// How long ago something was, for people: "now", "5 s", "3 min 20 s", "2 d".

import { formatDuration } from "../core/duration.ts";

export function formatAge(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 1) return "now";
  if (seconds < 60) return `${seconds} s`;
  const days = Math.floor(seconds / 86_400);
  return days >= 2 ? `${days} d` : formatDuration(seconds * 1000);
}

export function formatAgo(ms: number): string {
  const age = formatAge(ms);
  return age === "now" ? "just now" : `${age} ago`;
}
