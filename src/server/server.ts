// The door of server/: HTTP over the engine.

import { systemClock, type Clock } from "../core/clock.ts";
import { AppError } from "../core/app-error.ts";
import { noProxies, type TrustedProxies } from "../core/trusted-proxies.ts";
import type { Engine } from "../engine/engine.ts";
import type { Logger } from "../telemetry/telemetry.ts";
import { basePathOf, missingSlash, withoutBasePath } from "./base-path.ts";
import { BodyBudget } from "./body-budget.ts";
import { createErrorLog } from "./error-log.ts";
import { createHttpApp, type RequestHandler } from "./http-app.ts";
import { defaultHttpLimits, type HttpLimits } from "./limits.ts";
import { Listener, type ListenAddress, type Listening } from "./listener.ts";
import { problemResponse } from "./problem.ts";
import { createSenderFinder } from "./request-sender.ts";
import { Sessions } from "./sessions.ts";

export interface ServerOptions {
  readonly engine: Engine;
  /** What the API asks for; never empty. */
  readonly token: string;
  readonly logger?: Logger;
  readonly limits?: Partial<HttpLimits>;
  /** The address that others reach the server by. */
  readonly publicUrl?: string | null;
  /** What is configured to be told with each event. */
  readonly eventMetadata?: () => Readonly<Record<string, string>>;
  /** Absent: nobody's. */
  readonly trustedProxies?: TrustedProxies;
  readonly clock?: Clock;
}

export interface HttpServer {
  /** Answers a request without a port; it must have an absolute http URL. */
  handle(request: Request): Promise<Response>;
  /** @throws {AppError} CONFIG_INVALID when the address cannot be had. */
  listen(address: ListenAddress): Promise<Listening>;
}

export function createServer(options: ServerOptions): HttpServer {
  const limits = { ...defaultHttpLimits, ...options.limits };
  const clock = options.clock ?? systemClock;
  const stopping = new AbortController();
  const listener = new Listener({ limits, clock, logger: options.logger, onStop: () => stopping.abort() });
  const context = {
    engine: options.engine,
    credentials: { token: options.token, sessions: new Sessions(options.token, clock) },
    limits,
    publicUrl: options.publicUrl ?? null,
    eventMetadata: options.eventMetadata ?? (() => ({})),
    findSender: createSenderFinder(options.trustedProxies ?? noProxies, options.logger),
    bodies: new BodyBudget(limits.maxBodiesBytes),
    clock,
    connections: listener,
    stopping: stopping.signal,
    reportError: options.logger ? createErrorLog(options.logger, clock) : () => undefined,
  };
  const handle = acceptAddress(createHttpApp(context), basePathOf(context.publicUrl));
  return {
    handle: async (request) => await handle(request),
    listen: async (address) => await listener.listen(address, handle),
  };
}

/**
 * Bun gives a URL without its host where the Host header is missing (HTTP/1.0, as load balancers send it) or not a
 * valid one, and CONNECT has no path at all; the routes need an absolute URL.
 */
function acceptAddress(handle: RequestHandler, basePath: string): RequestHandler {
  const handleBelow = basePath === "" ? handle : belowBasePath(handle, basePath);
  return (request) => {
    if (request.url.startsWith("http://")) return handleBelow(request);
    // The routes find the path behind "http://" alone; that the connection is secure they are told by the listener.
    if (request.url.startsWith("https://")) return handleBelow(atUrl(request, `http${request.url.slice(5)}`));
    if (request.url.startsWith("/") && !request.headers.has("host")) {
      return handleBelow(new Request(`http://localhost${request.url}`, request));
    }
    return problemResponse(new AppError("BAD_REQUEST", "the request's address or its Host header is not valid"), {
      close: true,
    });
  };
}

/** Gives requests to the routes as a proxy that takes the base path off would pass them on. */
function belowBasePath(handle: RequestHandler, basePath: string): RequestHandler {
  return (request) => {
    const { method, url } = request;
    const location = method === "GET" || method === "HEAD" ? missingSlash(url, basePath) : null;
    if (location !== null) return new Response(null, { status: 303, headers: { location } });
    const rest = withoutBasePath(url, basePath);
    return handle(rest === null ? request : atUrl(request, rest));
  };
}

/** The same request: a new one would not be the one that the connection knows. */
function atUrl(request: Request, url: string): Request {
  return Object.defineProperty(request, "url", { value: url, configurable: true });
}

export type { HttpLimits } from "./limits.ts";
export type { ListenAddress, Listening } from "./listener.ts";
