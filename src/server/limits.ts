// What one HTTP request may cost, with the defaults of the product.

export interface HttpLimits {
  readonly maxBodyBytes: number;
  /** Of webhooks that are not answered yet, together. */
  readonly maxBodiesBytes: number;
  /** Repeated headers count once: the HTTP parser has joined them by then. */
  readonly maxHeaders: number;
  /** Names and values together. */
  readonly maxHeaderBytes: number;
  /** How fast a body must come … */
  readonly bodyBytesPerSecond: number;
  /** … and how far it may be behind that, at its beginning and later: who is ahead for once may not rest on it. */
  readonly bodyTimeoutMs: number;
  /** The longest `?wait=`. */
  readonly maxWaitMs: number;
  /** How often a silent followed log says that it is alive. */
  readonly heartbeatMs: number;
  /** A connection that is idle, or slow with its headers, is closed after this; whole seconds, at most 255. */
  readonly idleTimeoutMs: number;
}

export const defaultHttpLimits: HttpLimits = {
  maxBodyBytes: 1024 * 1024,
  maxBodiesBytes: 128 * 1024 * 1024,
  maxHeaders: 64,
  maxHeaderBytes: 32 * 1024,
  bodyBytesPerSecond: 100 * 1024,
  bodyTimeoutMs: 10_000,
  maxWaitMs: 600_000,
  heartbeatMs: 10_000,
  idleTimeoutMs: 30_000,
};

/** `?limit=` of a list of runs. */
export const runListLimits = { min: 1, max: 500, otherwise: 50 } as const;

/** The body that sets a secret: one of the greatest size, with the escapes that JSON needs for it. */
export const maxSecretBodyBytes = 512 * 1024;

/** The body of a signal or a decision. */
export const maxSignalBytes = 256 * 1024;

/** The body that makes or changes an endpoint: its headers, and a secret with the escapes that JSON needs for it. */
export const maxEndpointBytes = 768 * 1024;
