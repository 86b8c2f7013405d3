// The steps `load_var`, `set_pipeline`, `gate` and `notify`.

import type { JsonValue } from "../../../core/json.ts";
import type { GatePlan, JsonObject, LoadVarPlan, NotifyPlan, SetPipelinePlan, StepPlan } from "../plan.ts";
import { collectVarRefs, type Filled, holdsSecret, SecretParts, SecretValue } from "../var-text.ts";
import { readArtifactFile } from "./artifact-file.ts";
import { checkSize } from "./check-size.ts";
import { failed, type Outcome, PlanError, succeeded } from "./outcome.ts";
import { readJson, readYaml } from "./read-data.ts";
import type { Scope } from "./scope.ts";
import { script } from "./script-globals.ts";
import { stepBounds } from "./step-bounds.ts";

export async function loadVar(step: LoadVarPlan & StepPlan, scope: Scope): Promise<Outcome> {
  const { name, at } = step;
  const file = scope.job.vars.fillText(step.file, scope, at, "file");
  const text = await readArtifactFile(file, scope, at);
  scope.setLocal(name, parse(text, step.format ?? formatOf(file), `load_var ${name}: ${file}`, at));
  return succeeded;
}

function formatOf(file: string): "json" | "yaml" | "trim" {
  if (file.endsWith(".json")) return "json";
  return /\.ya?ml$/.test(file) ? "yaml" : "trim";
}

function parse(text: string, format: "json" | "yaml" | "trim" | "raw", what: string, at: PlanError["at"]): JsonValue {
  if (format === "raw") return text;
  if (format === "trim") return text.trim();
  try {
    return format === "json" ? readJson(text) : readYaml(text);
  } catch (thrown) {
    throw new PlanError(`${what} is no ${format.toUpperCase()}: ${(thrown as Error).message}`, at);
  }
}

export async function setPipeline(step: SetPipelinePlan & StepPlan, scope: Scope): Promise<Outcome> {
  const { at } = step;
  const { vars } = scope.job;
  const name = vars.fillText(step.name, scope, at, "set_pipeline");
  const file = vars.fillText(step.file, scope, at, "file");
  const source = await readArtifactFile(file, scope, at);
  const values: Record<string, JsonValue | undefined> = {};
  for (const varFile of step.varFiles ?? []) {
    const path = vars.fillText(varFile, scope, at, "var_files");
    const data = parse(await readArtifactFile(path, scope, at), "yaml", `set_pipeline ${name}: ${path}`, at);
    if (typeof data !== "object" || data === null || Array.isArray(data)) {
      throw new PlanError(`set_pipeline ${name}: ${path} must have NAME: value`, at);
    }
    Object.assign(values, data);
  }
  Object.assign(values, fillData(step.vars, scope, at));
  const instanceVars =
    step.instanceVars === undefined ? {} : { instanceVars: fillInstance(step.instanceVars, scope, at) };
  checkSize({ file: source, vars: values, instance_vars: JSON.stringify(instanceVars) }, `set_pipeline ${name}`, at);
  const { pipeline, change } = await script.setPipeline(name, { source, vars: values, ...instanceVars });
  const became = change === "unchanged" ? "is unchanged" : `was ${change}`;
  script.console.log(`set_pipeline ${name}: the pipeline ${pipeline} ${became}`);
  return succeeded;
}

/** Values that leave the run, into the file of another pipeline. A secret goes there by its name. */
function fillData(values: JsonObject | undefined, scope: Scope, at: PlanError["at"]): Filled {
  const filled = scope.job.vars.fill(values ?? {}, scope, at);
  const [found] = collectVarRefs(filled as JsonValue);
  if (found === undefined) return nameSecrets(filled);
  throw new PlanError(
    `a var of another pipeline cannot hold ${found.ref.text}: it would be filled there once more`,
    at,
  );
}

function nameSecrets(filled: Filled): Filled {
  if (typeof filled !== "object" || filled === null) return filled;
  const nameOf = ({ secret }: SecretValue): string => `((${secret}))`;
  if (filled instanceof SecretValue) return nameOf(filled);
  if (filled instanceof SecretParts) {
    return filled.parts.map((part) => (typeof part === "string" ? part : nameOf(part))).join("");
  }
  if (Array.isArray(filled)) return filled.map((each) => nameSecrets(each as Filled));
  return Object.fromEntries(Object.entries(filled).map(([name, each]) => [name, nameSecrets(each as Filled)]));
}

/** They are in the name of the pipeline. */
function fillInstance(values: JsonObject, scope: Scope, at: PlanError["at"]): Filled {
  if (holdsSecret(scope.job.vars.fill(values, scope, at))) {
    throw new PlanError("a secret cannot be an instance var: it would be in the name of the pipeline", at);
  }
  return fillData(values, scope, at);
}

/** As long as the name of an approval may be. */
const maxGateName = 100;

export async function waitAtGate(step: GatePlan & StepPlan, scope: Scope): Promise<Outcome> {
  const { at, message } = step;
  const { vars } = scope.job;
  const name = vars.fillText(step.name, scope, at, "gate");
  try {
    await script.runtime.gate(scope.stepName(name, maxGateName), {
      job: scope.job.name,
      ...(message === undefined ? {} : { message: vars.fillText(message, scope, at, "message") }),
      ...stepBounds(scope, `gate ${name}`, at),
    });
    return succeeded;
  } catch (thrown) {
    const { code, message: why } = thrown as Error & { readonly code?: unknown };
    if (code === "APPROVAL_DENIED" || code === "APPROVAL_TIMEOUT") return failed(why, at);
    throw thrown;
  }
}

export async function notifyTargets(step: NotifyPlan & StepPlan, scope: Scope): Promise<Outcome> {
  const { to, title, level, at } = step;
  const { vars } = scope.job;
  const message = await readMessage(step, scope);
  await script.notify.send({
    to: to.map((name) => vars.fillText(name, scope, at, "notify")),
    message,
    ...(title === undefined ? {} : { title: vars.fillText(title, scope, at, "title") }),
    ...(level === undefined ? {} : { level }),
  });
  return succeeded;
}

/** What a file says is told as it is, but for the end of its last line. */
async function readMessage({ message, messageFile, at }: NotifyPlan & StepPlan, scope: Scope): Promise<string> {
  const { vars } = scope.job;
  if (messageFile === undefined) return vars.fillText(message ?? "", scope, at, "message");
  return (await readArtifactFile(vars.fillText(messageFile, scope, at, "message_file"), scope, at)).trimEnd();
}
