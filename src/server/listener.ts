// The socket below the routes: limits of the HTTP parser, idle timeouts, and stopping in an orderly way.

import http from "node:http";
import { AppError } from "../core/app-error.ts";
import type { Clock } from "../core/clock.ts";
import type { RequestHandler } from "./http-app.ts";
import type { HttpLimits } from "./limits.ts";
import { problemResponse } from "./problem.ts";
import type { Connections } from "./route-context.ts";

export interface ListenAddress {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
}

export interface Listening {
  /** Address for a client on this machine. */
  readonly url: string;
  readonly port: number;
  /** Accepts nothing new, waits for the answers in flight, then closes what is left. */
  readonly stop: (graceMs: number) => Promise<void>;
}

export interface ListenerOptions {
  readonly limits: HttpLimits;
  readonly clock: Clock;
  readonly onStop: () => void;
}

type Server = ReturnType<typeof Bun.serve>;

/** Room for the request line beside the headers. */
const maxTargetBytes = 16 * 1024;
const pollMs = 20;

export class Listener implements Connections {
  readonly #options: ListenerOptions;
  readonly #idleSeconds: number;
  #server: Server | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#idleSeconds = Math.min(255, Math.ceil(options.limits.idleTimeoutMs / 1000));
  }

  hold(request: Request): void {
    this.#server?.timeout(request, 0);
  }

  release(request: Request): void {
    // What is not set back here stays off for as long as the client keeps its connection.
    this.#server?.timeout(request, this.#idleSeconds);
  }

  /** @throws {AppError} CONFIG_INVALID when the address cannot be had. */
  listen({ host, port }: ListenAddress, handle: RequestHandler): Listening {
    const { limits } = this.#options;
    // Bun's parser answers 431 by itself beyond this, 16 KiB by default, and counts the request line in.
    // Settable in Bun (a flag elsewhere), for the whole process, and in force for servers that listen later.
    Reflect.set(http, "maxHeaderSize", Math.max(http.maxHeaderSize, limits.maxHeaderBytes + maxTargetBytes));
    const server = this.#bind({ host, port }, handle);
    this.#server = server;
    const boundPort = server.port ?? port;
    return {
      url: `http://${localHost(host)}:${boundPort}`,
      port: boundPort,
      stop: (graceMs) => (this.#stopped ??= this.#stop(server, graceMs)),
    };
  }

  #bind({ host, port }: ListenAddress, handle: RequestHandler): Server {
    try {
      return Bun.serve({
        hostname: host,
        port,
        // Two servers on one port would share its requests in silence.
        reusePort: false,
        development: false,
        idleTimeout: this.#idleSeconds,
        // The limit is ours, so that its error is ours too.
        maxRequestBodySize: Number.MAX_SAFE_INTEGER,
        fetch: (request) => handle(request),
        error: () => problemResponse(new AppError("INTERNAL", "unexpected error")),
      });
    } catch (cause) {
      const inUse = cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE";
      const reason = inUse ? "the port is in use" : cause instanceof Error ? cause.message : String(cause);
      throw new AppError("CONFIG_INVALID", `cannot listen on ${host}, port ${port}: ${reason}`, {
        cause,
        hint: "choose another address with --host and --port",
      });
    }
  }

  async #stop(server: Server, graceMs: number): Promise<void> {
    const { clock, onStop } = this.#options;
    onStop();
    const deadline = clock.elapsed() + graceMs;
    // Its promise is of no use: it also waits for connections that never send a request.
    void server.stop();
    while (server.pendingRequests > 0 && clock.elapsed() < deadline) {
      await new Promise<void>((resolve) => clock.after(pollMs, resolve));
    }
    await server.stop(true);
  }
}

/** An address that a client on this machine can use. */
function localHost(host: string): string {
  if (host === "0.0.0.0" || host === "") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
