// Which ids an uploaded pipeline may have: each is one file below the pipelines folder that the catalog would find.

import { AppError } from "../core/app-error.ts";

const maxLength = 200;
const maxSegments = 8;

/** @throws {AppError} VALIDATION_FAILED. */
export function checkUploadId(id: string): void {
  const reason = findReason(id);
  if (reason === null) return;
  throw new AppError("VALIDATION_FAILED", `${JSON.stringify(id.slice(0, maxLength))} cannot be a pipeline: ${reason}`, {
    hint: 'name it like "deploy" or "home/backup": letters, digits, -, _ and .',
  });
}

function findReason(id: string): string | null {
  const segments = id.split("/");
  if (id.length > maxLength) return `it is longer than ${maxLength} characters`;
  if (segments.length > maxSegments) return `it has more than ${maxSegments} parts`;
  for (const [index, segment] of segments.entries()) {
    const shown = JSON.stringify(segment);
    if (segment === "") return "a part of it is empty";
    if (!/^[A-Za-z\d]/.test(segment)) return `its part ${shown} does not begin with a letter or digit`;
    if (!/^[\w.-]+$/.test(segment)) return `its part ${shown} has a character that no pipeline may have`;
    if (segment === "node_modules") return `no pipelines are looked for in ${shown}`;
    if (segment === "lib" && index < segments.length - 1) return `folders named ${shown} are for imported files`;
    if (/\.(?:[cm]?[jt]sx?|ya?ml|d)$/.test(segment)) return `its part ${shown} ends like a file name`;
  }
  return null;
}
