// GET /login: the page. POST /login: the token for a session. POST /logout: its end. GET /: to where one begins.

import type { Elysia } from "elysia";
import { authenticate, isToken } from "../authenticate.ts";
import { apiHeaders } from "../json-response.ts";
import { localPath, relativeAddress } from "../local-address.ts";
import { methodNotAllowed } from "../method-not-allowed.ts";
import { readBody } from "../read-body.ts";
import { refuseCrossSite } from "../refuse-cross-site.ts";
import { readHeaders } from "../request-headers.ts";
import { parseQuery, splitTarget } from "../request-path.ts";
import type { RouteContext } from "../route-context.ts";
import { swaggerPath } from "./swagger.ts";
import { loginPage } from "../ui/login-page.ts";

export const loginPath = "/login";
export const logoutPath = "/logout";
/** Where a browser begins that asks for nothing in particular. */
const homePath = swaggerPath;

const maxFormBytes = 16 * 1024;
/** Guessing gets slow; a right token is never held up, so nobody can be locked out. */
const wrongTokenDelayMs = 1000;

export function addLoginRoutes(app: Elysia, context: RouteContext): void {
  app
    .get("/", ({ request }) => redirect(request, homePath))
    .all("/", ({ request }) => methodNotAllowed(request, "GET, HEAD"))
    .get(loginPath, ({ request }) => showLogin(request, context))
    .post(loginPath, ({ request }) => logIn(request, context), { parse: "none" })
    .all(loginPath, ({ request }) => methodNotAllowed(request, "GET, HEAD, POST"))
    .post(logoutPath, ({ request }) => logOut(request, context), { parse: "none" })
    .all(logoutPath, ({ request }) => methodNotAllowed(request, "POST"));
}

/** For a browser that asked for a page and has no session. */
export function redirectToLogin(request: Request): Response {
  const { url } = splitTarget(request.url);
  return redirect(request, `${loginPath}?next=${encodeURIComponent(localPath(url, homePath))}`);
}

function showLogin(request: Request, { credentials }: RouteContext): Response {
  const next = localPath(parseQuery(splitTarget(request.url).search)["next"], homePath);
  const page = { next, nextAddress: relativeAddress(loginPath, next) };
  try {
    authenticate(request, "page", credentials);
  } catch {
    return loginPage(page);
  }
  return loginPage({ ...page, loggedIn: true });
}

async function logIn(request: Request, context: RouteContext): Promise<Response> {
  refuseCrossSite(request, context.publicUrl);
  const limits = { ...context.limits, maxBodyBytes: maxFormBytes };
  const body = await readBody(request, readHeaders(request.headers, limits), { limits, clock: context.clock });
  const form = new URLSearchParams(new TextDecoder().decode(body));
  const next = localPath(form.get("next"), homePath);
  const { token, sessions } = context.credentials;
  if (isToken((form.get("token") ?? "").trim(), token)) {
    return redirect(request, next, [sessions.open(cameByHttps(request, context.connections.isSecure))]);
  }
  await new Promise<void>((resolve) => context.clock.after(wrongTokenDelayMs, resolve));
  const problem = "This is not the server's token.";
  return loginPage({ status: 401, next, nextAddress: relativeAddress(loginPath, next), problem });
}

function logOut(request: Request, { credentials, publicUrl }: RouteContext): Response {
  refuseCrossSite(request, publicUrl);
  return redirect(request, loginPath, credentials.sessions.close());
}

function redirect(request: Request, to: string, cookies: readonly string[] = []): Response {
  const headers = new Headers({ ...apiHeaders, location: relativeAddress(splitTarget(request.url).path, to) });
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(null, { status: 303, headers });
}

/** A form's Origin says how the browser sees this server, whatever stands between. */
function cameByHttps({ headers }: Request, isSecure: boolean): boolean {
  const origin = headers.get("origin");
  if (origin !== null && origin !== "null") return origin.startsWith("https:");
  return isSecure || /^\s*https\b/i.test(headers.get("x-forwarded-proto") ?? "");
}
