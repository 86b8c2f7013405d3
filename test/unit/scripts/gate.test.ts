// The gate's reading of arguments and of what bun test reports.

import { describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArguments } from "../../../scripts/gate/arguments.ts";
import { execute } from "../../../scripts/gate/run-command.ts";
import { runTests } from "../../../scripts/gate/run-tests.ts";
import { steps, type Step, type TestStep } from "../../../scripts/gate/steps.ts";
import { addTallies } from "../../../scripts/gate/tally.ts";
import { parseSkippedTitles, parseSummary } from "../../../scripts/gate/test-report.ts";

function names(chosen: readonly Step[] | string): readonly string[] | string {
  return typeof chosen === "string" ? chosen : chosen.map((step) => step.name);
}

describe("parseArguments()", () => {
  const choose = (...given: string[]) => names(parseArguments(given, steps).chosen);

  test("chooses every step without arguments", () => {
    expect(choose()).toEqual(steps.map((step) => step.name));
  });

  test("adds the build before the first step that needs it, once", () => {
    expect(choose("unit", "e2e")).toEqual(["unit", "build", "e2e"]);
    expect(choose("build", "e2e")).toEqual(["build", "e2e"]);
    expect(choose("unit")).toEqual(["unit"]);
  });

  test("gives options from the first dash on to bun test", () => {
    const { chosen, rest } = parseArguments(["unit", "-t", "a title"], steps);
    expect(names(chosen)).toEqual(["unit"]);
    expect(rest).toEqual(["-t", "a title"]);
  });

  test("leaves out the static checks where only options are given", () => {
    expect(choose("-t", "x")).not.toContain("format");
  });

  test("runs a file as the step of its folder would", () => {
    expect(choose("test/e2e/serve.test.ts")).toEqual(["build", "test/e2e/serve.test.ts"]);
    expect(choose("./test/unit/core/duration.test.ts")).toEqual(["test/unit/core/duration.test.ts"]);
  });

  test("names an unknown step and those there are", () => {
    expect(choose("units")).toMatch(/unknown step units[^]*steps: format types/);
  });
});

describe("parseSummary()", () => {
  const summary = "\n 12 pass\n 2 skip\n 1 todo\n 3 fail\n 1 error\n 40 expect() calls\nRan 18 tests";

  test("reads the counts of the last summary", () => {
    expect(parseSummary(` 99 pass\n${summary}`, false, ["a"])).toEqual({ passed: 12, failed: 3, skipped: ["a"] });
  });

  test("finds a failure in a run without a summary", () => {
    expect(parseSummary("panic: Segmentation fault", false, []).failed).toBe(1);
  });

  test("finds a failure in a bad exit code that the counts do not explain", () => {
    expect(parseSummary(" 5 pass\n 0 fail\n", false, [])).toEqual({ passed: 5, failed: 1, skipped: [] });
  });
});

test("parseSkippedTitles() names what was skipped and nothing else", () => {
  const xml = `<testsuite><testcase name="runs" classname="a" />
    <testcase name="fails" classname="a"><failure /></testcase>
    <testcase name="waits &quot;long&quot;, gcc &amp; co" classname="slow disk" time="0">
      <skipped />
    </testcase><testcase name="alone" classname="" time="0"><skipped message="TODO" /></testcase></testsuite>`;
  expect(parseSkippedTitles(xml)).toEqual(['slow disk > waits "long", gcc & co', "alone"]);
});

test("addTallies() counts a skip as a failure only where it is one", () => {
  const tallies = [
    { passed: 2, failed: 0, skipped: ["x"] },
    { passed: 3, failed: 1, skipped: [] },
  ];
  expect(addTallies(tallies, false)).toMatchObject({ passed: 5, failed: 1 });
  expect(addTallies(tallies, true)).toMatchObject({ passed: 5, failed: 2 });
});

describe("execute()", () => {
  const run = (script: string, timeoutMs: number) =>
    execute({ command: ["sh", "-c", script], env: { PATH: process.env["PATH"] ?? "" }, cwd: tmpdir(), timeoutMs });

  test("gives both streams and whether it exited with 0", async () => {
    expect(await run("echo out; echo err >&2; exit 3", 10_000)).toEqual({ ok: false, output: "out\nerr\n" });
  });

  test("ends a command with its children when its time is over", async () => {
    const { ok, output } = await run("sleep 60 & echo $!; wait", 300);
    expect(ok).toBe(false);
    expect(output).toContain("without a result");
    const pid = Number.parseInt(output, 10);
    expect(pid).toBeGreaterThan(0);
    await Bun.sleep(100);
    const state = await Bun.file(`/proc/${String(pid)}/stat`)
      .text()
      .catch(() => "gone");
    expect(state).toMatch(/^gone$|\) Z /);
  });

  test("does not wait for a process left behind with its output open", async () => {
    const startedAt = performance.now();
    const { ok } = await run("sleep 30 & exit 0", 20_000);
    expect(ok).toBe(true);
    expect(performance.now() - startedAt).toBeLessThan(15_000);
  }, 40_000);
});

describe("runTests()", () => {
  async function runFiles(files: Readonly<Record<string, string>>): Promise<{ passed: number; failed: number }> {
    const cwd = await mkdtemp(join(tmpdir(), "runner-gate-test-"));
    try {
      for (const [name, text] of Object.entries(files)) {
        await Bun.write(join(cwd, "test", name), `import { expect, test } from "bun:test";\n${text}`);
      }
      const step: TestStep = {
        kind: "tests",
        name: "it",
        path: "./test",
        needsBinary: false,
        needsTools: false,
        timeoutMs: 60_000,
      };
      const env = { ...(process.env as Record<string, string>) };
      const { tally } = await runTests({ step, rest: [], env, cwd });
      return { passed: tally.passed, failed: tally.failed };
    } finally {
      await rm(cwd, { recursive: true, force: true });
    }
  }

  test("counts what passes and what fails", async () => {
    const bad = 'test("bad", () => expect(1).toBe(2));';
    expect(await runFiles({ "a.test.ts": `test("good", () => {});${bad}` })).toEqual({ passed: 1, failed: 1 });
  });

  test("is red when a file does not load", async () => {
    const tally = await runFiles({ "a.test.ts": 'test("good", () => {});', "b.test.ts": 'throw new Error("load");' });
    expect(tally.passed).toBe(1);
    expect(tally.failed).toBeGreaterThan(0);
  });

  test("gives a test 20 s: the time in bunfig.toml is ignored", async () => {
    // Longer than bun's own 5 s.
    expect(await runFiles({ "a.test.ts": 'test("slow", () => Bun.sleep(6000));' })).toEqual({ passed: 1, failed: 0 });
  }, 60_000);

  test("is red when there is no test", async () => {
    expect(await runFiles({})).toEqual({ passed: 0, failed: 1 });
  });
});
