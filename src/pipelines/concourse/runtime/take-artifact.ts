// An artifact as an input of a step, which may change it: a copy where others need it as it is.

import type { Scope } from "./scope.ts";
import { type Folder, script } from "./script-globals.ts";

/** What an interrupted try has left goes first: nobody may write over files as those of git. */
const copyAnew = `chmod -R u+rwX -- "$1" && find "$1" -mindepth 1 -delete && exec cp -a -- "$0/." "$1"`;

/** Undefined where the job has no such artifact. */
export async function takeArtifact(name: string, scope: Scope): Promise<Folder | undefined> {
  return await scope.artifacts.take(name, async (folder) => await copy(name, folder, scope));
}

async function copy(name: string, folder: Folder, scope: Scope): Promise<Folder> {
  const target = await script.volumes.create();
  const { code, stderr, message } = await script.runtime.run({
    name: scope.stepName(`copy of ${name}`),
    job: scope.job.name,
    command: { path: "sh", args: ["-c", copyAnew, folder.path, target.path] },
  });
  if (code === 0) return target;
  throw new Error(
    `the artifact ${JSON.stringify(name)} could not be copied: ${message ?? stderr.trim().slice(0, 500)}`,
  );
}
