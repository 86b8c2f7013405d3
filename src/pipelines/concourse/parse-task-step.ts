// The step `task`.

import { describeValue } from "../../core/field-problem.ts";
import { parseTaskConfig, readContainerLimits } from "./parse-task-config.ts";
import type { StepAssert, TaskConfig, TaskPlan } from "./plan.ts";
import { defined, type Fields, type PlanReader } from "./plan-reader.ts";

export function parseTask(reader: PlanReader, path: string, given: Fields): TaskPlan {
  const { problems } = reader;
  const { config, file, image, params, vars, container_limits: limits, assert } = given;
  if (config === undefined && file === undefined) {
    problems.add(
      path,
      "has neither config nor file",
      "write config: with platform and run, or file: artifact/task.yml",
    );
  }
  if (config !== undefined && file !== undefined)
    problems.add(`${path}.file`, "cannot stand beside config", "keep one");
  if (reader.flag(`${path}.hermetic`, given["hermetic"]) === true) {
    reader.warnings.add(`${path}.hermetic`, "has no effect: what a task does has the network of this machine");
  }
  const parsed = config === undefined ? null : parseTaskConfig(`${path}.config`, config, problems);
  if (parsed !== null) checkPlatform(reader, `${path}.config.platform`, parsed.platform);
  if (parsed !== null && parsed.image === undefined && image === undefined) checkProcess(reader, path, given, parsed);
  return {
    type: "task",
    name: reader.text(`${path}.task`, given["task"]),
    config: parsed,
    ...defined({
      file: file === undefined ? undefined : readFile(reader, `${path}.file`, file),
      image: image === undefined ? undefined : reader.nameTemplate(`${path}.image`, image),
      privileged: reader.flagTemplate(`${path}.privileged`, given["privileged"]),
      params: params === undefined ? undefined : reader.data(`${path}.params`, params),
      vars: vars === undefined ? undefined : reader.data(`${path}.vars`, vars),
      inputMapping: readMapping(reader, `${path}.input_mapping`, given["input_mapping"]),
      outputMapping: readMapping(reader, `${path}.output_mapping`, given["output_mapping"]),
      containerLimits:
        limits === undefined ? undefined : readContainerLimits(`${path}.container_limits`, limits, problems),
      assert: assert === undefined ? undefined : readAssert(reader, `${path}.assert`, assert),
    }),
  };
}

/** In Concourse it says which workers take the task; here there is only this machine. */
function checkPlatform({ warnings }: PlanReader, field: string, platform: string): void {
  if (platform === "linux" || platform === "" || platform.includes("((")) return;
  const hint = "Concourse would look for another worker; write platform: linux where that does as well";
  warnings.add(field, `is ${describeValue(platform)}, and the task runs on this machine of Linux all the same`, hint);
}

/** Of a task without an image: what only containers have is refused where it would do other than it says. */
function checkProcess(reader: PlanReader, path: string, given: Fields, config: TaskConfig): void {
  const { problems, warnings } = reader;
  checkVariables(reader, `${path}.config.params`, config.params);
  checkVariables(reader, `${path}.params`, given["params"]);
  const hint = "give the task an image_resource, or leave it out";
  if (config.run.user !== undefined) {
    problems.add(`${path}.config.run.user`, "has a meaning only for a container", hint);
  }
  const vain = "has no effect on a process of this machine";
  if (given["privileged"] === true) warnings.add(`${path}.privileged`, vain, hint);
  if (given["container_limits"] !== undefined) warnings.add(`${path}.container_limits`, vain, hint);
  if (config.containerLimits !== undefined) warnings.add(`${path}.config.container_limits`, vain, hint);
}

/** Containers know more names, but a process is begun by a shell, which would drop others. */
function checkVariables(reader: PlanReader, field: string, params: unknown): void {
  if (typeof params !== "object" || params === null) return;
  for (const name of Object.keys(params)) {
    if (/^[A-Za-z_]\w*$/.test(name)) continue;
    const rule = "write letters, digits and _, or give the task an image_resource, which takes others";
    reader.problems.add(`${field}.${JSON.stringify(name)}`, "is no name that a variable of a process can have", rule);
  }
}

/** `artifact/path`. */
export function readFile(reader: PlanReader, field: string, value: unknown): string {
  const text = reader.text(field, value, "write artifact/path.yml");
  if (text !== "" && !text.includes("((") && !/^[^/]+\/./.test(text)) {
    const hint = "the first part is the artifact that the file is in";
    reader.problems.add(field, `must be like artifact/path.yml, not ${describeValue(text)}`, hint);
  }
  return text;
}

function readMapping(reader: PlanReader, field: string, value: unknown): Readonly<Record<string, string>> | undefined {
  if (value === undefined) return undefined;
  const given = reader.object(field, value, "write name-in-task: name-in-plan") ?? {};
  return Object.fromEntries(
    Object.entries(given).map(([key, name]) => [key, reader.nameTemplate(`${field}.${key}`, name)]),
  );
}

function readAssert(reader: PlanReader, field: string, value: unknown): StepAssert | undefined {
  const given = reader.object(field, value, "write { stdout: done, code: 0 }");
  if (!given) return undefined;
  reader.problems.refuseUnknown(field, given, ["stdout", "stderr", "code"], []);
  const { stdout, stderr, code } = given;
  if (code !== undefined && !Number.isSafeInteger(code)) {
    reader.problems.add(`${field}.code`, `must be an exit code, not ${describeValue(code)}`);
  }
  return {
    ...defined({
      stdout: stdout === undefined ? undefined : reader.text(`${field}.stdout`, stdout),
      stderr: stderr === undefined ? undefined : reader.text(`${field}.stderr`, stderr),
      code: typeof code === "number" ? code : undefined,
    }),
    at: reader.placeOf(given),
  };
}
