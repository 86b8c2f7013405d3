// The step `task`: its contents, its folders, and the process or container that does it.

import { FieldProblems } from "../../../core/field-problem.ts";
import { parseTaskConfig } from "../parse-task-config.ts";
import type { ContainerLimits, JsonObject, StepPlan, TaskConfig, TaskPlan } from "../plan.ts";
import type { JsonValue } from "../../../core/json.ts";
import { readArtifactFile } from "./artifact-file.ts";
import { checkStepAssert } from "./asserts.ts";
import { takenByTask } from "./count-takers.ts";
import { checkSize } from "./check-size.ts";
import { failed, isAbort, type Outcome, PlanError, succeeded } from "./outcome.ts";
import { readYaml } from "./read-data.ts";
import { readFlag } from "./read-template.ts";
import type { Scope } from "./scope.ts";
import { script, type StepOptions, type TextValue } from "./script-globals.ts";
import { stepEnv } from "./step-env.ts";
import { findTaskImage } from "./task-image.ts";
import { stepBounds } from "./step-bounds.ts";
import { openTaskFolder } from "./task-folder.ts";
import { asText, type OwnVars, toText } from "./run-vars.ts";
import type { Filled } from "../var-text.ts";

type Task = TaskPlan & StepPlan;

export async function runTask(given: Task, scope: Scope): Promise<Outcome> {
  const { at } = given;
  const { vars } = scope.job;
  const task = fillNames(given, scope);
  const name = vars.fillText(task.name, scope, at, "the name of a task");
  scope.job.executed.push(name);
  const config =
    task.config === null
      ? await loadConfig(task, scope)
      : (vars.fill(ownParams(task.config as unknown as JsonValue, task), scope, at) as unknown as TaskConfig);
  if (takenByTask(given, given.config) === null) scope.artifacts.takers.close(takenByTask(task, config) ?? []);
  const image = findTaskImage(task, config, scope);
  const folder = await openTaskFolder(task, config, scope, image !== undefined);
  const params = { ...config.params, ...(vars.fill(task.params ?? {}, scope, at) as Readonly<Record<string, Filled>>) };
  const { path, args = [], user } = config.run;
  const text = (filled: Filled, what: string): TextValue => toText(filled, `task ${name}: ${what}`, at);
  const texts = args.map((arg) => text(arg, "run.args"));
  const env = Object.fromEntries(Object.entries(params).map(([key, value]) => [key, text(value, `params.${key}`)]));
  checkSize({ "run.args": texts, params: env }, `task ${name}`, at);
  const options: StepOptions = {
    name: scope.stepName(name),
    job: scope.job.name,
    ...(image === undefined
      ? {}
      : { image, ...limitsOf({ ...config.containerLimits, ...fillLimits(task, scope) }, task) }),
    ...(readFlag(task.privileged, scope, at, "privileged") && image !== undefined ? { privileged: true } : {}),
    command: folder.command(
      asText(path, "run.path", at),
      texts,
      user === undefined ? undefined : asText(user, "run.user", at),
    ),
    env: stepEnv(env),
    ...(folder.workDir === undefined ? {} : { workDir: folder.workDir }),
    mounts: folder.mounts,
    ...stepBounds(scope, `task ${name}`, at),
  };
  const result = await script.runtime.run(options).catch((thrown: unknown) => {
    // One that could not be started has none.
    if (isAbort(thrown)) folder.keepOutputs("ended");
    throw thrown;
  });
  folder.keepOutputs();
  if (task.assert !== undefined) checkStepAssert(task.assert, name, result, scope);
  if (result.code === 0) return succeeded;
  const how =
    result.status === "abort" && result.message !== undefined ? result.message : `it exited with code ${result.code}`;
  return failed(`task ${name}: ${how}`, at);
}

/** The names of artifacts that vars stand in. @throws {PlanError} */
function fillNames(task: Task, scope: Scope): Task {
  const { image, inputMapping, outputMapping, at } = task;
  const fill = (name: string, field: string): string => scope.job.vars.fillText(name, scope, at, field);
  const fillAll = (mapping: Readonly<Record<string, string>>, field: string): Readonly<Record<string, string>> =>
    Object.fromEntries(Object.entries(mapping).map(([key, name]) => [key, fill(name, `${field}.${key}`)]));
  return {
    ...task,
    ...(image === undefined ? {} : { image: fill(image, "image") }),
    ...(inputMapping === undefined ? {} : { inputMapping: fillAll(inputMapping, "input_mapping") }),
    ...(outputMapping === undefined ? {} : { outputMapping: fillAll(outputMapping, "output_mapping") }),
  };
}

/** The contents of a task that are in a file, their vars filled, which may stand anywhere. @throws {PlanError} */
async function loadConfig(task: Task, scope: Scope): Promise<TaskConfig> {
  const { name, at, file = "" } = task;
  const { vars } = scope.job;
  const path = vars.fillText(file, scope, at, "file");
  const own = vars.fill(task.vars ?? {}, scope, at) as OwnVars;
  const text = await readArtifactFile(path, scope, at);
  let data: JsonValue;
  try {
    data = readYaml(text);
  } catch (thrown) {
    throw new PlanError(`task ${name}: ${path} is no YAML: ${(thrown as Error).message}`, at);
  }
  const problems = new FieldProblems();
  const config = parseTaskConfig("", vars.fill(ownParams(data, task), scope, at, own), problems);
  if (problems.list.length === 0) return config;
  const lines = problems.list
    .slice(0, 10)
    .map(({ message, hint }) => (hint === null ? message : `${message} (${hint})`).trim());
  throw new PlanError(`task ${name}: ${path} cannot be a task: ${lines.join("; ")}`, at);
}

/** Without the params that the step gives instead: their vars may have no value. */
function ownParams(config: JsonValue, { params = {} }: Task): JsonValue {
  if (!isObject(config) || !isObject(config["params"])) return config;
  const own = Object.entries(config["params"]).filter(([name]) => !Object.hasOwn(params, name));
  return { ...config, params: Object.fromEntries(own) as JsonObject };
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fillLimits({ containerLimits = {}, at }: Task, scope: Scope): ContainerLimits {
  return scope.job.vars.fill({ ...containerLimits }, scope, at) as ContainerLimits;
}

/** Concourse's `cpu` are shares, which below 64 would be taken for processors. */
function limitsOf({ cpu, memory }: ContainerLimits, { at }: Task): Pick<StepOptions, "containerLimits"> {
  if (cpu === undefined && memory === undefined) return {};
  const shares = cpu === undefined ? undefined : Number(cpu);
  if (shares !== undefined && !(shares >= 0))
    throw new PlanError(`container_limits.cpu must be a number, not ${shares}`, at);
  const limit = memory === undefined ? undefined : asText(memory, "container_limits.memory", at);
  return {
    containerLimits: {
      ...(shares === undefined ? {} : { cpu: shares === 0 ? 0 : Math.max(64, shares) }),
      ...(limit === undefined ? {} : { memory: /^\d+$/.test(limit) ? Number(limit) : toBinarySize(limit) }),
    },
  };
}

/** In Concourse "1GB" are 1024 ** 3 bytes, as "1GiB" are here. */
function toBinarySize(text: string): string {
  const [, amount, unit] = /^\s*(\d+)\s*([kmgt])i?b?\s*$/i.exec(text) ?? [];
  return amount === undefined || unit === undefined ? text : `${amount}${unit.toUpperCase()}iB`;
}
