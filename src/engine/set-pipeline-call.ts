// `setPipeline` of a script: a YAML pipeline goes into force as by an upload. Done once more it changes nothing.

import { AppError } from "../core/app-error.ts";
import { instanceName } from "../core/instance-name.ts";
import type { JsonValue } from "../core/json.ts";
import { isYamlFile, maxPipelineFileBytes } from "../core/pipeline-file.ts";
import { fillPipelineSource } from "../pipelines/pipelines.ts";
import type { Work } from "./work-call.ts";

interface SetPipelineArguments {
  readonly source: string;
  readonly vars: Readonly<Record<string, JsonValue>>;
  readonly instanceVars?: Readonly<Record<string, JsonValue>>;
}

/** The pipeline that is meant: with instance vars each set of values is one of its own. */
export function pipelineToSet(own: string, name: string, instanceVars: SetPipelineArguments["instanceVars"]): string {
  const base = name === "self" ? own : name;
  return instanceVars === undefined || Object.keys(instanceVars).length === 0 ? base : instanceName(base, instanceVars);
}

export const setPipeline: Work = async (args, { parts, run, name }) => {
  const { source, vars, instanceVars } = args as unknown as SetPipelineArguments;
  const id = pipelineToSet(run.pipeline, name, instanceVars);
  const { pipelineSetter } = parts;
  if (!parts.takesNews) {
    throw new AppError("UNSUPPORTED", `setPipeline ${JSON.stringify(id)}: no pipeline is set without a server`, {
      hint: "run the pipeline with `runner trigger` on a running server",
    });
  }
  const present = pipelineSetter.findFile(id);
  if (present !== undefined && !isYamlFile(present)) {
    throw new AppError("VALIDATION_FAILED", `setPipeline ${JSON.stringify(id)}: ${present} is a script, which stays`, {
      hint: "give the YAML pipeline another name, or remove the script first",
    });
  }
  const filled = fillPipelineSource(source, { ...vars, ...instanceVars });
  if (Buffer.byteLength(filled) > maxPipelineFileBytes) {
    throw new AppError("VALIDATION_FAILED", `setPipeline ${JSON.stringify(id)}: its text is over 1 MiB`);
  }
  const extension = present?.endsWith(".yaml") === true ? ".yaml" : ".yml";
  const { change } = await pipelineSetter.set(id, { source: filled, extension });
  return { value: { pipeline: id, change } };
};
