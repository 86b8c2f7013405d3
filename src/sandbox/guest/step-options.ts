// The options of a step as scripts write them, checked and made plain for the host.

import { stringifyJson } from "./host.ts";
import { readOptions } from "./known-options.ts";
import { isSecretText, readSecretText, type Secret, type SecretParts } from "./secret-text.ts";

export interface Options {
  readonly [field: string]: unknown;
}

export interface MountArguments {
  readonly target: string;
  readonly source: string;
  readonly readOnly: boolean;
  readonly move?: true;
}

/** Whose options they are, as messages begin. */
export type Caller = "runtime.run" | "runtime.startSandbox" | "sandbox.exec";

/** Options that make no sense for a local process. */
const ofContainers = ["privileged", "containerLimits", "container_limits", "pull"] as const;

const common = [
  "name",
  "env",
  "workDir",
  "work_dir",
  "timeout",
  "signal",
  "onOutput",
  "retry",
  "onInterrupt",
  "job",
] as const;
const ofCommands = ["command", "stdin"] as const;
const ofPlaces = ["image", "mounts", ...ofContainers] as const;

const known: Readonly<Record<Caller, ReadonlySet<string>>> = {
  // The last one has no effect; scripts written for other servers give it.
  "runtime.run": new Set([...common, ...ofCommands, ...ofPlaces, "user", "storage_key"]),
  "runtime.startSandbox": new Set([...common, ...ofPlaces, "user"]),
  "sandbox.exec": new Set([...common, ...ofCommands, "user"]),
};

/** @throws {TypeError} when it is no object or has an option that there is not. */
export function checkOptions(caller: Caller, options: unknown): Options {
  const example = `{ ${caller === "runtime.startSandbox" ? "image" : "command"}, … }`;
  return readOptions(caller, options, known[caller], example);
}

export type TextOrSecret = string | Secret | SecretParts;

export function readCommand(caller: Caller, command: unknown): string | { path: string; args: TextOrSecret[] } {
  if (typeof command === "string") return command;
  const { path, args = [] } = (typeof command === "object" && command !== null ? command : {}) as {
    path?: unknown;
    args?: unknown;
  };
  if (typeof path !== "string" || path === "" || !Array.isArray(args)) {
    throw new TypeError(`${caller}: command must be a text for the shell, or { path, args }`);
  }
  const texts = args.map((arg: unknown, index) =>
    isSecretText(arg) ? readSecretText(caller, arg, `command.args[${index}]`) : String(arg),
  );
  return { path, args: texts };
}

/** `command.user`, or `user` beside the command. */
export function readUser({ command, user }: Options): string | undefined {
  const own = typeof command === "object" && command !== null ? (command as { user?: unknown }).user : undefined;
  return optionalText(own ?? user) || undefined;
}

/** Texts, and secrets as `{ secret: "env:NAME" }`. */
export function textMap(caller: Caller, value: unknown, what: string): Record<string, TextOrSecret> {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object") throw new TypeError(`${caller}: ${what} must be an object of texts`);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined && item !== null);
  return Object.fromEntries(
    entries.map(([name, item]) => {
      if (isSecretText(item)) return [name, readSecretText(caller, item, `${what}.${name}`)];
      if (typeof item !== "object" && typeof item !== "function") return [name, String(item)];
      throw new TypeError(
        `${caller}: ${what}.${name} must be a text; use JSON.stringify for data, await for a promise`,
      );
    }),
  );
}

export function readStdin(caller: Caller, value: unknown): TextOrSecret | undefined {
  return isSecretText(value) ? readSecretText(caller, value, "stdin") : optionalText(value);
}

export function optionalText(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : String(value);
}

/** `{ target: volume }`, `{ target: "/path" }` or `{ target: { source, readOnly, move } }`. */
export function readMounts(caller: Caller, options: Options): MountArguments[] | undefined {
  const { mounts } = options;
  if (mounts === undefined || mounts === null) return undefined;
  if (typeof mounts !== "object" || Array.isArray(mounts)) {
    throw new TypeError(`${caller}: mounts must be an object, as { "src": volume }`);
  }
  return Object.entries(mounts as Options)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([target, value]) => {
      const mount = readMount(caller, target, value);
      const isProcess = options.image === undefined && caller === "runtime.run";
      const refuse = (why: string): never => {
        throw new TypeError(`${caller}: mounts[${stringifyJson(target)}]: ${why}`);
      };
      if (mount.readOnly && isProcess) refuse("readOnly needs an image; a process is given the folder itself");
      if (mount.move && !isProcess) refuse("move is for processes alone; a container sees the folder where it is");
      if (mount.move && !optionalText(options.workDir ?? options.work_dir)?.startsWith("/")) {
        refuse("move needs an absolute workDir, as that of a volume: the step's own folder goes when the step ends");
      }
      return mount;
    });
}

function readMount(caller: Caller, target: string, value: unknown): MountArguments {
  if (value instanceof Promise) {
    throw new TypeError(`${caller}: mounts[${stringifyJson(target)}] is a promise: write await volumes.create()`);
  }
  const { source, path, readOnly, move } = (
    typeof value === "object" && value !== null ? value : { source: value }
  ) as Options;
  const from = typeof source === "object" && source !== null ? (source as Options).path : (source ?? path);
  if (typeof from === "string" && from.startsWith("/") && target !== "") {
    return { target, source: from, readOnly: readOnly === true, ...(move === true ? { move } : {}) };
  }
  throw new TypeError(
    `${caller}: mounts[${stringifyJson(target)}] must be a volume, an absolute path, or { source, readOnly }`,
  );
}

/** How a container is made; undefined for a local process. */
export function readContainer(caller: Caller, options: Options): Options | undefined {
  const { image, pull = "missing", privileged } = options;
  const user = readUser(options);
  if (image === undefined || image === null) {
    const stray = user === undefined ? ofContainers.find((field) => options[field] !== undefined) : "user";
    if (stray === undefined) return undefined;
    throw new TypeError(`${caller}: ${stray} has a meaning only for a container; name an image, or leave it out`);
  }
  if (typeof image !== "string" || image === "") throw new TypeError(`${caller}: image must be the name of an image`);
  if (pull !== "always" && pull !== "missing" && pull !== "never") {
    throw new TypeError(
      `${caller}: pull must be "always", "missing" or "never", not ${stringifyJson(pull) ?? typeof pull}`,
    );
  }
  return { image, pull, privileged: privileged === true, user, ...readLimits(caller, options) };
}

function readLimits(caller: Caller, options: Options): { cpu?: number; memory?: number | string } {
  const limits: unknown = options.containerLimits ?? options.container_limits ?? {};
  if (typeof limits !== "object" || limits === null) {
    throw new TypeError(`${caller}: containerLimits must be { cpu, memory }`);
  }
  const { cpu, memory, ...rest } = limits as { cpu?: unknown; memory?: unknown };
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined)
    throw new TypeError(`${caller}: unknown limit ${stringifyJson(unknown)}; there are cpu and memory`);
  if (cpu !== undefined && !(typeof cpu === "number" && cpu >= 0 && cpu < 1e6)) {
    throw new TypeError(
      `${caller}: containerLimits.cpu must be a number of processors, as 0.5, or CPU shares from 64 on`,
    );
  }
  if (memory !== undefined && typeof memory !== "string" && !(typeof memory === "number" && memory >= 0)) {
    throw new TypeError(`${caller}: containerLimits.memory must be bytes, or a text as "512MiB"`);
  }
  return { ...(cpu === undefined ? {} : { cpu }), ...(memory === undefined ? {} : { memory }) };
}
