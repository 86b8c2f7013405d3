// A plan as the script that executes it: a module like any author's, with the plan as data on top and the runtime below.

import type { JsonObject, Plan } from "./plan.ts";

/** `runtime`: statements that define the function `runPlan`. */
export function emitScript(plan: Plan, config: JsonObject, runtime: string): string {
  return `// Compiled from ${printFile(plan.file)}.

export const config = ${printData(config)};

const plan = ${printData(plan)};

export const pipeline = () => runPlan(plan);

// The runtime, the same in every compiled pipeline.

${runtime}`;
}

function printFile(file: string): string {
  return file.replaceAll(/[\r\n\u2028\u2029]/g, " ");
}

/** A key `__proto__` would set the prototype in a literal; each key begins a line. */
function printData(data: unknown): string {
  return JSON.stringify(data, null, 2).replaceAll(/^( *)"__proto__":/gm, '$1["__proto__"]:');
}
