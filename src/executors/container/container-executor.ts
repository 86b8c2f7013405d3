// The executor of container steps: through the command of the engine, whose output and exit status go to files, so that
// they outlive the server as those of processes do.

import { statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { AppError } from "../../core/app-error.ts";
import type { Clock } from "../../core/clock.ts";
import type {
  ContainerOptions,
  ContainerPlace,
  EarlierLife,
  Executor,
  RunningStep,
  StepListener,
  StepSpec,
  TakenUpStep,
} from "../executor.ts";
import { KeptSteps } from "../kept-steps.ts";
import { notStarted, shown } from "../process/not-started.ts";
import { ProcessScan } from "../process/process-scan.ts";
import { removeFolder } from "../process/remove-folder.ts";
import { SpoolFolder, spoolPaths } from "../process/spool-folder.ts";
import { StepsInHand } from "../steps-in-hand.ts";
import { isNotBegun } from "../process/find-earlier-wrapper.ts";
import { type ContainerTools, spawnAttached, watchAttached } from "./attached-process.ts";
import type { ContainerEngine } from "./container-engine.ts";
import { passEnvironment } from "./container-environment.ts";
import { placeInside } from "./container-folder.ts";
import { containerName, stepIdOf } from "./container-name.ts";
import { ContainerStep } from "./container-step.ts";
import { findContainer, removeContainer } from "./container-state.ts";
import { shorten } from "./control-container.ts";
import { execArguments } from "./create-arguments.ts";
import { makeContainer } from "./make-container.ts";
import { removeStrays } from "./remove-strays.ts";
import { findServerMark, loadServerMark } from "./server-mark.ts";
import { controlInside, controlOwn } from "./step-control.ts";
import { stopContainer } from "./stop-container.ts";
import { endAttached, takeUpInside, takeUpOwn } from "./take-up-container.ts";
import { whenEngineAnswers } from "./when-engine-answers.ts";

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
  readonly #options: ContainerTools;
  readonly #scan = new ProcessScan();
  readonly #inHand = new StepsInHand();
  /** Every container that this life has made and not removed. */
  readonly #made = new Set<string>();
  /** Those that are kept open, and how they were opened. */
  readonly #open = new Map<string, StepSpec>();
  /** Steps of an earlier life that nobody has taken up yet, and those of their containers that there are. */
  readonly #kept = new KeptSteps();
  #keptContainers: ReadonlySet<string> = new Set();
  #cleaning: Promise<unknown> = Promise.resolve();
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
    return await this.#inHand.begin(stepId, async () => {
      const folder = await this.#openFolder(spec);
      try {
        const step = await this.#startIn(folder, spec, listener);
        const close = (): void => folder.close();
        void step.outcome.then(close, close);
        return step;
      } catch (thrown) {
        folder.close();
        await this.#removeFolder(stepId);
        throw thrown;
      }
    });
  }

  async attach(spec: StepSpec, earlier: EarlierLife, listener: StepListener): Promise<TakenUpStep> {
    return await this.#inHand.begin(spec.stepId, async () => {
      this.#kept.take(spec.stepId);
      const step = await this.#takeUp(spec, earlier, listener);
      if (typeof step === "string") await this.#removeRest(spec);
      else if (spec.container?.type !== "inside") this.#made.add(containerName(spec.stepId));
      return step;
    });
  }

  async discard(stepId: string): Promise<void> {
    this.#inHand.checkIdle(stepId);
    const name = containerName(stepId);
    if (this.#made.has(name) && !this.#open.has(name)) await this.#removeContainer(name);
    await this.#removeFolder(stepId);
    if (this.#leftoversRemain) void this.#clean();
  }

  async cleanLeftovers(keep: ReadonlySet<string>): Promise<{ readonly endedSteps: readonly string[] }> {
    this.#kept.add(keep);
    return await this.#clean();
  }

  async closeSandbox(runId: string, sandbox: string): Promise<void> {
    checkOwner(runId, sandbox);
    if (this.#open.delete(sandbox) || this.#kept.take(stepIdOf(sandbox))) await this.#removeContainer(sandbox);
  }

  async endRun(runId: string): Promise<void> {
    const prefix = `runner-${runId}-`;
    const kept = this.#kept.takeRun(runId);
    // Those that the look at all containers has not come to by now are no longer kept from it.
    if (kept.length > 0) await this.#cleaning;
    const left = kept.map(containerName).filter((name) => this.#keptContainers.has(name));
    const open = [...this.#open.keys()].filter((name) => name.startsWith(prefix));
    for (const name of open) this.#open.delete(name);
    await Promise.all([...open, ...left].map((name) => this.#removeContainer(name)));
    await Promise.all(kept.map((stepId) => this.#removeFolder(stepId)));
    await Promise.all([...this.#removals].filter(([name]) => name.startsWith(prefix)).map(([, removal]) => removal));
  }

  async settle(): Promise<void> {
    const { promise: waited, resolve: stopWaiting } = Promise.withResolvers<void>();
    const stopTimer = this.#options.clock.after(settleMs, stopWaiting);
    await Promise.race([Promise.all(this.#removals.values()), waited]);
    stopTimer();
  }

  #clean(): Promise<{ readonly endedSteps: readonly string[] }> {
    const cleaning = this.#removeStrays();
    this.#cleaning = cleaning;
    return cleaning;
  }

  async #removeStrays(): Promise<{ readonly endedSteps: readonly string[] }> {
    const isOurs = (stepId: string): boolean =>
      this.#inHand.has(stepId) || this.#made.has(containerName(stepId)) || this.#kept.has(stepId);
    this.#leftoversRemain = false;
    try {
      const { endedSteps, containers } = await removeStrays({ ...this.#options, isOurs });
      this.#keptContainers = containers;
      return { endedSteps };
    } catch (thrown) {
      this.#leftoversRemain = thrown instanceof AppError && thrown.code === "CONTAINER_ENGINE_UNAVAILABLE";
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      this.#options.warn(`containers of an earlier life could not be removed: ${reason}`);
      return { endedSteps: [] };
    }
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
        throw notOfContainers();
    }
  }

  #startOwn(folder: SpoolFolder, spec: StepSpec, container: ContainerOptions, listener: StepListener): RunningStep {
    const { engine } = this.#options;
    const name = containerName(spec.stepId);
    const watched = controlOwn(this.#options, spec, container, listener);
    const start = async (spentMs: number): Promise<RunningStep> => {
      const { program } = await engine.find();
      folder.notes.writeEngine(basename(program));
      const interactive = spec.stdin === undefined ? [] : ["--interactive"];
      const command = [program, "start", "--attach", ...interactive, name];
      const wrapper = spawnAttached(this.#options, spec.stepId, folder, { command, env: {} });
      return watchAttached(this.#options, { spec, folder, wrapper, ...watched, spentMs });
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
    place: Extract<ContainerPlace, { readonly type: "inside" }>,
    listener: StepListener,
  ): Promise<RunningStep> {
    const { sandbox, user } = place;
    checkOwner(spec.runId, sandbox);
    const opened = this.#open.get(sandbox);
    if (opened === undefined) {
      throw notStarted(`the sandbox ${sandbox} is closed`, "call exec before close, or start another sandbox");
    }
    const { program } = await this.#options.engine.find();
    const environment = passEnvironment(spec, folder.paths.folder);
    const workDir = spec.workDir === undefined ? undefined : placeInside(opened, spec.workDir);
    const command = [program, ...execArguments({ sandbox, spec, user, workDir, environment: environment.args })];
    const watched = controlInside(this.#options, spec, place, listener);
    const wrapper = spawnAttached(this.#options, spec.stepId, folder, { command, env: environment.env });
    return watchAttached(this.#options, { spec, folder, wrapper, ...watched, spentMs: 0 });
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

  async #takeUp(spec: StepSpec, earlier: EarlierLife, listener: StepListener): Promise<TakenUpStep> {
    const { container } = spec;
    if (findServerMark(this.#options.spoolDir) === null) {
      const nothing = { state: "lost", noted: null, hasBegun: false } as const;
      return isNotBegun(nothing, earlier.spentMs) ? "not_begun" : "interrupted";
    }
    const options = { tools: this.#options, scan: this.#scan, spec, earlier, listener };
    switch (container?.type) {
      case "own":
        return await takeUpOwn(options, container);
      case "open":
        return await this.#takeUpOpen(spec);
      case "inside":
        return await takeUpInside(options, container);
      case undefined:
        throw notOfContainers();
    }
  }

  async #takeUpOpen(spec: StepSpec): Promise<TakenUpStep> {
    const { engine, clock } = this.#options;
    const name = containerName(spec.stepId);
    const state = await whenEngineAnswers(clock, async () => await findContainer(engine, name));
    if (state === null || state.status === "created") return "not_begun";
    if (state.status !== "running") return "interrupted";
    this.#open.set(name, spec);
    const outcome = Promise.resolve({ end: "exited", code: 0, message: null } as const);
    return { pid: null, outcome, cancel: () => {} };
  }

  /** What an interrupted step of an earlier life has left. */
  async #removeRest(spec: StepSpec): Promise<void> {
    const { engine, spoolDir, graceMs, clock } = this.#options;
    await endAttached({ tools: this.#options, scan: this.#scan, spec });
    if (spec.container?.type !== "inside" && findServerMark(spoolDir) !== null) {
      const name = containerName(spec.stepId);
      await whenEngineAnswers(clock, async () => await stopContainer({ engine, name, graceMs, clock }));
      await this.#removeContainer(name);
    }
    await this.#removeFolder(spec.stepId);
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

function notOfContainers(): AppError {
  return new AppError("INTERNAL", "a step without a container came to the executor of containers");
}
