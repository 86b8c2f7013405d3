// The sandbox processes: this same program, started once more.

import { join } from "node:path";
import type { Config } from "../config.ts";
import { openSandboxPool, type SandboxPool } from "../sandbox/sandbox.ts";
import type { Logger } from "../telemetry/telemetry.ts";
import type { OpenedParts } from "./opened-parts.ts";

export function openPool(config: Pick<Config, "sandboxProcesses">, opened: OpenedParts, logger: Logger): SandboxPool {
  // In a binary the running executable is started again, whatever has become of its file on disk since.
  const compiled = import.meta.path.startsWith("/$bunfs/");
  const command = compiled
    ? ["/proc/self/exe", "sandbox-process"]
    : [process.execPath, join(import.meta.dir, "../main.ts"), "sandbox-process"];
  const pool = openSandboxPool({
    command,
    processes: config.sandboxProcesses,
    onTrouble: (message) => logger.warn(message),
  });
  opened.add(() => pool.close());
  return pool;
}
