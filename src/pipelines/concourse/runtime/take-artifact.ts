// An artifact as an input of a step, which may change it: a copy where others need it as it is.

import type { Scope } from "./scope.ts";
import { type Folder, script } from "./script-globals.ts";

/** What an interrupted try has left goes first: nobody may write over files as those of git. */
const copyAnew = `chmod -R u+rwX -- "$1" && find "$1" -mindepth 1 -delete && exec cp -a -- "$0/." "$1"`;
/** What is not there is as a folder with nothing in it. */
const copyIfThere = `[ -e "$0" ] || exit 0; ${copyAnew}`;

/** Undefined where the job has no such artifact. */
export async function takeArtifact(name: string, scope: Scope): Promise<Folder | undefined> {
  return await scope.artifacts.take(name, async (folder, mayBeAbsent) => {
    const target = await script.volumes.create();
    await copy(name, [mayBeAbsent ? copyIfThere : copyAnew, folder.path, target.path], scope);
    return target;
  });
}

async function copy(name: string, args: readonly string[], scope: Scope): Promise<void> {
  const { code, stderr, message } = await script.runtime.run({
    name: scope.stepName(`copy of ${name}`),
    job: scope.job.name,
    command: { path: "sh", args: ["-c", ...args] },
  });
  if (code === 0) return;
  throw new Error(
    `the artifact ${JSON.stringify(name)} could not be copied: ${message ?? stderr.trim().slice(0, 500)}`,
  );
}
