// A page of one card: its frame, and what it may load. All of them work without JavaScript.

import { escapeHtml, inlineSource, pageResponse } from "./page-response.ts";
import { pageStyle } from "./page-style.ts";

export interface SmallPage {
  readonly title: string;
  /** HTML. */
  readonly main: string;
  readonly script?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

const icon = `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round"
stroke-linejoin="round" aria-hidden="true"><path d="m4 6 6 6-6 6"/><path d="M13 18h7"/></svg>`;

export function smallPage({ title, main, script, ...options }: SmallPage): Response {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)} · runner</title>
<link rel="icon" href="data:,">
<style>${pageStyle}</style>
</head>
<body>
<main>
<h1>${icon}runner</h1>
${main}
</main>
${script === undefined ? "" : `<script>${script}</script>\n`}</body>
</html>
`;
  const scripts = script === undefined ? "" : `script-src ${inlineSource(script)}; `;
  const policy = `${scripts}style-src ${inlineSource(pageStyle)}; img-src data:; form-action 'self'`;
  return pageResponse(html, { ...options, policy });
}
