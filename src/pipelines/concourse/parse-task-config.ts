// The contents of a task, inline or from a file: plain data to a TaskConfig, or every problem it has. Pure: used where a
// pipeline is compiled, and in the compiled script for the files of tasks.

import { describeValue, type FieldProblems } from "../../core/field-problem.ts";
import { dropEmpty } from "./drop-empty.ts";
import { parseTaskImage } from "./parse-task-image.ts";
import type { ContainerLimits, TaskConfig, TaskImage, TaskInput, TaskOutput } from "./plan.ts";
import { isSecret } from "./var-text.ts";

type Fields = Readonly<Record<string, unknown>>;

const ownFields = ["platform", "image_resource", "run", "inputs", "outputs", "caches", "params", "container_limits"];
/** As tasks of PocketCI have them. */
const fields = [...ownFields, "image", "env"];
const form = "write platform: linux, and run: { path: sh, args: [-c, …] }";

/** What is wrong goes into `problems`, each with its path below `path`; what is returned then is only good enough to go on. */
export function parseTaskConfig(path: string, value: unknown, problems: FieldProblems): TaskConfig {
  const found = problems.readObject(path, value, form);
  const given = dropEmpty(found ?? {});
  if ("rootfs_uri" in given) {
    problems.add(join(path, "rootfs_uri"), "is not supported", "name an image with image_resource");
  }
  problems.refuseUnknown(path, given, [...fields, "rootfs_uri"], []);
  const image = readImage(path, given, problems);
  const { inputs, outputs, caches, params, env, container_limits: limits } = given;
  const isObject = found !== undefined;
  return {
    platform: isObject ? readText(join(path, "platform"), given["platform"], problems, "write platform: linux") : "",
    ...(image === undefined ? {} : { image }),
    run: isObject ? readRun(join(path, "run"), given["run"], problems) : { path: "" },
    ...(inputs === undefined ? {} : { inputs: readInputs(join(path, "inputs"), inputs, problems) }),
    ...(outputs === undefined ? {} : { outputs: readOutputs(join(path, "outputs"), outputs, problems) }),
    ...(caches === undefined ? {} : { caches: readCaches(join(path, "caches"), caches, problems) }),
    ...(params === undefined && env === undefined
      ? {}
      : {
          params: {
            ...readParams(join(path, "params"), params ?? null, problems),
            ...readParams(join(path, "env"), env ?? null, problems),
          },
        }),
    ...(limits === undefined
      ? {}
      : { containerLimits: readContainerLimits(join(path, "container_limits"), limits, problems) }),
  };
}

/** `image: alpine:3` says in one word what `image_resource` says in four. */
function readImage(path: string, given: Fields, problems: FieldProblems): TaskImage | undefined {
  const { image, image_resource: resource } = given;
  const parsed = resource === undefined ? undefined : parseTaskImage(join(path, "image_resource"), resource, problems);
  if (image === undefined) return parsed;
  const field = join(path, "image");
  const repository = readText(field, image, problems, "write image: alpine:3");
  if (parsed !== undefined) problems.add(field, "cannot stand beside image_resource", "keep one");
  return { repository };
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function readText(field: string, value: unknown, problems: FieldProblems, hint: string | null = null): string {
  if (typeof value === "string" && value !== "") return value;
  if (value === undefined) problems.add(field, "is missing", hint);
  else problems.add(field, value === "" ? "must not be empty" : `must be a text, not ${describeValue(value)}`, hint);
  return "";
}

function readRun(field: string, value: unknown, problems: FieldProblems): TaskConfig["run"] {
  if (value === undefined) {
    problems.add(field, "is missing", form);
    return { path: "" };
  }
  const found = problems.readObject(field, value, form);
  if (!found) return { path: "" };
  const given = dropEmpty(found);
  problems.refuseUnknown(field, given, ["path", "args", "dir", "user"], []);
  const { args, dir, user } = given;
  return {
    path: readText(`${field}.path`, given["path"], problems, "write the program: path: sh"),
    ...(args === undefined ? {} : { args: readArgs(`${field}.args`, args, problems) }),
    ...(dir === undefined ? {} : { dir: readFolder(`${field}.dir`, dir, problems) }),
    // `user: 1000` is a number in YAML.
    ...(user === undefined
      ? {}
      : { user: readText(`${field}.user`, typeof user === "number" ? String(user) : user, problems) }),
  };
}

function readArgs(field: string, value: unknown, problems: FieldProblems): NonNullable<TaskConfig["run"]["args"]> {
  if (!Array.isArray(value)) {
    problems.add(field, `must be a list, not ${describeValue(value)}`, "write args: [-c, make]");
    return [];
  }
  return value.map((arg: unknown, index) => {
    if (typeof arg === "string" || typeof arg === "number" || typeof arg === "boolean" || isSecret(arg)) return arg;
    problems.add(`${field}[${index}]`, `must be a text, not ${describeValue(arg)}`, "put it between quotes");
    return "";
  });
}

function readInputs(field: string, value: unknown, problems: FieldProblems): readonly TaskInput[] {
  return readNamed(field, value, ["name", "path", "optional"], problems).map(({ at, given, name, path }) => {
    const { optional } = given;
    if (optional !== undefined && typeof optional !== "boolean") {
      problems.add(`${at}.optional`, `must be true or false, not ${describeValue(optional)}`);
    }
    return { name, ...path, ...(optional === true ? { optional } : {}) };
  });
}

function readOutputs(field: string, value: unknown, problems: FieldProblems): readonly TaskOutput[] {
  return readNamed(field, value, ["name", "path"], problems).map(({ name, path }) => ({ name, ...path }));
}

interface Named {
  readonly at: string;
  readonly given: Fields;
  readonly name: string;
  readonly path: { readonly path?: string };
}

/** Inputs or outputs. */
function readNamed(field: string, value: unknown, known: readonly string[], problems: FieldProblems): readonly Named[] {
  const what = field.endsWith("inputs") ? "input" : "output";
  const hint = `write - name: source`;
  if (!Array.isArray(value)) {
    problems.add(field, `must be a list, not ${describeValue(value)}`, hint);
    return [];
  }
  const names = new Set<string>();
  return value.map((each: unknown, index) => {
    const at = `${field}[${index}]`;
    const found = problems.readObject(at, each, hint);
    // Kept without a name, so that those behind it keep their place.
    if (!found) return { at, given: {}, name: "", path: {} };
    const given = dropEmpty(found);
    problems.refuseUnknown(at, given, known, []);
    const name = readText(`${at}.name`, given["name"], problems, hint);
    if (name === "") return { at, given: {}, name, path: {} };
    // An artifact may be an input at several places.
    if (what === "output" && names.has(name)) {
      problems.add(`${at}.name`, `names the output ${JSON.stringify(name)} a second time`);
    } else if (name.includes("((")) problems.add(`${at}.name`, `must be a plain name, not ${describeValue(name)}`);
    names.add(name);
    const path = given["path"] === undefined ? {} : { path: readFolder(`${at}.path`, given["path"], problems) };
    return { at, given, name, path };
  });
}

function readCaches(field: string, value: unknown, problems: FieldProblems): readonly string[] {
  const hint = "write - path: node_modules";
  if (!Array.isArray(value)) {
    problems.add(field, `must be a list, not ${describeValue(value)}`, hint);
    return [];
  }
  return value.flatMap((each: unknown, index) => {
    const given = problems.readObject(`${field}[${index}]`, each, hint);
    if (!given) return [];
    problems.refuseUnknown(`${field}[${index}]`, given, ["path"], []);
    return [readFolder(`${field}[${index}].path`, given["path"], problems)];
  });
}

/** A path below the task's folder. */
function readFolder(field: string, value: unknown, problems: FieldProblems): string {
  const text = readText(field, value, problems);
  if (text.startsWith("/") || text.split("/").includes("..")) {
    problems.add(
      field,
      `must lie below the task's folder, not ${describeValue(text)}`,
      "write a path without / and ..",
    );
  }
  return text;
}

function readParams(field: string, value: unknown, problems: FieldProblems): NonNullable<TaskConfig["params"]> {
  // `params:` with nothing below it.
  if (value === null) return {};
  return (problems.readObject(field, value, "write NAME: value") ?? {}) as NonNullable<TaskConfig["params"]>;
}

/** `cpu` shares and `memory`, of a task's contents or of its step. */
export function readContainerLimits(field: string, value: unknown, problems: FieldProblems): ContainerLimits {
  const given = problems.readObject(field, value, "write { cpu: 512, memory: 512MB }");
  if (!given) return {};
  problems.refuseUnknown(field, given, ["cpu", "memory"], []);
  const { cpu, memory } = given;
  const isCpu = typeof cpu === "string" ? cpu.includes("((") : isWhole(cpu);
  if (cpu !== undefined && !isCpu) {
    problems.add(`${field}.cpu`, `must be a number of shares, not ${describeValue(cpu)}`, "1024 is the usual share");
  }
  const isMemory = typeof memory === "string" ? isMemoryText(memory) : isWhole(memory);
  if (memory !== undefined && !isMemory) {
    problems.add(
      `${field}.memory`,
      `must be a size, not ${describeValue(memory)}`,
      "write for example 512MB, or bytes",
    );
  }
  return {
    ...(isCpu ? { cpu: cpu as number | string } : {}),
    ...(isMemory ? { memory: memory as number | string } : {}),
  };
}

function isWhole(value: unknown): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isMemoryText(text: string): boolean {
  return text.includes("((") || /^\s*\d+\s*(?:[kmgt]?i?b?)?\s*$/i.test(text);
}
