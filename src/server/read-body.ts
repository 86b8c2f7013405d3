// The bytes of a request's body: bounded in size, and in time by deadlines of our own, because the HTTP server
// below never ends a body that arrives one byte at a time.

import { AppError } from "../core/app-error.ts";
import type { Clock } from "../core/clock.ts";
import type { HeldBytes } from "./body-budget.ts";
import type { HttpLimits } from "./limits.ts";
import type { RequestHeaders } from "./request-headers.ts";

export interface BodyOptions {
  readonly limits: HttpLimits;
  readonly clock: Clock;
  /** Counts what is read, where anybody may send it. */
  readonly held?: HeldBytes;
}

const empty = new Uint8Array(0);

/** A proxy that is still sending when the answer comes makes 502 of it, so what is a little too long is read away. */
const readAwayFactor = 8;
const readAwayMs = 2000;

/** A longer one is counted as it comes: who only declares it takes no room from others. */
const countedAtOnce = 64 * 1024;

/**
 * The whole body, untouched.
 * @throws {AppError} UNSUPPORTED_ENCODING, BODY_TOO_LARGE, BODY_TIMEOUT, SERVER_BUSY; BAD_REQUEST when the client left
 *   half-way.
 */
export async function readBody(request: Request, headers: RequestHeaders, options: BodyOptions): Promise<Uint8Array> {
  refuseEncoding(headers["content-encoding"]);
  const { limits, clock, held } = options;
  const declared = headers["content-length"];
  if (declared === undefined) return request.body ? readPieces(request.body, options) : empty;
  const declaredBytes = Number(declared);
  if (declaredBytes > limits.maxBodyBytes) {
    if (declaredBytes <= readAwayFactor * limits.maxBodyBytes) await readAway(request.body, clock);
    throw tooLarge(limits);
  }
  if (declaredBytes === 0) return empty;
  if (declaredBytes > countedAtOnce && request.body) return readPieces(request.body, options);
  held?.add(declaredBytes);
  const body = await within(limits.bodyTimeoutMs + worthMs(declaredBytes, limits), clock, request.bytes());
  if (body.length > limits.maxBodyBytes) throw tooLarge(limits);
  return body;
}

/** A request that is refused before its body is read: the answer reaches a proxy only where it can send that first. */
export async function discardBody(request: Request, headers: RequestHeaders, options: BodyOptions): Promise<void> {
  const declaredBytes = Number(headers["content-length"] ?? 0);
  if (declaredBytes > countedAtOnce && declaredBytes <= options.limits.maxBodyBytes) {
    await readAway(request.body, options.clock);
  }
}

async function readAway(body: ReadableStream<Uint8Array> | null, clock: Clock): Promise<void> {
  const reader = body?.getReader();
  if (reader === undefined) return;
  const deadline = clock.elapsed() + readAwayMs;
  try {
    while (!(await within(deadline - clock.elapsed(), clock, reader.read())).done);
  } catch {
    // Too slow, or gone: the answer is the same.
    void reader.cancel().catch(() => undefined);
  }
}

/**
 * What is declared buys no time: limit and deadline move with what has come, and who has sent much at once and then
 * stops is given no longer than who has sent nothing.
 */
async function readPieces(
  stream: ReadableStream<Uint8Array>,
  { limits, clock, held }: BodyOptions,
): Promise<Uint8Array> {
  let deadline = clock.elapsed() + limits.bodyTimeoutMs;
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await within(deadline - clock.elapsed(), clock, reader.read());
      if (done) break;
      deadline = Math.min(deadline + worthMs(value.length, limits), clock.elapsed() + limits.bodyTimeoutMs);
      bytes += value.length;
      if (bytes > limits.maxBodyBytes) throw tooLarge(limits);
      held?.add(value.length);
      chunks.push(value);
    }
  } catch (error) {
    void reader.cancel().catch(() => undefined);
    throw error;
  }
  const body = new Uint8Array(bytes);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.length;
  }
  return body;
}

/** The time in which so much must come. */
function worthMs(bytes: number, { bodyBytesPerSecond }: HttpLimits): number {
  return (bytes / bodyBytesPerSecond) * 1000;
}

function within<T>(timeoutMs: number, clock: Clock, reading: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const disarm = clock.after(timeoutMs, () => reject(tooSlow()));
    reading.then(
      (value) => {
        disarm();
        resolve(value);
      },
      (cause: unknown) => {
        disarm();
        reject(new AppError("BAD_REQUEST", "the body ended before it was complete", { cause }));
      },
    );
  });
}

function refuseEncoding(encoding: string | undefined): void {
  if (encoding === undefined || encoding === "" || encoding.toLowerCase() === "identity") return;
  throw new AppError("UNSUPPORTED_ENCODING", `the body has the content encoding ${JSON.stringify(encoding)}`, {
    hint: "send the body as it is, without Content-Encoding",
  });
}

function tooLarge({ maxBodyBytes }: HttpLimits): AppError {
  return new AppError("BODY_TOO_LARGE", `the body is longer than ${maxBodyBytes} bytes`, {
    hint: "send less, or send a reference that the pipeline fetches",
  });
}

function tooSlow(): AppError {
  return new AppError("BODY_TIMEOUT", "the body was not complete in time", { hint: "send the request again" });
}
