// Addresses on this server as a browser is sent to them: always relative, because a proxy may have put a path before
// ours.

/** From the path of a request to another one, both beginning with a slash: `/swagger/json` → `/login` is `../login`. */
export function relativeAddress(from: string, to: string): string {
  const depth = from.split("/").length - 2;
  return (depth > 0 ? "../".repeat(depth) : "./") + to.slice(1);
}

/** A path with its query that stays on this server, or the fallback. */
export function localPath(wanted: string | null | undefined, fallback: string): string {
  // Browsers take a backslash for a slash, and two of them begin the name of another host.
  const isLocal = wanted !== null && wanted !== undefined && /^\/(?!\/)[\w.~!$&'()*+,;=:@%/?-]{0,500}$/.test(wanted);
  return isLocal ? wanted : fallback;
}
