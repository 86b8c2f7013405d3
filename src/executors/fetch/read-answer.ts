// The body of an answer, decompressed piece by piece: never more of it in memory than the cap allows.

import { Readable, type Transform } from "node:stream";
import zlib from "node:zlib";
import { AppError } from "../../core/app-error.ts";
import { formatByteSize } from "../../core/byte-size.ts";

type Pieces = AsyncGenerator<Uint8Array, void, undefined>;
type OpenDecoder = (start: Uint8Array) => Transform;

/** @throws {AppError} VALUE_TOO_LARGE when it has over `maxBytes`, compressed or not; FETCH_FAILED. */
export async function readAnswer(response: Response, maxBytes: number): Promise<Uint8Array> {
  let pieces = capped(piecesOf(response), maxBytes);
  // An answer without a body may well say how it is compressed, and how long it would be.
  const first = await pieces.next();
  if (first.done === true) return new Uint8Array(0);
  if (Number(response.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge(maxBytes);
  pieces = startingWith(first.value, pieces);
  for (const openDecoder of findDecoders(response.headers.get("content-encoding") ?? "")) {
    // What lies between two layers of compression can be as endless as what comes out of the last.
    pieces = capped(decoded(pieces, openDecoder), maxBytes);
  }
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(piece);
  return parts.length === 1 ? (parts[0] ?? new Uint8Array(0)) : Buffer.concat(parts);
}

async function* piecesOf({ body }: Response): Pieces {
  if (body !== null) yield* body;
}

async function* capped(pieces: Pieces, maxBytes: number): Pieces {
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    yield piece;
  }
}

async function* startingWith(first: Uint8Array, rest: Pieces): Pieces {
  yield first;
  yield* rest;
}

async function* decoded(pieces: Pieces, openDecoder: OpenDecoder): Pieces {
  const first = await pieces.next();
  if (first.done === true) return;
  const decoder = openDecoder(first.value);
  const source = Readable.from(startingWith(first.value, pieces));
  let sourceError: unknown;
  source.on("error", (error) => decoder.destroy((sourceError = error) as Error));
  source.pipe(decoder);
  try {
    for await (const piece of decoder) yield piece as Uint8Array;
  } catch (thrown) {
    throw thrown === sourceError ? thrown : undecodable(thrown);
  } finally {
    source.destroy();
    decoder.destroy();
  }
}

/** RFC 9110 §8.4.1: "deflate" is zlib's format, and some servers send it bare. */
const openInflate: OpenDecoder = ([first = 0]) =>
  (first & 0x0f) === 8 ? zlib.createInflate() : zlib.createInflateRaw();

const decoders: Readonly<Record<string, OpenDecoder>> = {
  gzip: () => zlib.createGunzip(),
  "x-gzip": () => zlib.createGunzip(),
  deflate: openInflate,
  br: () => zlib.createBrotliDecompress(),
  zstd: () => zlib.createZstdDecompress(),
};

const maxLayers = 3;

/** In the order they are to be undone. */
function findDecoders(contentEncoding: string): readonly OpenDecoder[] {
  const names = contentEncoding.split(",").map((name) => name.trim().toLowerCase());
  const layers = names.filter((name) => name !== "" && name !== "identity");
  if (layers.length > maxLayers) throw new AppError("FETCH_FAILED", `the answer is compressed ${layers.length} times`);
  return layers.toReversed().map((name) => {
    const decoder = Object.hasOwn(decoders, name) ? decoders[name] : undefined;
    if (decoder !== undefined) return decoder;
    throw new AppError(
      "FETCH_FAILED",
      `the answer is compressed in an unknown way: ${JSON.stringify(name.slice(0, 50))}`,
    );
  });
}

function undecodable(thrown: unknown): AppError {
  const isCut = thrown instanceof Error && "code" in thrown && thrown.code === "Z_BUF_ERROR";
  return new AppError("FETCH_FAILED", `the compressed answer is ${isCut ? "cut off" : "damaged"}`);
}

function tooLarge(maxBytes: number): AppError {
  return new AppError("VALUE_TOO_LARGE", `the answer has over ${formatByteSize(maxBytes)}`, {
    hint: 'fetch large files in a step, like runtime.run({ command: "curl -fLo file https://…" })',
  });
}
