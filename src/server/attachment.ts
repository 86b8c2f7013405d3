// The headers of a file whose content is not ours: a browser saves it and never runs it on the origin of the API.

import { apiHeaders } from "./json-response.ts";

/** Types that no browser executes; text as such even where it is HTML or SVG. */
const safeTypes: Readonly<Record<string, string>> = {
  txt: "text/plain; charset=utf-8",
  log: "text/plain; charset=utf-8",
  md: "text/plain; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  json: "application/json",
  pdf: "application/pdf",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  zip: "application/zip",
  gz: "application/gzip",
};

export function attachment(name: string): Readonly<Record<string, string>> {
  const extension = /\.([a-z]{2,4})$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  return {
    ...apiHeaders,
    "content-security-policy": "sandbox",
    "content-type": (Object.hasOwn(safeTypes, extension) && safeTypes[extension]) || "application/octet-stream",
    "content-disposition": contentDisposition(name),
  };
}

/** RFC 6266 §4.3: a plain name for old clients, and the whole one in the encoding of RFC 8187 §3.2. */
function contentDisposition(name: string): string {
  const plain = name.replaceAll(/[^\x20-\x7E]|["%\\]/g, "_");
  const encoded = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
