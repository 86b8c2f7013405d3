// A YAML file compiled for whoever wants to see the script: without a server, a store or a sandbox.

import { type CompiledFile, compileFile as compile } from "../pipelines/pipelines.ts";
import { configChecks } from "./config-checks.ts";

/** `file` is the name that the script says it is from. */
export function compileFile(file: string, text: string): CompiledFile {
  return compile(file, text, configChecks);
}
