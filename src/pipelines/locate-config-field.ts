// Where a field of a pipeline's config stands in its file, be it a script or YAML.

import { isYamlFile } from "../core/pipeline-file.ts";
import { loadConcourse } from "./compile-yaml.ts";
import { locateField } from "./locate-field.ts";

/** Place of a field such as "config.webhook.secret", or of the nearest above it that is found; null without config. */
export function locateConfigField(
  file: string,
  source: string,
  field: string,
): { readonly line: number; readonly column: number } | null {
  if (!isYamlFile(file)) return locateField(source, field);
  const [line, column] = loadConcourse().locateYamlField(source, field) ?? [];
  return line === undefined || column === undefined ? null : { line, column };
}
