// The executor of container steps: through the command of the engine, whose output and exit status go to files, so that
// they outlive the server as those of processes do.

import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { AppError } from "../../core/app-error.ts";
import type { Clock } from "../../core/clock.ts";
import type { ContainerOptions, Executor, RunningStep, StepListener, StepSpec } from "../executor.ts";
import { notStarted, shown } from "../process/not-started.ts";
import { ProcessStep, type StepControl } from "../process/process-step.ts";
import { removeFolder } from "../process/remove-folder.ts";
import { SpoolFolder, spoolPaths } from "../process/spool-folder.ts";
import { checkStepId } from "../process/step-id.ts";
import type { ContainerEngine } from "./container-engine.ts";
import { passEnvironment } from "./container-environment.ts";
import { placeInside } from "./container-folder.ts";
import { containerName } from "./container-name.ts";
import { ContainerStep } from "./container-step.ts";
import { findContainer, removeContainer } from "./container-state.ts";
import { ContainerControl, shorten } from "./control-container.ts";
import { ExecControl } from "./control-exec.ts";
import { execArguments } from "./create-arguments.ts";
import { makeContainer } from "./make-container.ts";
import { RecentOutput } from "./recent-output.ts";
import { removeStrays } from "./remove-strays.ts";
import { loadServerMark } from "./server-mark.ts";

export interface ContainerExecutorOptions {
  readonly engine: ContainerEngine;
  /** Holds a folder for each step; made when needed, mode 0700. Not that of another executor. */
  readonly spoolDir: string;
  readonly clock: Clock;
  /** Between SIGTERM and SIGKILL, in whole seconds for containers; 10 s unless given. */
  readonly graceMs?: number;
  /** Of stdout and stderr together; 1 GiB unless given. */
  readonly maxOutputBytes?: number;
  /** A POSIX shell of this machine; `/bin/sh` unless given. */
  readonly sh?: string;
  /** Told of what went wrong where no step can be told. */
  readonly warn?: (message: string) => void;
}

const settleMs = 5000;

/** Keeps a container open: a shell, unlike `tail -f /dev/null`, buries the children that commands leave behind. */
const idleScript = "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done";

export function createContainerExecutor(options: ContainerExecutorOptions): Executor {
  return new ContainerExecutor(options);
}

class ContainerExecutor implements Executor {
  readonly #options: Required<ContainerExecutorOptions>;
  readonly #running = new Set<string>();
  /** Every container that this life has made and not removed. */
  readonly #made = new Set<string>();
  /** Those that are kept open, and how they were opened. */
  readonly #open = new Map<string, StepSpec>();
  /** Set where they could not be removed: the engine may not have been up yet. */
  #leftoversRemain = false;
  /** Those that are being removed. */
  readonly #removals = new Map<string, Promise<void>>();

  constructor(options: ContainerExecutorOptions) {
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
    checkStepId(stepId);
    if (this.#running.has(stepId)) throw new AppError("INTERNAL", `the step ${stepId} is already running`);
    this.#running.add(stepId);
    try {
      const folder = await this.#openFolder(spec);
      const step = await this.#startIn(folder, spec, listener).catch(async (thrown: unknown) => {
        folder.close();
        await this.#removeFolder(stepId);
        throw thrown;
      });
      const over = (): void => {
        folder.close();
        this.#running.delete(stepId);
      };
      void step.outcome.then(over, over);
      return step;
    } catch (thrown) {
      this.#running.delete(stepId);
      throw thrown;
    }
  }

  async attach(): Promise<RunningStep | null> {
    return null;
  }

  async discard(stepId: string): Promise<void> {
    checkStepId(stepId);
    if (this.#running.has(stepId)) throw new AppError("INTERNAL", `the step ${stepId} is still running`);
    const name = containerName(stepId);
    if (this.#made.has(name) && !this.#open.has(name)) await this.#removeContainer(name);
    await this.#removeFolder(stepId);
    if (this.#leftoversRemain) void this.cleanLeftovers(new Set());
  }

  async cleanLeftovers(_keep: ReadonlySet<string>): Promise<{ readonly endedSteps: readonly string[] }> {
    const { engine, spoolDir, graceMs, clock, warn } = this.#options;
    const isOurs = (stepId: string): boolean => this.#running.has(stepId) || this.#made.has(containerName(stepId));
    this.#leftoversRemain = false;
    try {
      return { endedSteps: await removeStrays({ engine, spoolDir, graceMs, clock, isOurs, warn }) };
    } catch (thrown) {
      this.#leftoversRemain = thrown instanceof AppError && thrown.code === "CONTAINER_ENGINE_UNAVAILABLE";
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      warn(`containers of an earlier life could not be removed: ${reason}`);
      return { endedSteps: [] };
    }
  }

  async closeSandbox(runId: string, sandbox: string): Promise<void> {
    checkOwner(runId, sandbox);
    if (this.#open.delete(sandbox)) await this.#removeContainer(sandbox);
  }

  async endRun(runId: string): Promise<void> {
    const open = [...this.#open.keys()].filter((name) => name.startsWith(`runner-${runId}-`));
    await Promise.all(open.map((name) => this.closeSandbox(runId, name)));
    const prefix = `runner-${runId}-`;
    await Promise.all([...this.#removals].filter(([name]) => name.startsWith(prefix)).map(([, removal]) => removal));
  }

  async settle(): Promise<void> {
    const { promise: waited, resolve: stopWaiting } = Promise.withResolvers<void>();
    const stopTimer = this.#options.clock.after(settleMs, stopWaiting);
    await Promise.race([Promise.all(this.#removals.values()), waited]);
    stopTimer();
  }

  async #startIn(folder: SpoolFolder, spec: StepSpec, listener: StepListener): Promise<RunningStep> {
    const { container } = spec;
    switch (container?.type) {
      case "own":
        return this.#startOwn(folder, spec, container, listener);
      case "open":
        return this.#startOpen(folder, spec, container, listener);
      case "inside":
        return await this.#startInside(folder, spec, container, listener);
      case undefined:
        throw new AppError("INTERNAL", "a step without a container came to the executor of containers");
    }
  }

  #startOwn(folder: SpoolFolder, spec: StepSpec, container: ContainerOptions, listener: StepListener): RunningStep {
    const { engine, clock } = this.#options;
    const name = containerName(spec.stepId);
    const output = new RecentOutput();
    const { image, memoryBytes } = container;
    const control = new ContainerControl({
      engine,
      name,
      image,
      command: commandText(spec),
      memoryBytes,
      output,
      clock,
    });
    const start = async (spentMs: number): Promise<RunningStep> => {
      const { program } = await engine.find();
      const interactive = spec.stdin === undefined ? [] : ["--interactive"];
      const command = [program, "start", "--attach", ...interactive, name];
      return this.#attach(folder, spec, command, {}, control, output.watch(listener.onOutput), spentMs);
    };
    return this.#makeStep(folder, spec, container, listener, start);
  }

  #startOpen(folder: SpoolFolder, given: StepSpec, container: ContainerOptions, listener: StepListener): RunningStep {
    const { engine } = this.#options;
    const spec = { ...given, command: idleScript };
    const name = containerName(spec.stepId);
    const start = async (_spentMs: number, signal: AbortSignal): Promise<null> => {
      const end = await engine.ask(["start", name], { signal });
      if (end.code !== 0 && !signal.aborted) {
        const said = (await findContainer(engine, name))?.error || end.stderr.trim();
        throw notStarted(
          `the sandbox of ${container.image} could not be started: ${shorten(said)}`,
          "it is kept open by `sh` and `sleep`, which its image must have",
        );
      }
      this.#open.set(name, spec);
      return null;
    };
    return this.#makeStep(folder, spec, container, listener, start);
  }

  async #startInside(
    folder: SpoolFolder,
    spec: StepSpec,
    { sandbox, user }: { readonly sandbox: string; readonly user?: string },
    { onOutput }: StepListener,
  ): Promise<RunningStep> {
    const { engine, clock } = this.#options;
    checkOwner(spec.runId, sandbox);
    const opened = this.#open.get(sandbox);
    if (opened === undefined) {
      throw notStarted(`the sandbox ${sandbox} is closed`, "call exec before close, or start another sandbox");
    }
    const { program } = await engine.find();
    const environment = passEnvironment(spec, folder.paths.folder);
    const workDir = spec.workDir === undefined ? undefined : placeInside(opened, spec.workDir);
    const command = [program, ...execArguments({ sandbox, spec, user, workDir, environment: environment.args })];
    const output = new RecentOutput();
    const { stepId } = spec;
    const control = new ExecControl({ engine, sandbox, stepId, user, command: commandText(spec), output, clock });
    return this.#attach(folder, spec, command, environment.env, control, output.watch(onOutput), 0);
  }

  #makeStep(
    folder: SpoolFolder,
    spec: StepSpec,
    container: ContainerOptions,
    { onNote }: StepListener,
    start: (spentMs: number, signal: AbortSignal) => Promise<RunningStep | null>,
  ): RunningStep {
    const { engine, spoolDir, clock } = this.#options;
    const name = containerName(spec.stepId);
    const server = loadServerMark(spoolDir);
    return new ContainerStep({
      timeoutMs: spec.timeoutMs,
      clock,
      prepare: async (signal) => {
        await engine.find();
        this.#made.add(name);
        await makeContainer({
          engine,
          name,
          server,
          spec,
          container,
          folder: folder.paths.folder,
          signal,
          onNote,
          clock,
        });
      },
      start,
      // Discarding it removes it once more: the engine may make what was asked for after nobody waits for it.
      giveUp: async () => {
        this.#open.delete(name);
        if (this.#made.has(name)) await removeContainer(engine, name);
      },
    });
  }

  /** The process that is attached to what runs in a container. */
  #attach(
    folder: SpoolFolder,
    spec: StepSpec,
    command: readonly string[],
    env: Readonly<Record<string, string>>,
    control: StepControl,
    onOutput: StepListener["onOutput"],
    spentMs: number,
  ): RunningStep {
    const { engine, sh, graceMs, maxOutputBytes, clock, warn } = this.#options;
    const { stepId, timeoutMs } = spec;
    const wrapper = { sh, command, env: { ...env, ...engine.env }, workDir: folder.paths.workDir };
    const limits = { timeoutMs, spentMs, graceMs, maxOutputBytes };
    return new ProcessStep({ stepId, wrapper, folder, ...limits, onOutput, clock, control, warn });
  }

  async #openFolder({ stepId, stdin }: StepSpec): Promise<SpoolFolder> {
    const { spoolDir } = this.#options;
    if (statSync(join(spoolDir, stepId), { throwIfNoEntry: false })) await this.#removeFolder(stepId);
    return await SpoolFolder.create(spoolDir, stepId, stdin);
  }

  #removeContainer(name: string): Promise<void> {
    const removal = this.#remove(name).finally(() => this.#removals.delete(name));
    this.#removals.set(name, removal);
    return removal;
  }

  /** A container that cannot be removed is no reason to fail: the next start of the server tries again. */
  async #remove(name: string): Promise<void> {
    const { engine, warn } = this.#options;
    const problem = await removeContainer(engine, name).catch((thrown: unknown) => String(thrown));
    if (problem === null) this.#made.delete(name);
    else warn(`the container ${name} of a finished step could not be removed: ${problem}`);
  }

  async #removeFolder(stepId: string): Promise<void> {
    const { folder } = spoolPaths(this.#options.spoolDir, stepId);
    try {
      await removeFolder(folder);
    } catch (thrown) {
      this.#options.warn(`the folder ${folder} of a finished step could not be removed: ${String(thrown)}`);
    }
  }
}

/** A run reaches its own containers only. */
function checkOwner(runId: string, sandbox: string): void {
  if (sandbox.startsWith(`runner-${runId}-`) && /^\d+$/.test(sandbox.slice(`runner-${runId}-`.length))) return;
  throw new AppError("VALIDATION_FAILED", `${shown(sandbox)} is not a sandbox of this run`, {
    hint: "use what runtime.startSandbox resolved with",
  });
}

function commandText({ command }: StepSpec): string {
  return typeof command === "string" ? "sh" : command.path;
}
