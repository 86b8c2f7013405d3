// argv → command; error → exit code. Everything is imported on demand: a sandbox process must carry nothing but its own.

import { feature } from "bun:bundle";

const argv = process.argv.slice(2);

if (argv[0] === "sandbox-process") await import("./sandbox-process.ts");
else {
  const { openTerminal, runCommandLine } = await import("./cli/cli.ts");
  const { environment } = await import("./config.ts");
  const { availableParallelism } = await import("node:os");
  const { relative } = await import("node:path");
  if (feature("FAULTS")) {
    const { armFaultPoint } = await import("./core/fault-point.ts");
    armFaultPoint(environment["RUNNER_FAULT"] ?? "");
  }
  const compiled = Bun.main.startsWith("/$bunfs/");
  const exitCode = await runCommandLine(argv, {
    terminal: openTerminal(environment),
    environment,
    cwd: process.cwd(),
    cores: availableParallelism(),
    fetch,
    now: Date.now,
    program: compiled
      ? { startedAs: [process.argv0], file: process.execPath }
      : { startedAs: [process.argv0, relative(process.cwd(), Bun.main)], file: Bun.main },
    loadApp: () => import("./app.ts"),
  });
  process.exit(exitCode);
}
