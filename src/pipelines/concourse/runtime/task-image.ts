// The image that a task runs in: of a registry, or one that an earlier step has put into an artifact.

import type { StepPlan, TaskConfig, TaskPlan } from "../plan.ts";
import { PlanError } from "./outcome.ts";
import type { Scope } from "./scope.ts";
import { asText } from "./run-vars.ts";
import { script } from "./script-globals.ts";

/** What oci-build-task and registry-image leave (https://github.com/concourse/registry-image-resource#in-download-the-image-from-the-registry). */
const archive = "image.tar";
const load = `[ -f "$0" ] && [ ! -L "$0" ] || { echo "it is no file of the artifact" >&2; exit 1; }
for engine in docker podman; do
  if command -v "$engine" >/dev/null 2>&1; then exec "$engine" load --quiet --input "$0"; fi
done
echo "there is neither docker nor podman on this machine" >&2
exit 127`;

/** Undefined: the task is a process of this machine. @throws {PlanError} */
export async function findTaskImage(
  task: TaskPlan & StepPlan,
  { image }: TaskConfig,
  scope: Scope,
): Promise<string | undefined> {
  if (task.image !== undefined) return await loadImage(task.image, task, scope);
  if (image === undefined) return undefined;
  const { repository, tag, digest } = image;
  const text = (value: string): string => asText(value, "image_resource", task.at);
  const named = tag === undefined ? text(repository) : `${text(repository)}:${text(tag)}`;
  return digest === undefined ? named : `${text(repository)}@${text(digest)}`;
}

async function loadImage(name: string, task: TaskPlan & StepPlan, scope: Scope): Promise<string> {
  const { at } = task;
  const volume = scope.artifacts.find(name);
  if (volume === undefined)
    throw new PlanError(`task ${task.name}: this job has no artifact ${JSON.stringify(name)} for its image`, at);
  const { code, stdout, stderr } = await script.runtime.run({
    name: scope.stepName(`image ${name}`),
    job: scope.job.name,
    command: { path: "sh", args: ["-c", load, `${volume.path}/${archive}`] },
  });
  scope.artifacts.countDown(name);
  const loaded = /Loaded image(?: ID)?: (\S+)/.exec(stdout)?.[1] ?? /^(sha256:[0-9a-f]{64})$/m.exec(stdout)?.[1];
  if (code === 0 && loaded !== undefined) return loaded;
  const why = stderr.trim().slice(0, 500) || `code ${code}`;
  throw new PlanError(
    `task ${task.name}: ${archive} of the artifact ${JSON.stringify(name)} could not be loaded: ${why}`,
    at,
  );
}
