// The routes, with what holds for all of them: the token, the limits of headers, and errors as problem+json.

import { Elysia } from "elysia";
import { AppError, toAppError } from "../core/app-error.ts";
import { approvalPath } from "../secrets/secrets.ts";
import { acceptsHtml } from "./accepts-html.ts";
import { authenticate, type Guarded } from "./authenticate.ts";
import { problemResponse } from "./problem.ts";
import { readHeaders } from "./request-headers.ts";
import { decodeId, splitTarget } from "./request-path.ts";
import type { RouteContext } from "./route-context.ts";
import { addApproveRoutes } from "./routes/approve.ts";
import { addArtifactRoutes } from "./routes/artifacts.ts";
import { addEndpointRoutes } from "./routes/endpoints.ts";
import { addEventRoutes } from "./routes/events.ts";
import { addHealthRoutes } from "./routes/health.ts";
import { addLoginRoutes, loginPath, logoutPath, redirectToLogin } from "./routes/login.ts";
import { addJournalRoutes } from "./routes/journal.ts";
import { addLogRoutes } from "./routes/logs.ts";
import { addNewsRoutes } from "./routes/news.ts";
import { addPipelineRoutes } from "./routes/pipelines.ts";
import { addRequestRoutes } from "./routes/requests.ts";
import { addRunRoutes } from "./routes/runs.ts";
import { addResourceRoutes } from "./routes/resources.ts";
import { addScheduleRoutes } from "./routes/schedules.ts";
import { addSecretRoutes } from "./routes/secrets.ts";
import { addTargetRoutes } from "./routes/targets.ts";
import { addSwaggerRoutes, swaggerPath } from "./routes/swagger.ts";
import { addWebhookRoutes, webhookPrefix } from "./routes/webhooks.ts";

export type RequestHandler = (request: Request) => Response | Promise<Response>;

const open: ReadonlySet<string> = new Set(["/healthz", "/readyz", loginPath, logoutPath]);

export function createHttpApp(context: RouteContext): RequestHandler {
  return createRoutes(context).compile().fetch;
}

export function createRoutes(context: RouteContext): Elysia {
  // standardHostname: true would look for the path from the 11th character on, and miss it behind http://nas/.
  const app = new Elysia({ handler: { standardHostname: false }, normalize: false });
  app.onRequest(({ request }) => {
    const { path } = splitTarget(request.url);
    // A webhook reads its headers itself, once.
    if (path.startsWith(webhookPrefix)) return;
    readHeaders(request.headers, context.limits);
    // A link is all that is asked for.
    if (!open.has(path) && !path.startsWith(approvalPath)) {
      const guarded = guardOf(path);
      try {
        authenticate(request, guarded, context.credentials);
      } catch (error) {
        if (guarded === "page" && isNavigation(request)) return redirectToLogin(request);
        throw error;
      }
    }
    // Elysia would hand over null for a parameter that cannot be decoded.
    decodeId(path);
  });
  app.onError(({ error, code, request }) => {
    const appError = code === "NOT_FOUND" && !(error instanceof AppError) ? notFound(request) : toAppError(error);
    if (!request.signal.aborted) context.reportError(appError.code === "INTERNAL" ? error : appError, request);
    return problemResponse(appError, { close: hasUnreadBody(request) });
  });
  addWebhookRoutes(app, context);
  addEndpointRoutes(app, context);
  addTargetRoutes(app, context);
  addHealthRoutes(app, context);
  addPipelineRoutes(app, context);
  addRunRoutes(app, context);
  addRequestRoutes(app, context);
  addNewsRoutes(app, context);
  addApproveRoutes(app, context);
  addEventRoutes(app, context);
  addResourceRoutes(app, context);
  addScheduleRoutes(app, context);
  addSecretRoutes(app, context);
  addArtifactRoutes(app, context);
  addLogRoutes(app, context);
  addJournalRoutes(app, context);
  addLoginRoutes(app, context);
  addSwaggerRoutes(app, context);
  return app;
}

function guardOf(path: string): Guarded {
  return path === "/" || path === swaggerPath || path.startsWith(`${swaggerPath}/`) ? "page" : "api";
}

/** A person opens a page, as opposed to a program, or a page that loads a part of itself. */
function isNavigation(request: Request): boolean {
  const mode = request.headers.get("sec-fetch-mode") ?? "navigate";
  return (request.method === "GET" || request.method === "HEAD") && mode === "navigate" && acceptsHtml(request);
}

/** Reading on for the sake of the connection would be reading what was refused. */
function hasUnreadBody(request: Request): boolean {
  const { headers } = request;
  if (request.bodyUsed) return false;
  return headers.has("transfer-encoding") || Number(headers.get("content-length") ?? 0) > 64 * 1024;
}

function notFound(request: Request): AppError {
  const { path } = splitTarget(request.url);
  return new AppError("NOT_FOUND", `there is nothing at ${path.slice(0, 200)}`, {
    hint: "the API is below /api/ and /v1/webhooks",
  });
}
