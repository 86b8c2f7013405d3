// What every route works with.

import type { Clock } from "../core/clock.ts";
import type { Engine } from "../engine/engine.ts";
import type { Credentials } from "./authenticate.ts";
import type { BodyBudget } from "./body-budget.ts";
import type { ReportError } from "./error-log.ts";
import type { HttpLimits } from "./limits.ts";
import type { FindRequestSender } from "./request-sender.ts";

export interface RouteContext {
  readonly engine: Engine;
  readonly credentials: Credentials;
  readonly limits: HttpLimits;
  /** The address that others reach the server by; null: not known. */
  readonly publicUrl: string | null;
  /** What is configured to be told with each event. */
  readonly eventMetadata: () => Readonly<Record<string, string>>;
  readonly findSender: FindRequestSender;
  readonly bodies: BodyBudget;
  readonly clock: Clock;
  readonly connections: Connections;
  /** Aborted when the server stops: whoever waits or follows is answered now. */
  readonly stopping: AbortSignal;
  /** Takes every error; what is worth a line is in the server's log. */
  readonly reportError: ReportError;
}

/** The idle timeout of the connections below. */
export interface Connections {
  /** The server itself speaks HTTPS. */
  readonly isSecure: boolean;
  /** IP address of who connected, `unknown` where that has gone; null on a unix socket. */
  addressOf(request: Request): string | null;
  /** The answer to this request may be long in coming. */
  hold(request: Request): void;
  /** The answer is complete: from now on the connection may be idle only for the usual time. */
  release(request: Request): void;
}
