// Code and its source map as a bundle that is found by its hash.

import type { Bundle } from "../core/bundle.ts";

export interface SourceMap {
  readonly version: 3;
  /** Paths below the pipelines folder. */
  readonly sources: readonly string[];
  readonly sourcesContent: readonly string[];
  readonly names: readonly string[];
  readonly mappings: string;
}

export function sealBundle(code: string, map: SourceMap): Bundle {
  const sourceMap = JSON.stringify(map);
  // The code alone does not change when a comment moves all lines; naming the sources in it makes that a new version,
  // so that a bundle's hash always finds the map that fits.
  const finished = `${code}\n//# sources=${sha256(sourceMap)}\n`;
  return { hash: sha256(finished), code: finished, sourceMap };
}

function sha256(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}
