// From a QuickJS stack of bundled code to the author's file and line.

import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";

export interface AuthorPosition {
  readonly file: string;
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

const maxCachedMaps = 50;
const cachedMaps = new Map<string, TraceMap>();

/** A script can set the stack of its errors to anything: only so much of it is looked at. */
const maxStackLength = 16 * 1024;
const maxFrames = 50;
const maxFrameLength = 500;

/**
 * The first frame of the stack that lies in the author's source, or null.
 * @param bundleHash names the source map in a small cache: parsing one costs more than using it.
 */
export function findAuthorPosition(stack: string, bundleHash: string, sourceMap: string): AuthorPosition | null {
  for (const text of stack.slice(0, maxStackLength).split("\n", maxFrames)) {
    const frame = parseFrame(text);
    if (frame === null) continue;
    const map = traceMapOf(bundleHash, sourceMap);
    if (map === null) return null;
    const found = originalPositionFor(map, frame);
    if (found.source !== null) return { file: found.source, line: found.line, column: found.column + 1 };
  }
  return null;
}

/** Line from 1 and column from 0 of a frame in the bundle: "    at name (file:line:column)". */
function parseFrame(text: string): { readonly line: number; readonly column: number } | null {
  if (text.length > maxFrameLength) return null;
  const place = /([^\s()]+)\)?$/.exec(text)?.[1];
  const [, file, line, column] = /^(.+):(\d{1,9}):(\d{1,9})$/.exec(place ?? "") ?? [];
  if (file === undefined || file.startsWith("<") || Number(line) < 1) return null;
  return { line: Number(line), column: Math.max(0, Number(column) - 1) };
}

function traceMapOf(hash: string, sourceMap: string): TraceMap | null {
  const cached = cachedMaps.get(hash);
  if (cached !== undefined) return cached;
  try {
    const map = new TraceMap(sourceMap);
    const oldest = cachedMaps.size >= maxCachedMaps ? cachedMaps.keys().next().value : undefined;
    if (oldest !== undefined) cachedMaps.delete(oldest);
    cachedMaps.set(hash, map);
    return map;
  } catch {
    return null;
  }
}
