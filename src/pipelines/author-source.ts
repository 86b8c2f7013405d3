// The author's text of a bundled file, which the source map carries.

import type { Bundle } from "../core/bundle.ts";

interface SourceMap {
  readonly sources: readonly string[];
  readonly sourcesContent: readonly string[];
}

/** The text of a file by its path below the pipelines folder; null where the bundle has no such file. */
export function findAuthorSource(bundle: Bundle, file: string): string | null {
  const { sources, sourcesContent } = JSON.parse(bundle.sourceMap) as SourceMap;
  return sourcesContent[sources.indexOf(file)] ?? null;
}
