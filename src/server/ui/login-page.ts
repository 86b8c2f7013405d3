// The page where a browser shows the token and gets its session, or ends it. Works without JavaScript.

import { loginScript } from "./login-script.ts";
import { escapeHtml } from "./page-response.ts";
import { smallPage } from "./small-page.ts";

export interface LoginPageOptions {
  readonly status?: number;
  /** Path on this server where the browser is sent in the end. */
  readonly next: string;
  /** The same, as a link from this page. */
  readonly nextAddress: string;
  /** What went wrong, as a sentence. */
  readonly problem?: string;
  readonly loggedIn?: boolean;
}

export function loginPage(options: LoginPageOptions): Response {
  return smallPage({
    title: options.loggedIn === true ? "Logged in" : "Log in",
    main: options.loggedIn === true ? loggedInPart(options) : formPart(options),
    script: loginScript,
    ...(options.status === undefined ? {} : { status: options.status }),
    ...(options.status === 401 ? { headers: { "www-authenticate": 'Bearer realm="runner"' } } : {}),
  });
}

function formPart({ next, problem }: LoginPageOptions): string {
  return `${problem === undefined ? "" : `<p class="bad" role="alert">${escapeHtml(problem)}</p>`}
<p class="note" id="plain" hidden>This address is neither HTTPS nor localhost: what you type crosses the network
unencrypted, and pages can show the API but not use it.</p>
<form id="login" method="post" action="login">
<input type="hidden" name="next" value="${escapeHtml(next)}">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" autocapitalize="off"
spellcheck="false" maxlength="4096" required autofocus>
<button>Log in</button>
</form>
<p class="hint">It is in the file <code>runner.token</code> in the server's data folder, or in
<code>RUNNER_TOKEN</code>. The link that <code>runner serve</code> prints on its terminal logs in by itself.</p>`;
}

function loggedInPart({ nextAddress }: LoginPageOptions): string {
  return `<p>This browser is logged in.</p>
<a class="button" href="${escapeHtml(nextAddress)}">Go on</a>
<form method="post" action="logout"><button class="quiet">Log out</button></form>`;
}
