// The step `task`: its contents, its folders, and the process or container that does it.

import { FieldProblems } from "../../../core/field-problem.ts";
import { parseTaskConfig } from "../parse-task-config.ts";
import type { ContainerLimits, JsonObject, StepPlan, TaskConfig, TaskPlan } from "../plan.ts";
import type { JsonValue } from "../../../core/json.ts";
import { readArtifactFile } from "./artifact-file.ts";
import { checkStepAssert } from "./asserts.ts";
import { failed, type Outcome, PlanError, succeeded } from "./outcome.ts";
import { readFlag } from "./read-template.ts";
import type { Scope } from "./scope.ts";
import { script, type StepOptions } from "./script-globals.ts";
import { stepEnv } from "./step-env.ts";
import { findTaskImage } from "./task-image.ts";
import { stepBounds } from "./step-bounds.ts";
import { openTaskFolder } from "./task-folder.ts";
import { toText } from "./run-vars.ts";

type Task = TaskPlan & StepPlan;

export async function runTask(task: Task, scope: Scope): Promise<Outcome> {
  const { at } = task;
  const { vars } = scope.job;
  const name = vars.fillText(task.name, scope, at, "the name of a task");
  scope.job.executed.push(name);
  const config = task.config ?? (await loadConfig(task, scope));
  const own = task.config === null ? (task.vars ?? {}) : {};
  const fill = (value: JsonValue, what: string): ReturnType<typeof toText> =>
    toText(vars.fill(value, scope, at, own), `task ${name}: ${what}`, at);
  const image = await findTaskImage(task, config, scope);
  const folder = await openTaskFolder(task, config, scope, image !== undefined);
  const params: JsonObject = { ...config.params, ...task.params };
  const user = config.run.user === undefined ? undefined : vars.fillText(config.run.user, scope, at, "run.user");
  const options: StepOptions = {
    name: scope.stepName(name),
    job: scope.job.name,
    ...(image === undefined
      ? {}
      : { image, ...limitsOf({ ...config.containerLimits, ...task.containerLimits }, scope, task) }),
    ...(readFlag(task.privileged, scope, at, "privileged") && image !== undefined ? { privileged: true } : {}),
    command: folder.command(
      vars.fillText(config.run.path, scope, at, "run.path"),
      (config.run.args ?? []).map((arg) => fill(arg, "run.args")),
      user,
    ),
    env: stepEnv(
      Object.fromEntries(Object.entries(params).map(([key, value]) => [key, fill(value ?? null, `params.${key}`)])),
    ),
    ...(folder.workDir === undefined ? {} : { workDir: folder.workDir }),
    mounts: folder.mounts,
    ...stepBounds(scope, `task ${name}`, at),
  };
  const result = await script.runtime.run(options);
  folder.keepOutputs();
  if (task.assert !== undefined) checkStepAssert(task.assert, name, result, scope);
  if (result.code === 0) return succeeded;
  const how =
    result.status === "abort" && result.message !== undefined ? result.message : `it exited with code ${result.code}`;
  return failed(`task ${name}: ${how}`, at);
}

/** The contents of a task that are in a file. @throws {PlanError} */
async function loadConfig(task: Task, scope: Scope): Promise<TaskConfig> {
  const { name, at, file = "" } = task;
  const path = scope.job.vars.fillText(file, scope, at, "file");
  const text = await readArtifactFile(path, scope, at);
  let data: unknown;
  try {
    data = script.YAML.parse(text);
  } catch (thrown) {
    throw new PlanError(`task ${name}: ${path} is no YAML: ${(thrown as Error).message}`, at);
  }
  const problems = new FieldProblems();
  const config = parseTaskConfig("", data, problems);
  if (problems.list.length === 0) return config;
  const lines = problems.list
    .slice(0, 10)
    .map(({ message, hint }) => (hint === null ? message : `${message} (${hint})`));
  throw new PlanError(`task ${name}: ${path} cannot be a task: ${lines.join("; ")}`, at);
}

/** Concourse's `cpu` are shares, which below 64 would be taken for processors. */
function limitsOf({ cpu, memory }: ContainerLimits, scope: Scope, { at }: Task): Pick<StepOptions, "containerLimits"> {
  if (cpu === undefined && memory === undefined) return {};
  const shares = cpu === undefined ? undefined : Number(scope.job.vars.fill(cpu, scope, at));
  if (shares !== undefined && !(shares >= 0))
    throw new PlanError(`container_limits.cpu must be a number, not ${shares}`, at);
  const limit =
    memory === undefined ? undefined : scope.job.vars.fillText(memory, scope, at, "container_limits.memory");
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
