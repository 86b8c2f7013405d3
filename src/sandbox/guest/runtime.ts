// `runtime`: steps, done by the host, as processes, in containers, or one after the other in one container.

import { readSignal } from "./abort.ts";
import { gate } from "./approval.ts";
import { call, type OutputListener } from "./calls.ts";
import { defineGlobal } from "./host.ts";
import { readJobOption } from "./jobs.ts";
import { readOnInterrupt, readRetry } from "./retry-options.ts";
import {
  checkOptions,
  optionalText,
  readCommand,
  readContainer,
  readMounts,
  readStdin,
  readUser,
  textMap,
  type Caller,
  type Options,
} from "./step-options.ts";

interface Sandbox {
  readonly id: string;
  exec(options: unknown): Promise<unknown>;
  close(): Promise<void>;
}

async function run(given: unknown): Promise<unknown> {
  const options = checkOptions("runtime.run", given);
  const container = readContainer("runtime.run", options);
  const command = readCommand("runtime.run", options.command);
  return await step(
    "runtime.run",
    options,
    command,
    container === undefined ? undefined : { type: "own", ...container },
  );
}

async function startSandbox(given: unknown): Promise<Sandbox> {
  const options = checkOptions("runtime.startSandbox", given);
  const container = readContainer("runtime.startSandbox", options);
  if (container === undefined) throw new TypeError("runtime.startSandbox: needs an image");
  const named = { name: String(container.image), ...options };
  const opened = await step("runtime.startSandbox", named, "", { type: "open", ...container });
  const { id } = opened as { id: string };
  let closed: Promise<unknown> | undefined;
  return Object.freeze({
    id,
    exec: async (execution: unknown) => await exec(id, execution),
    close: async () => {
      closed ??= call("sandbox", "sandbox.close", { sandbox: id });
      await closed;
    },
  });
}

async function exec(sandbox: string, given: unknown): Promise<unknown> {
  const options = checkOptions("sandbox.exec", given);
  const command = readCommand("sandbox.exec", options.command);
  return await step("sandbox.exec", options, command, { type: "inside", sandbox, user: readUser(options) });
}

async function step(
  caller: Caller,
  options: Options,
  command: ReturnType<typeof readCommand>,
  container: Options | undefined,
): Promise<unknown> {
  const name = optionalText(options.name) ?? (typeof command === "string" ? command : command.path);
  if (options.onOutput !== undefined && typeof options.onOutput !== "function") {
    throw new TypeError(`${caller}: onOutput must be a function (stream, text) => void`);
  }
  const onOutput = options.onOutput as OutputListener | undefined;
  const args = {
    command,
    env: textMap(caller, options.env, "env"),
    workDir: optionalText(options.workDir ?? options.work_dir) || undefined,
    mounts: readMounts(caller, options),
    container,
    stdin: readStdin(caller, options.stdin),
    timeout: options.timeout ?? undefined,
    output: onOutput !== undefined,
    retry: readRetry(caller, options.retry),
    onInterrupt: readOnInterrupt(caller, options.onInterrupt),
    job: readJobOption(caller, options.job),
  };
  return await call("step", name.slice(0, 200), args, { onOutput, ending: readSignal(caller, options.signal) });
}

export function installRuntime(): void {
  defineGlobal("runtime", { run, startSandbox, gate });
}
