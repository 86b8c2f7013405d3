// The image that a task runs in: of a registry, or one that an earlier step has put into an artifact.

import type { StepPlan, TaskConfig, TaskPlan } from "../plan.ts";
import { PlanError } from "./outcome.ts";
import type { Scope } from "./scope.ts";
import { asText } from "./run-vars.ts";

/** What oci-build-task and registry-image leave (https://github.com/concourse/registry-image-resource#in-download-the-image-from-the-registry). */
const archive = "image.tar";

/** Undefined: the task is a process of this machine. @throws {PlanError} */
export function findTaskImage(task: TaskPlan & StepPlan, { image }: TaskConfig, scope: Scope): string | undefined {
  if (task.image !== undefined) return findArchive(task.image, task, scope);
  if (image === undefined) return undefined;
  const { repository, tag, digest } = image;
  const text = (value: string): string => asText(value, "image_resource", task.at);
  const named = tag === undefined ? text(repository) : `${text(repository)}:${text(tag)}`;
  return digest === undefined ? named : `${text(repository)}@${text(digest)}`;
}

/** The host loads it, by the engine that makes its containers. */
function findArchive(artifact: string, { name, at }: TaskPlan & StepPlan, scope: Scope): string {
  const folder = scope.artifacts.find(artifact);
  if (folder !== undefined) return `${folder.path}/${archive}`;
  throw new PlanError(`task ${name}: this job has no artifact ${JSON.stringify(artifact)} for its image`, at);
}
