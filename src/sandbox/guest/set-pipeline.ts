// `setPipeline`: puts a YAML pipeline into force, as an upload does.

import { call } from "./calls.ts";
import { defineGlobal } from "./host.ts";
import { readOptions } from "./known-options.ts";

const caller = "setPipeline";
const fields = ["source", "vars", "instanceVars"] as const;

async function setPipeline(name: unknown, given: unknown): Promise<unknown> {
  if (typeof name !== "string" || name === "" || name.length > 200) {
    throw new TypeError(`${caller}: takes the name of a pipeline, as setPipeline("home/backup", { source })`);
  }
  const {
    source,
    vars = {},
    instanceVars,
  } = readOptions(caller, given, fields, '{ source, vars: { branch: "main" } }');
  if (typeof source !== "string") throw new TypeError(`${caller}: source must be the text of a YAML pipeline`);
  return await call("set_pipeline", name, {
    source,
    vars: readVars("vars", vars),
    instanceVars: instanceVars === undefined ? undefined : readVars("instanceVars", instanceVars),
  });
}

function readVars(field: string, value: unknown): object {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new TypeError(`${caller}: ${field} must be an object, as { branch: "main" }`);
}

export function installSetPipeline(): void {
  defineGlobal(caller, setPipeline);
}
