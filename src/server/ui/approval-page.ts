// The pages behind the link of an approval: what is asked, with two buttons, and what became of it.

import { type AppError, httpStatusOf } from "../../core/app-error.ts";
import { formatDuration } from "../../core/duration.ts";
import { maxDeciderName, maxNewsText } from "../../core/news-name.ts";
import type { Decision, LinkedApproval } from "../../engine/engine.ts";
import { escapeHtml } from "./page-response.ts";
import { smallPage } from "./small-page.ts";

/** Return, which a phone offers while a name is typed, presses the first button of a form: not the one that approves. */
const nobodyByKey = "<button disabled hidden></button>";

export function approvalPage(approval: LinkedApproval, now: number): Response {
  const { name, message, expiresAt } = approval;
  const left = formatDuration(Math.max(0, expiresAt - now));
  const main = `<h2>${escapeHtml(message ?? `Approve ${name}?`)}</h2>
${factsOf(approval, [["link ends", `${formatMoment(expiresAt)}, in ${left}`]])}
<form method="post">
${nobodyByKey}
<label for="by">Your name, if you like</label>
<input id="by" name="by" maxlength="${maxDeciderName}" autocomplete="name">
<label for="comment">A comment, if you like</label>
<textarea id="comment" name="comment" maxlength="${maxNewsText}" rows="2"></textarea>
<div class="choice">
<button name="decision" value="approve">Approve</button>
<button class="deny" name="decision" value="deny">Deny</button>
</div>
</form>`;
  return smallPage({ title: `Approve ${name}?`, main });
}

export function decidedPage(approval: LinkedApproval, { approved, by, comment }: Decision): Response {
  const did = approved ? "Approved" : "Denied";
  const facts: [string, string][] = [["by", by]];
  if (comment !== null) facts.push(["comment", comment]);
  const main = `<h2>${did}.</h2>
${factsOf(approval, facts)}
<p>The run goes on with that. You can close this page.</p>`;
  return smallPage({ title: did, main });
}

export function linkProblemPage({ code, message, hint }: AppError): Response {
  const sentence = `${message.slice(0, 1).toUpperCase()}${message.slice(1)}.`;
  const main = `<p class="note" role="alert">${escapeHtml(sentence)}</p>
${hint === undefined ? "" : `<p class="hint">${showCommands(escapeHtml(hint))}</p>`}`;
  return smallPage({ title: "Nothing to decide", main, status: httpStatusOf(code) });
}

function factsOf({ pipeline, name, runId }: LinkedApproval, more: readonly (readonly [string, string])[]): string {
  const facts = [["pipeline", pipeline], ["approval", name], ["run", runId], ...more] as const;
  const rows = facts.map(([term, value]) => `<dt>${term}</dt><dd>${escapeHtml(value)}</dd>`);
  return `<dl>${rows.join("\n")}</dl>`;
}

function showCommands(html: string): string {
  return html.replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}

/** Who reads it may be anywhere. */
function formatMoment(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
