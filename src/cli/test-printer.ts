// Results of tests as they come, and their sum.

import type { TestedFile } from "../app.ts";
import { formatDuration } from "../core/duration.ts";
import type { TestProblem, TestResult } from "../engine/engine.ts";
import { printable, printableLines } from "./printable.ts";
import type { Terminal } from "./terminal.ts";

const slowMs = 1000;
const maxConsoleLines = 20;

export class TestPrinter {
  readonly #terminal: Terminal;
  readonly #json: boolean;
  readonly #files: TestedFile[] = [];
  readonly #results: TestResult[] = [];

  constructor(terminal: Terminal, json: boolean) {
    this.#terminal = terminal;
    this.#json = json;
  }

  async beginFile(file: TestedFile): Promise<void> {
    this.#files.push(file);
    if (this.#json) return;
    const { out } = this.#terminal;
    await out.line(out.paint("bold", printable(file.file)));
    if (file.problem !== null) {
      await out.line(`  ${out.paint("red", "✗")} cannot be tested`);
      await this.#printProblem(file.problem);
    } else if (!file.hasTests) await out.line(`  ${out.paint("dim", "no tests: the file exports none")}`);
  }

  async add(result: TestResult): Promise<void> {
    this.#results.push(result);
    if (this.#json) return;
    const { out } = this.#terminal;
    const { name, passed, problems, warnings, console, durationMs } = result;
    const took = durationMs >= slowMs ? out.paint("dim", ` ${formatDuration(durationMs)}`) : "";
    await out.line(`  ${passed ? out.paint("green", "✓") : out.paint("red", "✗")} ${printable(name)}${took}`);
    for (const problem of problems) await this.#printProblem(problem);
    for (const warning of warnings) await out.line(`      ${out.paint("yellow", "warning:")} ${printable(warning)}`);
    if (passed) return;
    const shown = console.slice(-maxConsoleLines);
    for (const { text } of shown) {
      for (const line of printableLines(text).split("\n")) await out.line(out.paint("dim", `      │ ${line}`));
    }
  }

  /** Resolves with the exit code. */
  async finish(pattern: string | undefined): Promise<number> {
    const passed = this.#results.filter((result) => result.passed).length;
    const failed = this.#results.length - passed + this.#files.filter(({ problem }) => problem !== null).length;
    // Who names files, or tests, expects that there are some.
    const isEmpty = this.#results.length === 0 && (pattern !== undefined || this.#files.length > 0);
    if (this.#json) await this.#printJson(passed, failed);
    else await this.#printSum(passed, failed, pattern);
    return failed > 0 || isEmpty ? 1 : 0;
  }

  async #printProblem({ message, hint, file, line }: TestProblem): Promise<void> {
    const { out } = this.#terminal;
    const place = file === null ? "" : ` (${file}${line === null ? "" : `:${line}`})`;
    const [first = "", ...rest] = printableLines(message).split("\n");
    await out.line(`      ${first}${out.paint("dim", printable(place))}`);
    for (const more of rest) await out.line(`      ${more}`);
    if (hint !== null) await out.line(`      ${out.paint("dim", "hint:")} ${printable(hint)}`);
  }

  async #printSum(passed: number, failed: number, pattern: string | undefined): Promise<void> {
    const { out, err } = this.#terminal;
    if (this.#results.length === 0 && failed === 0) {
      await err.line(pattern === undefined ? "no tests" : `no test matches ${printable(pattern)}`);
      return;
    }
    if (this.#files.length > 0) await out.line("");
    await out.line(`${passed} passed, ${failed > 0 ? out.paint("red", `${failed} failed`) : "0 failed"}`);
  }

  async #printJson(passed: number, failed: number): Promise<void> {
    const files = this.#files.map(({ hasTests, ...file }) => ({ ...file, has_tests: hasTests }));
    const results = this.#results.map(({ durationMs, ...result }) => ({ ...result, duration_ms: durationMs }));
    await this.#terminal.out.line(JSON.stringify({ passed, failed, files, results }));
  }
}
