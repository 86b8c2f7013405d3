// What does the work of steps, with the environment that steps and the container engine get.

import { feature } from "bun:bundle";
import { homedir } from "node:os";
import { join } from "node:path";
import { type Config, environment } from "../config.ts";
import { systemClock } from "../core/clock.ts";
import {
  ContainerEngine,
  createContainerExecutor,
  createProcessExecutor,
  type Executor,
  routeExecutor,
} from "../executors/executors.ts";
import type { Logger } from "../telemetry/telemetry.ts";
import { containersWithFaultPoints } from "./fault-points.ts";

/** PATH of steps; the usual one where the server's own environment has none. */
export const stepPath = environment["PATH"] || "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Processes and containers keep their steps' output in folders of their own; no engine is looked for before its use. */
export function openExecutor(config: Config, workFolder: string, logger: Logger): Executor {
  const warn = (message: string): void => logger.warn(message);
  const limits = { clock: systemClock, maxOutputBytes: config.maxStepOutput, warn };
  const processes = createProcessExecutor({
    spoolDir: join(workFolder, "spool"),
    path: stepPath,
    home: environment["HOME"] || homedir(),
    lang: environment["LANG"] || "C.UTF-8",
    ...limits,
  });
  const engine = new ContainerEngine({
    choice: config.containerEngine,
    env: environment,
    path: stepPath,
    clock: systemClock,
  });
  const usedEngine = feature("FAULTS") ? containersWithFaultPoints(engine) : engine;
  const containers = createContainerExecutor({
    engine: usedEngine,
    spoolDir: join(workFolder, "containers"),
    ...limits,
  });
  return routeExecutor(processes, containers);
}
