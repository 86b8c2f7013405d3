// Texts that become arguments of git: what is wrong with one that git could take for an option or a command.

import { parseDuration } from "../../../../core/duration.ts";

const schemes = ["https", "http", "ssh", "git", "file"];

/** @returns what is wrong with the place of a repository, or null. */
export function checkGitUri(uri: string): string | null {
  if (uri === "") return "must not be empty";
  if (uri.startsWith("-")) return "must not begin with a dash: git would take it for an option";
  if (hasControl(uri)) return "must not hold control characters";
  // `ext::sh -c …` and its like name a program that git would run.
  if (/^[\w.+-]+::/.test(uri)) return "must not name a remote helper of git (the part before ::)";
  const scheme = /^([\w.+-]+):\/\//.exec(uri)?.[1]?.toLowerCase();
  if (scheme !== undefined && !schemes.includes(scheme)) return `must be a path or begin with ${schemes.join(", ")}`;
  const host =
    scheme === undefined ? /^(?:[^@/]*@)?([^:/]+):/.exec(uri)?.[1] : /^[^:]+:\/\/(?:[^@/]*@)?([^/]*)/.exec(uri)?.[1];
  // ssh would take such a host for an option.
  return host?.startsWith("-") ? "must not have a host that begins with a dash" : null;
}

/** The rules of git-check-ref-format(1) for a branch. @returns what is wrong, or null. */
export function checkGitBranch(branch: string): string | null {
  if (branch === "") return "must not be empty";
  if (branch.startsWith("-")) return "must not begin with a dash: git would take it for an option";
  if (hasControl(branch) || /[ ~^:?*[\\]|\.\.|@\{|\/\//.test(branch)) return "is not the name of a branch";
  const parts = branch.split("/");
  const isBad = parts.some((part) => part === "" || part.startsWith(".") || part.endsWith(".lock"));
  return isBad || branch.endsWith(".") || branch === "@" ? "is not the name of a branch" : null;
}

/** @returns what is wrong with a duration as "5m", or null. */
export function checkInterval(interval: string): string | null {
  try {
    return parseDuration(interval) >= 1000 ? null : "must be a second or more";
  } catch {
    return 'must be a duration, as "90s", "5m" or "1h30m"';
  }
}

function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text);
}
