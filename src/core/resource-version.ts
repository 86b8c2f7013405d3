// Versions of resources, as pipelines that are compiled from YAML get and put them.

/** What tells one version of a resource from others, as `{ ref: "61cbef" }`. */
export type ResourceVersion = Readonly<Record<string, string>>;

/** Versions that a call tells of at once, and that are kept of a resource. */
export const maxVersions = 1000;
const maxVersionLength = 4096;

/** Texts by names, a few, not long. */
export function isResourceVersion(value: unknown): value is ResourceVersion {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const parts = Object.entries(value);
  const isText = parts.every(([key, part]) => key !== "__proto__" && typeof part === "string");
  return isText && parts.length > 0 && JSON.stringify(value).length <= maxVersionLength;
}
