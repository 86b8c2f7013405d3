// The executor of process steps: local commands, each in a session and a folder of its own.

import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { Buffer } from "node:buffer";
import { isAbsolute, join, resolve } from "node:path";
import { AppError } from "../../core/app-error.ts";
import type { Clock } from "../../core/clock.ts";
import type { Executor, RunningStep, StepListener, StepSpec } from "../executor.ts";
import { findMountOf } from "../work-folder.ts";
import { controlProcesses } from "./control-processes.ts";
import { endLeftover, findSpooledSteps } from "./leftovers.ts";
import { placeLinks, removeLinks } from "./mount-links.ts";
import { notStarted, shown } from "./not-started.ts";
import { ProcessScan } from "./process-scan.ts";
import { ProcessStep } from "./process-step.ts";
import { removeFolder } from "./remove-folder.ts";
import { resolveCommand } from "./resolve-command.ts";
import type { WrapperCommand } from "./spawn-wrapper.ts";
import { SpoolFolder, spoolPaths, type SpoolPaths } from "./spool-folder.ts";
import { createStepEnvironment, longestTextBytes } from "./step-environment.ts";
import { checkStepId } from "./step-id.ts";

export interface ProcessExecutorOptions {
  /** Holds a folder for each step; made when needed, mode 0700. */
  readonly spoolDir: string;
  /** PATH, HOME and LANG of steps that set no other. */
  readonly path: string;
  readonly home: string;
  readonly lang: string;
  readonly clock: Clock;
  /** Between SIGTERM and SIGKILL; 10 s unless given. */
  readonly graceMs?: number;
  /** Of stdout and stderr together; 1 GiB unless given. */
  readonly maxOutputBytes?: number;
  /** A POSIX shell; `/bin/sh` unless given. */
  readonly sh?: string;
  /** Told of what went wrong where no step can be told. */
  readonly warn?: (message: string) => void;
}

/**
 * Runs steps as local processes. Output and exit status go to files and the session is the step's own, so a step needs
 * no server to go on.
 *
 * A step ends when its command ends. Processes that the command left in the background live on, as with any shell: a
 * deploy script may start a daemon. Their output after that is not kept, and the step's own folder, its TMPDIR and
 * default working folder go away under them. Cancelling, a time-out and too much output end them too.
 *
 * As stdout and stderr are files, opening them anew (`echo x > /dev/stderr`, `tee /dev/stdout`) empties them, and what
 * was written a moment before may be lost; `>&2` and `>&1` lose nothing.
 */
export function createProcessExecutor(options: ProcessExecutorOptions): Executor {
  return new ProcessExecutor(options);
}

class ProcessExecutor implements Executor {
  readonly #options: Required<ProcessExecutorOptions>;
  readonly #scan = new ProcessScan();
  readonly #running = new Set<string>();

  constructor(options: ProcessExecutorOptions) {
    this.#options = {
      graceMs: 10_000,
      maxOutputBytes: 1024 ** 3,
      sh: "/bin/sh",
      warn: () => {},
      ...options,
      spoolDir: resolve(options.spoolDir),
    };
  }

  async start(spec: StepSpec, { onOutput }: StepListener): Promise<RunningStep> {
    const { stepId, timeoutMs } = spec;
    checkStepId(stepId);
    if (this.#running.has(stepId)) throw new AppError("INTERNAL", `the step ${stepId} is already running`);
    this.#running.add(stepId);
    try {
      const folder = await this.#openFolder(stepId, spec.stdin);
      try {
        const wrapper = this.#prepare(spec, folder.paths);
        const { graceMs, maxOutputBytes, clock, warn } = this.#options;
        const limits = { timeoutMs, graceMs, maxOutputBytes };
        const control = controlProcesses({ clock, scan: this.#scan });
        const step = new ProcessStep({ stepId, wrapper, folder, ...limits, onOutput, clock, control, warn });
        void step.outcome.finally(() => {
          removeLinks(folder.paths.folder);
          this.#running.delete(stepId);
        });
        return step;
      } catch (thrown) {
        folder.close();
        await this.#remove(stepId);
        throw thrown;
      }
    } catch (thrown) {
      this.#running.delete(stepId);
      throw thrown;
    }
  }

  async attach(spec: StepSpec): Promise<RunningStep | null> {
    await this.#cleanLeftover(spec.stepId);
    return null;
  }

  async discard(stepId: string): Promise<void> {
    checkStepId(stepId);
    if (this.#running.has(stepId)) throw new AppError("INTERNAL", `the step ${stepId} is still running`);
    await this.#remove(stepId);
  }

  async cleanLeftovers(keep: ReadonlySet<string>): Promise<{ readonly endedSteps: readonly string[] }> {
    const steps = (await findSpooledSteps(this.#options.spoolDir)).filter(
      (id) => !this.#running.has(id) && !keep.has(id),
    );
    const ended = await Promise.all(steps.map((id) => this.#cleanLeftover(id)));
    return { endedSteps: steps.filter((_, index) => ended[index]) };
  }

  async closeSandbox(): Promise<void> {
    // There is none among processes.
  }

  async endRun(): Promise<void> {
    // Processes share nothing.
  }

  async settle(): Promise<void> {
    // Folders that are not removed yet are removed at the next start.
  }

  async #cleanLeftover(stepId: string): Promise<boolean> {
    const { spoolDir, graceMs, clock } = this.#options;
    const ended = await endLeftover(spoolDir, stepId, graceMs, { clock, scan: this.#scan });
    await this.#remove(stepId);
    return ended;
  }

  /** Everything that can be refused before the command is started. */
  #prepare(spec: StepSpec, paths: SpoolPaths): WrapperCommand {
    const workDir = prepareWorkDir(spec, paths);
    const env = createStepEnvironment(spec, this.#options, paths.tmpDir);
    const { sh } = this.#options;
    const { command } = spec;
    const argv =
      typeof command === "string"
        ? [sh, "-c", command]
        : [resolveCommand(command.path, { path: env["PATH"] ?? "", workDir }), ...command.args];
    for (const [index, text] of argv.entries()) checkArgument(index, text);
    return { sh, command: argv, env, workDir };
  }

  /** A folder that is there already belongs to an earlier try of this step, which must not go on beside this one. */
  async #openFolder(stepId: string, stdin: string | undefined): Promise<SpoolFolder> {
    const { spoolDir } = this.#options;
    if (statSync(join(spoolDir, stepId), { throwIfNoEntry: false })) await this.#cleanLeftover(stepId);
    return SpoolFolder.create(spoolDir, stepId, stdin);
  }

  /** A folder that cannot be removed is no reason to fail: the next start of the server tries again. */
  async #remove(stepId: string): Promise<void> {
    const { folder } = spoolPaths(this.#options.spoolDir, stepId);
    removeLinks(folder);
    try {
      await removeFolder(folder);
    } catch (thrown) {
      this.#options.warn(`the folder ${folder} of a finished step could not be removed: ${String(thrown)}`);
    }
  }
}

/** The folder that the command is started in, with the mounts in place. */
function prepareWorkDir({ workDir, mounts = [] }: StepSpec, paths: SpoolPaths): string {
  if (workDir !== undefined && isAbsolute(workDir)) {
    checkWorkDir(workDir);
    const base = findMountOf(workDir, mounts) === undefined ? workDir : paths.workDir;
    if (mounts.length > 0) placeLinks(paths.folder, base, mounts);
    return workDir;
  }
  if (mounts.length > 0) placeLinks(paths.folder, paths.workDir, mounts);
  return workDir === undefined ? paths.workDir : makeBelow(paths.workDir, workDir);
}

/** A relative workDir is a folder in the step's own, made where no mount brings it. */
function makeBelow(base: string, workDir: string): string {
  const path = join(base, workDir);
  if (workDir.includes("\0") || (path !== base && !path.startsWith(`${base}/`))) {
    throw notStarted(`the workDir ${shown(workDir)} leads out of the step's own folder`, "write an absolute path");
  }
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (thrown) {
    throw notStarted(`the workDir ${shown(workDir)} could not be made in the step's own folder`, "correct it", thrown);
  }
  checkWorkDir(path);
  return path;
}

function checkWorkDir(workDir: string): void {
  const name = shown(workDir);
  let isFolder: boolean | undefined;
  try {
    isFolder = workDir.includes("\0") ? undefined : statSync(workDir, { throwIfNoEntry: false })?.isDirectory();
    if (isFolder) accessSync(workDir, constants.X_OK);
  } catch (thrown) {
    throw notStarted(`the workDir ${name} cannot be entered`, "check its permissions", thrown);
  }
  if (isFolder === undefined) throw notStarted(`the workDir ${name} does not exist`, "make it, or correct the path");
  if (!isFolder) throw notStarted(`the workDir ${name} is not a folder`, "name a folder");
}

function checkArgument(index: number, text: string): void {
  const what = index === 0 ? "the command's path" : `argument ${index} of the command`;
  if (text.includes("\0")) throw notStarted(`${what} contains a NUL character`, "no process can be given one");
  const bytes = text.length > longestTextBytes / 4 ? Buffer.byteLength(text) : 0;
  if (bytes > longestTextBytes) {
    throw notStarted(
      `${what} is too long: ${bytes} bytes, at most ${longestTextBytes} can be passed`,
      "pass large values by stdin or in a file",
    );
  }
}
