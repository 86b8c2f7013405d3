// Runs the gate's steps in order and ends with one line, `N passed, N failed`; entry of scripts/test.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArguments, usage } from "./arguments.ts";
import { steps, type Step } from "./steps.ts";
import { addTallies, type Tally } from "./tally.ts";
import { startEngine, type StartedEngine } from "./container-engine.ts";
import { describeMissing, installMissing } from "./system-tools.ts";
import { runCommand } from "./run-command.ts";
import { runTests } from "./run-tests.ts";

const root = join(import.meta.dir, "../..");
const binary = join(root, "dist/runner");
const skipIsFailure = !["", "0", "false"].includes(Bun.env["CI"] ?? "");

/** What a step's commands see: nothing of this machine's own runner, and the compiled one by RUNNER_BINARY. */
function testEnvironment(stateDir: string): Record<string, string> {
  const own = Object.entries(Bun.env).filter(([name, value]) => value !== undefined && !name.startsWith("RUNNER_"));
  return {
    ...(Object.fromEntries(own) as Record<string, string>),
    PATH: `${join(root, "node_modules/.bin")}:${Bun.env["PATH"] ?? "/usr/bin:/bin"}`,
    XDG_STATE_HOME: stateDir,
    RUNNER_BINARY: binary,
    NO_COLOR: "1",
  };
}

async function runStep(step: Step, rest: readonly string[], env: Record<string, string>): Promise<Tally> {
  process.stdout.write(`${step.name.padEnd(12)} `);
  const startedAt = performance.now();
  const { tally, output } = await (step.kind === "tests"
    ? runTests({ step, rest, env, cwd: root })
    : runCommand({ step, env, cwd: root }));
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(6);
  const counts = step.kind === "tests" ? `  ${String(tally.passed)} passed, ${String(tally.failed)} failed` : "";
  console.log(`${tally.failed === 0 ? "ok    " : "FAILED"}${seconds} s${counts}`);
  for (const title of tally.skipped)
    console.log(`  ${skipIsFailure ? "skipped, which fails here" : "skipped"}: ${title}`);
  if (tally.failed > 0) {
    if (output.trim() !== "") console.log(`\n${output.trimEnd()}\n`);
    console.log(`  again: ./scripts/test ${step.name}${step.fix === undefined ? "" : `   mend: ${step.fix}`}\n`);
  }
  return tally;
}

function notRun(step: Step): Tally {
  console.log(`${step.name.padEnd(12)} FAILED: there is no binary to test, the build failed`);
  return { passed: 0, failed: 1, skipped: [] };
}

const { chosen, rest } = parseArguments(Bun.argv.slice(2), steps);
if (chosen === "help") {
  console.log(usage(steps));
  process.exit(0);
}
if (typeof chosen === "string") {
  console.error(chosen);
  process.exit(2);
}

const stateDir = await mkdtemp(join(tmpdir(), "runner-gate-"));
const tallies: Tally[] = [];
let engine: StartedEngine | null = null;
try {
  const env = testEnvironment(stateDir);
  if (chosen.some((step) => step.kind === "tests" && step.needsTools)) {
    for (const line of describeMissing(await installMissing(root))) console.log(line);
    engine = await startEngine();
    if (engine.problem !== null) console.log(`container steps cannot be tested: ${engine.problem}`);
  }
  let isBuilt = true;
  for (const step of chosen) {
    const tally: Tally =
      step.kind === "tests" && step.needsBinary && !isBuilt ? notRun(step) : await runStep(step, rest, env);
    if (step.name === "build") isBuilt = tally.failed === 0;
    tallies.push(tally);
  }
} finally {
  await engine?.stop();
  await rm(stateDir, { recursive: true, force: true });
}

const total = addTallies(tallies, skipIsFailure);
if (total.skipped.length > 0 && !skipIsFailure) console.log(`\n${String(total.skipped.length)} skipped`);
console.log(`\n${String(total.passed)} passed, ${String(total.failed)} failed`);
process.exit(total.failed === 0 ? 0 : 1);
