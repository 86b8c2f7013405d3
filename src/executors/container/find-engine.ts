// Which container engine there is: docker or podman, whichever is on the server's PATH and answers.

import { basename } from "node:path";
import { AppError } from "../../core/app-error.ts";
import { type EngineCommandEnd, reasonOf } from "./engine-command.ts";

export type EngineChoice = "auto" | "docker" | "podman";

export interface FoundEngine {
  /** Absolute path of its command. */
  readonly program: string;
  /** What containers are made with, so that all of their output can be read back, whatever the engine is set to. */
  readonly logArguments: readonly string[];
  /** What makes `rm --force` forceful: podman's waits for SIGTERM first. */
  readonly removeArguments: readonly string[];
  /** The engines before it that could not be used, and why. */
  readonly passedOver: readonly string[];
}

/** For messages: an image may be known to one engine and not to another. */
export function nameEngine({ program, passedOver }: FoundEngine): string {
  const others = passedOver.length === 0 ? "" : ` (in place of ${passedOver.join("; ")})`;
  return `${basename(program)}${others}`;
}

export interface FindEngineOptions {
  readonly choice: EngineChoice;
  /** The server's PATH. */
  readonly path: string;
  readonly run: (argv: readonly string[]) => Promise<EngineCommandEnd>;
}

/**
 * Docker's json-file keeps text as it is; `local` of 20.10 was seen to lose the line breaks of lines above 16 KiB, and
 * journald limits the rate. A file that is not rotated has the beginning too; there is no word for "no limit".
 */
const dockerLogArguments = [
  "--log-driver=json-file",
  ...["max-size=1000t", "max-file=1", "compress=false", "mode=blocking"].map((option) => `--log-opt=${option}`),
];
/** Podman's k8s-file keeps every byte. */
const podmanLogArguments = ["--log-driver=k8s-file", "--log-opt=max-size=1000t"];

/**
 * The engine to use; docker first.
 * @throws {AppError} CONTAINER_ENGINE_UNAVAILABLE when none is there or none answers.
 */
export async function findEngine({ choice, path, run }: FindEngineOptions): Promise<FoundEngine> {
  const names = choice === "auto" ? ["docker", "podman"] : [choice];
  const tried: string[] = [];
  for (const name of names) {
    const program = Bun.which(name, { PATH: path });
    if (program === null) {
      tried.push(`${name} is not on the server's PATH`);
      continue;
    }
    const answer = await run([program, "info", "--format", "{{json .}}"]);
    const found = readInfo(program, answer);
    if (typeof found !== "string") return { ...found, passedOver: tried };
    tried.push(`${program}: ${found}`);
  }
  throw unavailable(`no container engine can be used: ${tried.join("; ")}`);
}

/** An error that says what can be done about the engine's own words. */
export function unavailable(message: string): AppError {
  return new AppError("CONTAINER_ENGINE_UNAVAILABLE", message, { hint: hintFor(message) });
}

/** True where the engine's words say that it cannot be reached, and not what it thinks of a request. */
export function saysUnreachable(text: string): boolean {
  return /cannot connect to (?:the docker daemon|podman)|error during connect|permission denied while trying to connect|unable to connect to podman/i.test(
    text,
  );
}

function hintFor(message: string): string {
  if (/permission denied/i.test(message)) {
    return "let the server's user reach the engine's socket (usermod -aG docker USER), then start the server again";
  }
  if (/daemon running|cannot connect|error during connect/i.test(message)) {
    return "start the engine, as with `systemctl start docker`";
  }
  return "install docker or podman, or leave out `image` to run the command as a local process";
}

/** The engine by what it says of itself, for podman may come under docker's name; else why it cannot be used. */
function readInfo(program: string, answer: EngineCommandEnd): Omit<FoundEngine, "passedOver"> | string {
  const info = parseObject(answer.stdout);
  const serverErrors = info?.["ServerErrors"];
  if (Array.isArray(serverErrors) && serverErrors.length > 0) return String(serverErrors[0]);
  if (answer.code !== 0 || info === null) return reasonOf({ ...answer, stdout: "" });
  const isPodman = typeof info["host"] === "object" && info["host"] !== null;
  return isPodman
    ? { program, logArguments: podmanLogArguments, removeArguments: ["--time=0"] }
    : { program, logArguments: dockerLogArguments, removeArguments: [] };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
