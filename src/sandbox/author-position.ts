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

/**
 * The first frame of the stack that lies in the author's source, or null.
 * @param bundleHash names the source map in a small cache: parsing one costs more than using it.
 */
export function findAuthorPosition(stack: string, bundleHash: string, sourceMap: string): AuthorPosition | null {
  for (const frame of stack.matchAll(/\(?([^\s()]+):(\d+):(\d+)\)?$/gm)) {
    const [, file, line, column] = frame;
    if (file === undefined || file.startsWith("<")) continue;
    const map = traceMapOf(bundleHash, sourceMap);
    if (map === null) return null;
    const found = originalPositionFor(map, { line: Number(line), column: Math.max(0, Number(column) - 1) });
    if (found.source !== null) return { file: found.source, line: found.line, column: found.column + 1 };
  }
  return null;
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
