// A pipeline's script with everything it imports, as one module.

export interface Bundle {
  /** SHA-256 of `code`, hex. */
  readonly hash: string;
  /** One self-contained ES module. */
  readonly code: string;
  /** Source map, version 3, as JSON text; sources are paths below the pipelines folder. */
  readonly sourceMap: string;
}
