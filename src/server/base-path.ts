// The path of the public address, which a proxy in front may take off a request or not: both are understood.

import { splitTarget } from "./request-path.ts";

/** "" where there is none, else like "/runner". */
export function basePathOf(publicUrl: string | null): string {
  const path = publicUrl === null ? "" : (URL.parse(publicUrl)?.pathname ?? "");
  return path.replace(/\/+$/, "");
}

/** An address of this server as clients can use it, through the proxy or past it. `path` begins with a slash. */
export function publicPath(publicUrl: string | null, path: string): string {
  return basePathOf(publicUrl) + path;
}

/** The absolute URL without the base path; null where it does not begin with it. */
export function withoutBasePath(absoluteUrl: string, basePath: string): string | null {
  const start = absoluteUrl.indexOf("/", 8);
  const end = start + basePath.length;
  if (start === -1 || !absoluteUrl.startsWith(basePath, start)) return null;
  const rest = absoluteUrl.slice(end);
  if (rest !== "" && !/^[/?]/.test(rest)) return null;
  // A base path below /api looks like our own addresses: there only what is one of them behind it can be meant.
  if (/^\/api(?:\/|$)/.test(basePath) && !rest.startsWith("/api/")) return null;
  return absoluteUrl.slice(0, start) + (rest.startsWith("/") ? rest : `/${rest}`);
}

/**
 * Where a request for the base path alone is sent, for addresses on pages are relative to what ends with a slash; null
 * for any other request. Relative itself, as all of them.
 */
export function missingSlash(absoluteUrl: string, basePath: string): string | null {
  const { path, url } = splitTarget(absoluteUrl);
  if (path !== basePath || withoutBasePath(absoluteUrl, basePath) === null) return null;
  return `.${basePath.slice(basePath.lastIndexOf("/"))}/${url.slice(path.length)}`;
}
