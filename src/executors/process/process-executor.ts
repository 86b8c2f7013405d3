// The executor of process steps: local commands, each in a session and a folder of its own.

import { accessSync, constants, existsSync, mkdirSync, statSync } from "node:fs";
import { Buffer } from "node:buffer";
import { isAbsolute, join, resolve } from "node:path";
import type { Clock } from "../../core/clock.ts";
import type { EarlierLife, Executor, RunningStep, StepListener, StepSpec, TakenUpStep } from "../executor.ts";
import { KeptSteps } from "../kept-steps.ts";
import { StepsInHand } from "../steps-in-hand.ts";
import { findMountOf } from "../work-folder.ts";
import { controlProcesses } from "./control-processes.ts";
import { findEarlierWrapper, isNotBegun } from "./find-earlier-wrapper.ts";
import { FoundWrapper } from "./found-wrapper.ts";
import { endLeftover, findSpooledSteps } from "./leftovers.ts";
import { removeLinks } from "./mount-links.ts";
import { placeMounts } from "./place-mounts.ts";
import { notStarted, shown } from "./not-started.ts";
import { ProcessScan } from "./process-scan.ts";
import { ProcessStep, type ProcessStepOptions } from "./process-step.ts";
import { removeFolder } from "./remove-folder.ts";
import { resolveCommand } from "./resolve-command.ts";
import type { WrapperCommand } from "./spawn-wrapper.ts";
import { SpawnedWrapper } from "./spawned-wrapper.ts";
import { SpoolFolder, spoolPaths, type SpoolPaths } from "./spool-folder.ts";
import { createStepEnvironment, longestTextBytes } from "./step-environment.ts";
import type { WrapperProcess } from "./wrapper-process.ts";

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
  readonly #inHand = new StepsInHand();
  /** Those of an earlier life that nobody has taken up yet. */
  readonly #kept = new KeptSteps();

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

  async start(spec: StepSpec, listener: StepListener): Promise<RunningStep> {
    const { stepId } = spec;
    const { clock, warn } = this.#options;
    return await this.#inHand.begin(stepId, async () => {
      const folder = await this.#openFolder(stepId, spec.stdin);
      try {
        const command = this.#prepare(spec, folder.paths);
        const wrapper = new SpawnedWrapper({ command, folder, clock, warn });
        return this.#watch(spec, folder, wrapper, listener);
      } catch (thrown) {
        folder.close();
        await this.#remove(stepId);
        throw thrown;
      }
    });
  }

  async attach(spec: StepSpec, { taken, spentMs }: EarlierLife, listener: StepListener): Promise<TakenUpStep> {
    const { stepId } = spec;
    const { clock, spoolDir } = this.#options;
    return await this.#inHand.begin(stepId, async () => {
      this.#kept.take(stepId);
      const found = await findEarlierWrapper({ spoolDir, stepId, mark: stepId, clock, scan: this.#scan });
      const identity = found.state === "running" ? found.identity : null;
      const folder = SpoolFolder.open(spoolDir, stepId, identity?.pid ?? null);
      const reason = folder?.notes.findEnding() ?? null;
      const isThere = found.state === "running" || found.state === "ended";
      if (folder !== null && (isThere || reason !== null)) {
        const wrapper = new FoundWrapper(identity, folder, clock);
        return this.#watch(spec, folder, wrapper, listener, { taken, spentMs, reason });
      }
      folder?.close();
      await this.#cleanLeftover(stepId);
      return isNotBegun(found, spentMs) ? "not_begun" : "interrupted";
    });
  }

  async discard(stepId: string): Promise<void> {
    this.#inHand.checkIdle(stepId);
    if (this.#kept.take(stepId)) await this.#cleanKept(stepId);
    else await this.#remove(stepId);
  }

  async cleanLeftovers(keep: ReadonlySet<string>): Promise<{ readonly endedSteps: readonly string[] }> {
    this.#kept.add(keep);
    const spooled = await findSpooledSteps(this.#options.spoolDir);
    const steps = spooled.filter((id) => !this.#inHand.has(id) && !this.#kept.has(id));
    const ended = await Promise.all(steps.map((id) => this.#cleanLeftover(id)));
    return { endedSteps: steps.filter((_, index) => ended[index]) };
  }

  async closeSandbox(): Promise<void> {
    // There is none among processes.
  }

  async endRun(runId: string): Promise<void> {
    await Promise.all(this.#kept.takeRun(runId).map((stepId) => this.#cleanKept(stepId)));
  }

  async settle(): Promise<void> {
    // Folders that are not removed yet are removed at the next start.
  }

  /** Without a folder it is none of ours: those of containers carry their step's id too. */
  async #cleanKept(stepId: string): Promise<void> {
    if (existsSync(spoolPaths(this.#options.spoolDir, stepId).folder)) await this.#cleanLeftover(stepId);
  }

  #watch(
    { stepId, timeoutMs }: StepSpec,
    folder: SpoolFolder,
    wrapper: WrapperProcess,
    { onOutput }: StepListener,
    earlier: Pick<ProcessStepOptions, "taken" | "spentMs" | "reason"> = {},
  ): RunningStep {
    const { graceMs, maxOutputBytes, clock, warn } = this.#options;
    const control = controlProcesses({ clock, scan: this.#scan });
    const limits = { timeoutMs, graceMs, maxOutputBytes };
    const step = new ProcessStep({ stepId, wrapper, folder, ...limits, ...earlier, onOutput, clock, control, warn });
    void step.outcome.finally(() => removeLinks(folder.paths.folder));
    return step;
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
    const around = findMountOf(workDir, mounts);
    if (around?.move) {
      const what = `the mount ${shown(around.target)} is to move from ${around.source}, which the workDir lies in`;
      throw notStarted(what, "choose another workDir");
    }
    const base = around === undefined ? workDir : paths.workDir;
    if (mounts.length > 0) placeMounts(paths.folder, base, mounts);
    return workDir;
  }
  if (mounts.length > 0) placeMounts(paths.folder, paths.workDir, mounts);
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
