// The folder that a task works in: inputs, outputs and caches are folders at their paths.

import { pick } from "../pick.ts";
import type { StepPlan, TaskConfig, TaskPlan } from "../plan.ts";
import { PlanError } from "./outcome.ts";
import type { Scope } from "./scope.ts";
import { asText } from "./run-vars.ts";
import { takeArtifact } from "./take-artifact.ts";
import { type Folder, script, type StepOptions, type TextValue } from "./script-globals.ts";
import { within } from "./within.ts";

export interface TaskFolder {
  readonly mounts: NonNullable<StepOptions["mounts"]>;
  /** Absent: the step's own folder. */
  readonly workDir: string | undefined;
  readonly command: (path: string, args: readonly TextValue[], user: string | undefined) => StepOptions["command"];
  /** Makes the outputs artifacts of the job: also of a task that failed, or was ended, even before it began, as hooks may want to see them. */
  readonly keepOutputs: (end?: "ended") => void;
}

/** By their places, which are relative to the task's folder: "" is all of it. */
interface Contents {
  readonly folders: ReadonlyMap<string, Folder>;
  readonly caches: ReadonlyMap<string, Folder>;
  readonly outputs: readonly { readonly name: string; readonly place: string; readonly folder: Folder }[];
}

interface Placed extends Omit<TaskFolder, "keepOutputs"> {
  /** Where the folder of this place is from now on, if not where it was. */
  readonly movedTo: (place: string) => Folder | undefined;
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
  const contents = await openContents(task, config, scope);
  const dir = config.run.dir === undefined ? undefined : asText(config.run.dir, "run.dir", task.at);
  const placed = isContainer ? placeInContainer(contents, dir) : await placeOfProcess(contents, dir);
  const { movedTo, ...place } = placed;
  const keepOutputs: TaskFolder["keepOutputs"] = (end) => {
    for (const { name, place: at, folder } of contents.outputs) {
      const isShared = contents.outputs.some((other) => other.name !== name && other.place === at);
      scope.artifacts.put(name, movedTo(at) ?? folder, { isShared, mayBeAbsent: end === "ended" });
    }
  };
  return { ...place, keepOutputs };
}

async function openContents(task: TaskPlan & StepPlan, config: TaskConfig, scope: Scope): Promise<Contents> {
  const folders = new Map<string, Folder>();
  const folderOf = (path: string): string => readFolder(path, task);
  for (const { name, path = name, optional = false } of config.inputs ?? []) {
    const artifact = pick(task.inputMapping ?? {}, name) ?? name;
    const folder = await takeArtifact(artifact, scope);
    if (folder !== undefined) folders.set(folderOf(path), folder);
    else if (!optional) throw missingInput(task, name, artifact, scope);
  }
  const outputs: Contents["outputs"][number][] = [];
  for (const { name, path = name } of config.outputs ?? []) {
    const place = folderOf(path);
    const folder = folders.get(place) ?? (await script.volumes.create());
    folders.set(place, folder);
    outputs.push({ name: pick(task.outputMapping ?? {}, name) ?? name, place, folder });
  }
  const caches = new Map<string, Folder>();
  for (const path of config.caches ?? []) {
    const place = folderOf(path);
    const cache = JSON.stringify([scope.job.name, task.name, place]);
    caches.set(place, await script.volumes.create({ cache }));
  }
  return { folders, caches, outputs };
}

function placeInContainer({ folders, caches }: Contents, dir: string | undefined): Placed {
  const at = (path: string): string => (path === "" ? buildFolder : `${buildFolder}/${path}`);
  const workDir = dir === undefined ? buildFolder : dir.startsWith("/") ? dir : at(normalize(dir));
  return {
    mounts: Object.fromEntries([...folders, ...caches].map(([path, folder]) => [at(path), folder])),
    workDir,
    command: (path, args, user) => ({
      path: path.includes("/") && !path.startsWith("/") ? `${workDir}/${path}` : path,
      args,
      ...(user === undefined ? {} : { user }),
    }),
    movedTo: () => undefined,
  };
}

/** What lies in no other folder lies in one of the task, so that `..` is what it is in a container, and `find` finds it. */
async function placeOfProcess({ folders, caches }: Contents, dir: string | undefined): Promise<Placed> {
  const all = new Map([...folders, ...caches]);
  const isInner = (place: string): boolean =>
    [...all.keys()].some((outer) => outer !== place && (outer === "" || place.startsWith(`${outer}/`)));
  const moved = new Set([...folders.keys()].filter((place) => place !== "" && !caches.has(place) && !isInner(place)));
  // The folder itself may be an input; the others then lie in it.
  const base = all.get("") ?? (moved.size === 0 ? undefined : await script.volumes.create());
  const placed = [...all].filter(([place]) => place !== "");
  return {
    mounts: Object.fromEntries(
      placed.map(([place, { path }]) => [place, moved.has(place) ? { path, move: true as const } : { path }]),
    ),
    workDir: base?.path,
    command: (path, args, user) => {
      const given = dir === undefined ? { path, args } : { path: "sh", args: ["-c", enter, dir, path, ...args] };
      return user === undefined ? given : { ...given, user };
    },
    movedTo: (place) => (base !== undefined && moved.has(place) ? within(base, place, folders.get(place)) : undefined),
  };
}

/** Vars may have filled it. @throws {PlanError} */
function readFolder(path: string, { name, at }: TaskPlan & StepPlan): string {
  const text = asText(path, "the path of an input, output or cache", at);
  if (!text.startsWith("/") && !text.split("/").includes("..")) return normalize(text);
  throw new PlanError(`task ${name}: the path ${JSON.stringify(text)} must lie below the task's folder`, at);
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
