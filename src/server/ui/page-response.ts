// HTML pages as answers: what they may load and who may frame them is said in their headers.

import { createHash } from "node:crypto";

export interface PageOptions {
  readonly status?: number;
  /** Content-Security-Policy beside what holds for every page. */
  readonly policy: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Nothing from elsewhere, nothing sent elsewhere, in nobody's frame. */
const everyPage = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";

export function pageResponse(html: string, { status = 200, policy, headers = {} }: PageOptions): Response {
  const always = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": `${everyPage}; ${policy}`,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    // With no-referrer a browser would send `Origin: null` with the page's own forms.
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
  };
  return new Response(html, { status, headers: { ...always, ...headers } });
}

/** An inline script or style as a source in a Content-Security-Policy (CSP3 §2.3.1). */
export function inlineSource(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A text for an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => entities[char] ?? char);
}
