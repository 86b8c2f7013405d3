// The steps `load_var`, `set_pipeline`, `gate` and `notify`.

import { describeValue } from "../../core/field-problem.ts";
import { readFile } from "./parse-task-step.ts";
import type { GatePlan, LoadVarPlan, NotifyPlan, SetPipelinePlan } from "./plan.ts";
import { defined, type Fields, type PlanReader } from "./plan-reader.ts";

export function parseLoadVar(reader: PlanReader, path: string, given: Fields): LoadVarPlan {
  // `yml` is Concourse's other word for it.
  const format = given["format"] === "yml" ? "yaml" : given["format"];
  return {
    type: "load_var",
    name: reader.name(`${path}.load_var`, given["load_var"]),
    file: readFile(reader, `${path}.file`, given["file"]),
    reveal: reader.flag(`${path}.reveal`, given["reveal"]) ?? false,
    ...defined({ format: reader.choice(`${path}.format`, format, ["json", "yaml", "trim", "raw"]) }),
  };
}

export function parseSetPipeline(reader: PlanReader, path: string, given: Fields): SetPipelinePlan {
  if ("team" in given) {
    reader.problems.add(`${path}.team`, "is not supported", "remove it: a server of runner has no teams");
  }
  const { vars, var_files: varFiles, instance_vars: instanceVars } = given;
  const hint = "write var_files: [artifact/vars.yml]";
  return {
    type: "set_pipeline",
    name: reader.text(`${path}.set_pipeline`, given["set_pipeline"]),
    file: readFile(reader, `${path}.file`, given["file"]),
    ...defined({
      vars: vars === undefined ? undefined : reader.data(`${path}.vars`, vars),
      varFiles: varFiles === undefined ? undefined : reader.texts(`${path}.var_files`, varFiles, hint),
      instanceVars: instanceVars === undefined ? undefined : reader.data(`${path}.instance_vars`, instanceVars),
    }),
  };
}

export function parseGate(reader: PlanReader, path: string, given: Fields): GatePlan {
  const { message } = given;
  return {
    type: "gate",
    name: reader.text(`${path}.gate`, given["gate"]),
    ...defined({ message: message === undefined ? undefined : reader.text(`${path}.message`, message) }),
  };
}

export function parseNotify(reader: PlanReader, path: string, given: Fields): NotifyPlan {
  const { title, message, message_file: file } = given;
  if (message !== undefined && file !== undefined) {
    reader.problems.add(`${path}.message_file`, "cannot stand beside message", "keep one");
  }
  return {
    type: "notify",
    to: readTargets(reader, `${path}.notify`, given["notify"]),
    ...defined({
      message: file === undefined ? reader.text(`${path}.message`, message) : undefined,
      messageFile: file === undefined ? undefined : readFile(reader, `${path}.message_file`, file),
      title: title === undefined ? undefined : reader.text(`${path}.title`, title),
      level: reader.choice(`${path}.level`, given["level"], ["info", "success", "warning", "error"]),
    }),
  };
}

function readTargets(reader: PlanReader, field: string, to: unknown): readonly string[] {
  const hint = "write the name of a target: notify: team";
  if (typeof to === "string") return [reader.text(field, to)];
  if (Array.isArray(to) && to.length > 0) return reader.texts(field, to, hint);
  reader.problems.add(field, `must be a text or a list of texts, not ${describeValue(to)}`, hint);
  return [];
}
