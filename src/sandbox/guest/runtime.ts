// `runtime.run`: a step, done by the host.

import { call, type OutputListener } from "./calls.ts";
import { defineGlobal } from "./host.ts";

const known = new Set(["name", "command", "env", "workDir", "work_dir", "stdin", "timeout", "onOutput", "image"]);

interface RunOptions {
  readonly [field: string]: unknown;
}

function describeCommand(command: unknown): unknown {
  if (typeof command === "string") return command;
  const { path, args = [] } = (typeof command === "object" && command !== null ? command : {}) as {
    path?: unknown;
    args?: unknown;
  };
  if (typeof path !== "string" || path === "" || !Array.isArray(args)) {
    throw new TypeError("runtime.run: command must be a text for the shell, or { path, args }");
  }
  return { path, args: args.map(String) };
}

function textMap(value: unknown, what: string): Record<string, string> {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object") throw new TypeError(`runtime.run: ${what} must be an object of texts`);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined && item !== null);
  return Object.fromEntries(entries.map(([name, item]) => [name, String(item)]));
}

function optionalText(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : String(value);
}

async function run(options: RunOptions): Promise<unknown> {
  if (typeof options !== "object" || options === null) throw new TypeError("runtime.run: takes { name, command, … }");
  if (options.image !== undefined) {
    throw Object.assign(
      new Error(
        `runtime.run: image ${JSON.stringify(options.image)} was asked for, but containers are not supported yet`,
      ),
      { code: "UNSUPPORTED", hint: "remove `image` to run the command as a local process" },
    );
  }
  const unknown = Object.keys(options).find((field) => !known.has(field));
  if (unknown !== undefined) throw new TypeError(`runtime.run: unknown option ${JSON.stringify(unknown)}`);
  const command = describeCommand(options.command);
  const name =
    optionalText(options.name) ?? (typeof command === "string" ? command : (command as { path: string }).path);
  if (options.onOutput !== undefined && typeof options.onOutput !== "function") {
    throw new TypeError("runtime.run: onOutput must be a function (stream, text) => void");
  }
  const onOutput = options.onOutput as OutputListener | undefined;
  const args = {
    command,
    env: textMap(options.env, "env"),
    workDir: optionalText(options.workDir ?? options.work_dir),
    stdin: optionalText(options.stdin),
    timeout: options.timeout ?? undefined,
    output: onOutput !== undefined,
  };
  return await call("step", name.slice(0, 200), args, { onOutput });
}

export function installRuntime(): void {
  defineGlobal("runtime", { run });
}
