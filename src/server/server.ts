// The door of server/: HTTP over the engine.

import { systemClock, type Clock } from "../core/clock.ts";
import { AppError } from "../core/app-error.ts";
import type { Engine } from "../engine/engine.ts";
import type { Logger } from "../telemetry/telemetry.ts";
import { createErrorLog } from "./error-log.ts";
import { createHttpApp, type RequestHandler } from "./http-app.ts";
import { defaultHttpLimits, type HttpLimits } from "./limits.ts";
import { Listener, type ListenAddress, type Listening } from "./listener.ts";
import { problemResponse } from "./problem.ts";

export interface ServerOptions {
  readonly engine: Engine;
  /** What the API asks for; never empty. */
  readonly token: string;
  readonly logger?: Logger;
  readonly limits?: Partial<HttpLimits>;
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
  const listener = new Listener({ limits, clock, onStop: () => stopping.abort() });
  const context = {
    engine: options.engine,
    limits,
    clock,
    connections: listener,
    stopping: stopping.signal,
    reportError: options.logger ? createErrorLog(options.logger, clock) : () => undefined,
  };
  const handle = acceptAddress(createHttpApp(context, options.token));
  return {
    handle: async (request) => await handle(request),
    listen: async (address) => listener.listen(address, handle),
  };
}

/**
 * Bun gives a URL without its host where the Host header is missing (HTTP/1.0, as load balancers send it) or not a
 * valid one, and CONNECT has no path at all; the routes need an absolute URL.
 */
function acceptAddress(handle: RequestHandler): RequestHandler {
  return (request) => {
    if (request.url.startsWith("http://")) return handle(request);
    if (request.url.startsWith("/") && !request.headers.has("host")) {
      return handle(new Request(`http://localhost${request.url}`, request));
    }
    return problemResponse(new AppError("BAD_REQUEST", "the request's address or its Host header is not valid"), {
      close: true,
    });
  };
}

export type { HttpLimits } from "./limits.ts";
export type { ListenAddress, Listening } from "./listener.ts";
