// Runs the tests of one step with `bun test` and counts them.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execute, type StepResult } from "./run-command.ts";
import { parseSkippedTitles, parseSummary } from "./test-report.ts";
import type { TestStep } from "./steps.ts";

/** Of one test. Bun ignores a time for this in bunfig.toml. */
const testTimeoutMs = 20_000;

export async function runTests(request: {
  readonly step: TestStep;
  readonly rest: readonly string[];
  readonly env: Record<string, string>;
  readonly cwd: string;
}): Promise<StepResult> {
  const { step, rest, env, cwd } = request;
  if (!existsSync(join(cwd, step.path))) {
    return { tally: { passed: 0, failed: 1, skipped: [] }, output: `${step.path} does not exist` };
  }
  const reportDir = await mkdtemp(join(tmpdir(), "runner-report-"));
  try {
    const report = join(reportDir, "report.xml");
    const reporting = ["--only-failures", "--reporter=junit", `--reporter-outfile=${report}`];
    const command = ["bun", "test", `--timeout=${testTimeoutMs}`, ...reporting, ...rest, step.path];
    const { ok, output } = await execute({ command, env, cwd, timeoutMs: step.timeoutMs });
    const titles = parseSkippedTitles(await readFile(report, "utf8").catch(() => ""));
    // A pattern leaves out most tests on purpose; the report calls them skipped.
    const isFiltered = rest.length > 0;
    return { tally: parseSummary(output, ok, isFiltered ? [] : titles), output };
  } finally {
    await rm(reportDir, { recursive: true, force: true });
  }
}
