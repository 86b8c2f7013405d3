// The socket below the routes: limits of the HTTP parser, idle timeouts, and stopping in an orderly way.

import http from "node:http";
import { AppError } from "../core/app-error.ts";
import type { Clock } from "../core/clock.ts";
import { unknownSender } from "../core/trusted-proxies.ts";
import type { Logger } from "../telemetry/telemetry.ts";
import type { RequestHandler } from "./http-app.ts";
import type { HttpLimits } from "./limits.ts";
import { problemResponse } from "./problem.ts";
import type { Connections } from "./route-context.ts";
import { loadTls, type TlsFiles, type TlsMaterial, watchTls } from "./tls-files.ts";
import { cannotListen, claimSocketPath } from "./unix-socket.ts";

export interface ListenAddress {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Path of a unix socket, instead of host and port. */
  readonly socket?: string | null;
  /** Both or neither: paths of PEM files. */
  readonly tlsCert?: string | null;
  readonly tlsKey?: string | null;
}

export interface Listening {
  /** Address for a client on this machine: http, https, or `unix:` and a path. */
  readonly url: string;
  /** 0 on a unix socket. */
  readonly port: number;
  /** Accepts nothing new, waits for the answers in flight, then closes what is left. */
  readonly stop: (graceMs: number) => Promise<void>;
}

export interface ListenerOptions {
  readonly limits: HttpLimits;
  readonly clock: Clock;
  readonly logger: Pick<Logger, "info" | "warn"> | undefined;
  readonly onStop: () => void;
}

type Server = ReturnType<typeof Bun.serve>;

interface TcpAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsMaterial | null;
}

/** Room for the request line beside the headers. */
const maxTargetBytes = 16 * 1024;
const pollMs = 20;

export class Listener implements Connections {
  readonly #options: ListenerOptions;
  readonly #idleSeconds: number;
  isSecure = false;
  #onSocket = false;
  #server: Server | undefined;
  /** Those with certificates of before, which answer what they have begun. */
  readonly #former: Server[] = [];
  #stopped: Promise<void> | undefined;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#idleSeconds = Math.min(255, Math.ceil(options.limits.idleTimeoutMs / 1000));
  }

  addressOf(request: Request): string | null {
    if (this.#onSocket || this.#server === undefined) return null;
    // Of a connection that has ended nobody knows it any more.
    return this.#server.requestIP(request)?.address ?? unknownSender;
  }

  hold(request: Request): void {
    this.#server?.timeout(request, 0);
  }

  release(request: Request): void {
    // What is not set back here stays off for as long as the client keeps its connection.
    this.#server?.timeout(request, this.#idleSeconds);
  }

  /** @throws {AppError} CONFIG_INVALID when the address cannot be had. */
  async listen(address: ListenAddress, handle: RequestHandler): Promise<Listening> {
    const { limits, clock, logger } = this.#options;
    // Bun's parser answers 431 by itself beyond this, 16 KiB by default, and counts the request line in.
    // Settable in Bun (a flag elsewhere), for the whole process, and in force for servers that listen later.
    Reflect.set(http, "maxHeaderSize", Math.max(http.maxHeaderSize, limits.maxHeaderBytes + maxTargetBytes));
    const { host, socket = null } = address;
    const files = findTlsFiles(address);
    this.#onSocket = socket !== null;
    if (socket !== null) return await this.#listenOnSocket(socket, handle);
    let tls = files === null ? null : await loadTls(files, clock.now());
    const server = this.#bind({ host, port: address.port, tls }, handle);
    this.#server = server;
    this.isSecure = tls !== null;
    const port = server.port ?? address.port;
    const onRenewed = (renewed: TlsMaterial): void => {
      this.#replace([renewed, tls].map((each) => () => this.#bind({ host, port, tls: each }, handle)));
      tls = renewed;
    };
    const endWatch = files === null ? null : await watchTls({ files, clock, logger, onRenewed });
    return {
      url: `${tls === null ? "http" : "https"}://${localHost(host)}:${port}`,
      port,
      stop: (graceMs) => (this.#stopped ??= this.#stop(graceMs, endWatch)),
    };
  }

  async #listenOnSocket(path: string, handle: RequestHandler): Promise<Listening> {
    await claimSocketPath(path);
    // The file is made with its mode: nobody else may connect, not even for a moment.
    const umask = process.umask(0o117);
    try {
      // Its types know no idle timeout on a unix socket, which it has there too.
      this.#server = Bun.serve({ ...this.#serveOptions(handle), unix: path } as unknown as Parameters<
        typeof Bun.serve
      >[0]);
    } catch (cause) {
      throw cannotListen(path, reasonOf(cause));
    } finally {
      process.umask(umask);
    }
    return { url: `unix:${path}`, port: 0, stop: (graceMs) => (this.#stopped ??= this.#stop(graceMs, null)) };
  }

  /**
   * Bun cannot change the certificate of a server that listens; requests that it has begun it answers.
   * @throws why the first way to listen again has failed; the second is in force then.
   */
  #replace([first, second]: readonly (() => Server)[]): void {
    if (this.#stopped !== undefined) return;
    const former = this.#server;
    void former?.stop();
    if (former !== undefined) this.#former.push(former);
    try {
      this.#server = first?.();
    } catch (thrown) {
      this.#server = second?.();
      throw thrown;
    }
  }

  #bind({ host, port, tls }: TcpAddress, handle: RequestHandler): Server {
    try {
      return Bun.serve({
        ...this.#serveOptions(handle),
        hostname: host,
        port,
        // Two servers on one port would share its requests in silence.
        reusePort: false,
        ...(tls === null ? {} : { tls }),
      });
    } catch (cause) {
      const inUse = cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE";
      const reason = inUse ? "the port is in use" : reasonOf(cause);
      throw new AppError("CONFIG_INVALID", `cannot listen on ${host}, port ${port}: ${reason}`, {
        cause,
        hint: "choose another address with --host and --port",
      });
    }
  }

  #serveOptions(handle: RequestHandler) {
    return {
      development: false,
      idleTimeout: this.#idleSeconds,
      // The limit is ours, so that its error is ours too.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      fetch: (request: Request) => handle(request),
      error: () => problemResponse(new AppError("INTERNAL", "unexpected error")),
    };
  }

  async #stop(graceMs: number, endWatch: (() => void) | null): Promise<void> {
    const { clock, onStop } = this.#options;
    endWatch?.();
    onStop();
    const servers = [...this.#former, ...(this.#server === undefined ? [] : [this.#server])];
    const deadline = clock.elapsed() + graceMs;
    // Its promise is of no use: it also waits for connections that never send a request.
    for (const server of servers) void server.stop();
    while (servers.some(({ pendingRequests }) => pendingRequests > 0) && clock.elapsed() < deadline) {
      await new Promise<void>((resolve) => clock.after(pollMs, resolve));
    }
    for (const server of servers) await server.stop(true);
  }
}

function findTlsFiles({ socket, tlsCert, tlsKey }: ListenAddress): TlsFiles | null {
  if (!tlsCert && !tlsKey) return null;
  if (!tlsCert || !tlsKey) {
    const [given, missing] = tlsCert ? ["--tls-cert", "--tls-key"] : ["--tls-key", "--tls-cert"];
    throw new AppError("CONFIG_INVALID", `${given} is set and ${missing} is not: HTTPS needs both`, {
      hint: `set ${missing}, or leave both out to speak HTTP`,
    });
  }
  if (!socket) return { certFile: tlsCert, keyFile: tlsKey };
  throw new AppError("CONFIG_INVALID", "--socket and --tls-cert are both set, but a unix socket speaks plain HTTP", {
    hint: "the proxy in front speaks HTTPS; leave one of them out",
  });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** An address that a client on this machine can use. */
function localHost(host: string): string {
  if (host === "0.0.0.0" || host === "") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
