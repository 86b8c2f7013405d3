// `triggerPipeline`: starts a run of another pipeline, and waits for its end unless told not to.

import { call } from "./calls.ts";
import { defineGlobal } from "./host.ts";
import { readJobOption } from "./jobs.ts";
import { readOptions } from "./known-options.ts";

const caller = "triggerPipeline";
const fields = ["params", "args", "wait", "job"] as const;

async function triggerPipeline(name: unknown, given: unknown = {}): Promise<object> {
  if (typeof name !== "string" || name === "" || name.length > 500) {
    throw new TypeError(`${caller}: takes the name of a pipeline, as triggerPipeline("home/backup", { params })`);
  }
  const options = readOptions(caller, given ?? {}, fields, "{ params: { target: 'nas' }, wait: false }");
  const { params = {}, args = [], wait = true } = options;
  if (typeof params !== "object" || params === null || Array.isArray(params)) {
    throw new TypeError(`${caller}: params must be an object, as { target: "nas" }`);
  }
  if (!Array.isArray(args)) throw new TypeError(`${caller}: args must be a list of texts`);
  if (typeof wait !== "boolean") throw new TypeError(`${caller}: wait must be true or false, not ${typeof wait}`);
  const job = readJobOption(caller, options.job);
  const started = (await call("child", name, { params, args: args.map(String), wait, job })) as { readonly id: string };
  // As other servers name it, for scripts that were written for them.
  return Object.defineProperty(started, "runID", { value: started.id, enumerable: false });
}

export function installTriggerPipeline(): void {
  defineGlobal("triggerPipeline", triggerPipeline);
}
