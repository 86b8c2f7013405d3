// Files in the artifacts of a job, by `artifact/path`.

import { PlanError } from "./outcome.ts";
import type { Scope } from "./scope.ts";
import type { Folder } from "./script-globals.ts";

interface ArtifactFile {
  readonly name: string;
  readonly folder: Folder;
  readonly path: string;
}

/** `artifact/path`. @throws {PlanError} */
function splitFile(file: string, scope: Scope, at: PlanError["at"]): ArtifactFile {
  const [name = "", ...rest] = file.split("/");
  const folder = scope.artifacts.find(name);
  if (folder !== undefined && rest.length > 0) return { name, folder, path: rest.join("/") };
  const known = scope.artifacts.names.join(", ");
  throw new PlanError(
    `cannot read ${JSON.stringify(file)}: this job has no artifact ${JSON.stringify(name)}${known === "" ? "" : `; it has ${known}`}`,
    at,
  );
}

/** The text of `artifact/path`. @throws {PlanError} */
export async function readArtifactFile(file: string, scope: Scope, at: PlanError["at"]): Promise<string> {
  const { name, folder, path } = splitFile(file, scope, at);
  const files = await folder.readFiles(path).catch((thrown: unknown) => {
    // The names of volumes are the runtime's own.
    if (thrown instanceof Error)
      thrown.message = thrown.message.replace(/(?<=in the )volume [\w.-]+/, `artifact ${name}`);
    throw thrown;
  });
  scope.artifacts.takers.countDown(name);
  return files[path] ?? "";
}
