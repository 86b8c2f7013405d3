// An image from an archive, as `docker save` writes it, in place of one of a registry.

import { lstat } from "node:fs/promises";
import { AppError } from "../../core/app-error.ts";
import type { ContainerEngine } from "./container-engine.ts";
import { reasonOf } from "./engine-command.ts";
import { nameEngine } from "./find-engine.ts";

/** As long as a step's own time limit lets it. */
const longestLoadMs = 24 * 60 * 60 * 1000;

/** No name of an image begins so. */
export function isArchive(image: string): boolean {
  return image.startsWith("/");
}

/**
 * The name or id of the image that the engine has then; undefined where the signal ended it.
 * @throws {AppError} IMAGE_UNAVAILABLE where it is no file, or none that the engine takes.
 */
export async function loadImage(
  engine: ContainerEngine,
  archive: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  // Steps in containers may have made it: a link could lead to any file of this machine.
  const isFile = await lstat(archive).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isFile) throw unavailable(`the image ${archive} could not be loaded: there is no such file, or it is a link`);
  const end = await engine.ask(["load", "--quiet", "--input", archive], { signal, timeoutMs: longestLoadMs });
  if (signal.aborted) return undefined;
  const { code, stdout } = end;
  const loaded = /Loaded image(?: ID)?: (\S+)/.exec(stdout)?.[1] ?? /^(sha256:[0-9a-f]{64})$/m.exec(stdout)?.[1];
  if (code === 0 && loaded !== undefined) return loaded;
  const by = nameEngine(await engine.find());
  throw unavailable(`the image ${archive} could not be loaded by ${by}: ${reasonOf(end)}`);
}

function unavailable(message: string): AppError {
  return new AppError("IMAGE_UNAVAILABLE", message, { hint: "it must be an archive as `docker save` writes it" });
}
