// Files in the artifacts of a job, by `artifact/path`.

import { PlanError } from "./outcome.ts";
import type { Scope } from "./scope.ts";
import type { Volume } from "./script-globals.ts";

interface ArtifactFile {
  readonly name: string;
  readonly volume: Volume;
  readonly path: string;
}

/** `artifact/path`. @throws {PlanError} */
function splitFile(file: string, scope: Scope, at: PlanError["at"]): ArtifactFile {
  const [name = "", ...rest] = file.split("/");
  const volume = scope.artifacts.find(name);
  if (volume !== undefined && rest.length > 0) return { name, volume, path: rest.join("/") };
  const known = scope.artifacts.names.join(", ");
  throw new PlanError(
    `cannot read ${JSON.stringify(file)}: this job has no artifact ${JSON.stringify(name)}${known === "" ? "" : `; it has ${known}`}`,
    at,
  );
}

/** The text of `artifact/path`. @throws {PlanError} */
export async function readArtifactFile(file: string, scope: Scope, at: PlanError["at"]): Promise<string> {
  const { name, volume, path } = splitFile(file, scope, at);
  const files = await volume.readFiles(path).catch((thrown: unknown) => {
    // The names of volumes are the runtime's own.
    if (thrown instanceof Error) thrown.message = thrown.message.replace(`volume ${volume.name}`, `artifact ${name}`);
    throw thrown;
  });
  scope.artifacts.countDown(name);
  return files[path] ?? "";
}
