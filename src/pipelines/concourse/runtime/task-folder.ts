// The folder that a task works in: inputs, outputs and caches are volumes at their paths.

import { pick } from "../pick.ts";
import type { StepPlan, TaskConfig, TaskPlan } from "../plan.ts";
import { PlanError } from "./outcome.ts";
import type { Scope } from "./scope.ts";
import { asText } from "./run-vars.ts";
import { takeArtifact } from "./take-artifact.ts";
import { script, type StepOptions, type TextValue, type Volume } from "./script-globals.ts";

export interface TaskFolder {
  readonly mounts: Readonly<Record<string, Volume>>;
  /** Absent: the step's own folder. */
  readonly workDir: string | undefined;
  readonly command: (path: string, args: readonly TextValue[], user: string | undefined) => StepOptions["command"];
  /** Makes the outputs artifacts of the job: also of a task that failed, as its hooks may want to see them. */
  readonly keepOutputs: () => void;
}

/** In a container; scripts know theirs only by relative paths. */
const buildFolder = "/tmp/build/task";
/** A process begins in the folder of the step, where the mounts are. */
const enter = 'cd -- "$0" && exec "$@"';

/** @throws {PlanError} where an input is missing. */
export async function openTaskFolder(
  task: TaskPlan & StepPlan,
  config: TaskConfig,
  scope: Scope,
  isContainer: boolean,
): Promise<TaskFolder> {
  const volumes = new Map<string, Volume>();
  const outputs: (readonly [name: string, volume: Volume])[] = [];
  const folderOf = (path: string): string => normalize(asText(path, "the path of an input, output or cache", task.at));
  for (const { name, path = name, optional = false } of config.inputs ?? []) {
    const artifact = pick(task.inputMapping ?? {}, name) ?? name;
    const volume = await takeArtifact(artifact, scope);
    if (volume !== undefined) volumes.set(folderOf(path), volume);
    else if (!optional) throw missingInput(task, name, artifact, scope);
  }
  for (const { name, path = name } of config.outputs ?? []) {
    const place = folderOf(path);
    const volume = volumes.get(place) ?? (await script.volumes.create());
    volumes.set(place, volume);
    outputs.push([pick(task.outputMapping ?? {}, name) ?? name, volume]);
  }
  for (const path of config.caches ?? []) {
    const place = folderOf(path);
    volumes.set(place, await script.volumes.create({ cache: JSON.stringify([scope.job.name, task.name, place]) }));
  }
  const dir = config.run.dir === undefined ? undefined : asText(config.run.dir, "run.dir", task.at);
  const place = isContainer ? placeInContainer(volumes, dir) : placeOfProcess(volumes, dir);
  return { ...place, keepOutputs: () => outputs.forEach(([name, volume]) => scope.artifacts.put(name, volume)) };
}

type Placed = Omit<TaskFolder, "keepOutputs">;

function placeInContainer(volumes: ReadonlyMap<string, Volume>, dir: string | undefined): Placed {
  const at = (path: string): string => (path === "" ? buildFolder : `${buildFolder}/${path}`);
  const workDir = dir === undefined ? buildFolder : dir.startsWith("/") ? dir : at(normalize(dir));
  return {
    mounts: Object.fromEntries([...volumes].map(([path, volume]) => [at(path), volume])),
    workDir,
    command: (path, args, user) => ({
      path: path.includes("/") && !path.startsWith("/") ? `${workDir}/${path}` : path,
      args,
      ...(user === undefined ? {} : { user }),
    }),
  };
}

function placeOfProcess(volumes: ReadonlyMap<string, Volume>, dir: string | undefined): Placed {
  // The folder itself may be an input; the others then lie in it.
  const whole = volumes.get("");
  return {
    mounts: Object.fromEntries([...volumes].filter(([path]) => path !== "")),
    workDir: whole?.path,
    command: (path, args, user) => {
      const given = dir === undefined ? { path, args } : { path: "sh", args: ["-c", enter, dir, path, ...args] };
      return user === undefined ? given : { ...given, user };
    },
  };
}

/** "./a//b/" as "a/b"; "." as "". */
function normalize(path: string): string {
  return path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}

function missingInput(
  { name: task, at }: TaskPlan & StepPlan,
  input: string,
  artifact: string,
  scope: Scope,
): PlanError {
  const mapped = artifact === input ? "" : ` (mapped to ${JSON.stringify(artifact)})`;
  const known = scope.artifacts.names.join(", ");
  const has = known === "" ? "the job has none so far" : `the job has ${known}`;
  return new PlanError(`task ${task}: the input ${JSON.stringify(input)}${mapped} is missing: ${has}`, at);
}
