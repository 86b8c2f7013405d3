// Why the pipelines folder cannot be used, and what to do about it.

import { basename } from "node:path";
import { AppError } from "../core/app-error.ts";
import { fileErrorCode } from "./file-stamp.ts";
import { describeFileError } from "./module-reader.ts";

export function unusableFolder(root: string, thrown: unknown): AppError {
  const hint = "name the folder of the pipelines with --pipelines DIR";
  if (thrown instanceof AppError) return new AppError(thrown.code, thrown.message, { hint });
  const message = `cannot read the pipelines folder ${root}: ${describeFileError(thrown)}`;
  if (fileErrorCode(thrown) !== "ENOENT") return new AppError("CONFIG_INVALID", message, { hint, cause: thrown });
  const wayOut =
    basename(root) === "pipelines"
      ? "run this in the folder that has pipelines/, make one with `runner init`, or name it with --pipelines DIR"
      : `make it with mkdir ${root}, or name another with --pipelines DIR`;
  return new AppError("CONFIG_INVALID", message, { hint: wayOut, cause: thrown });
}
