// The steps of the gate in the order they run: the quick ones first.

interface StepBase {
  readonly name: string;
  /** Typed as it is by a person who wants the step green. */
  readonly fix?: string;
  readonly timeoutMs: number;
}

/** Green when the command exits with 0. */
export interface CommandStep extends StepBase {
  readonly kind: "command";
  readonly command: readonly string[];
}

/** Green when each test of the folder or file passes. */
export interface TestStep extends StepBase {
  readonly kind: "tests";
  readonly path: string;
  /** Its tests start the compiled binary. */
  readonly needsBinary: boolean;
  /** Its tests use programs of the machine, as openssl. */
  readonly needsTools: boolean;
}

export type Step = CommandStep | TestStep;

const minute = 60_000;

function check(name: string, command: readonly string[], fix?: string): CommandStep {
  return { kind: "command", name, command, timeoutMs: 5 * minute, ...(fix === undefined ? {} : { fix }) };
}

function tests(name: string, path: string, needs: { binary?: boolean; tools?: boolean; minutes?: number }): TestStep {
  const { binary = false, tools = false, minutes = 10 } = needs;
  return { kind: "tests", name, path, needsBinary: binary, needsTools: tools, timeoutMs: minutes * minute };
}

/** Those that run through Node's `#!` line are run by Bun, for machines without Node. */
export const steps: readonly Step[] = [
  check("format", ["bun", "fmt", "--check"], "bun fmt"),
  check("types", ["bun", "check", "."]),
  check("lint", ["bun", "run", "--bun", "oxlint", "--type-aware", "--deny-warnings"]),
  check("dead-code", ["bun", "run", "--bun", "knip", "--no-progress"]),
  tests("architecture", "./test/architecture.test.ts", {}),
  tests("unit", "./test/unit", {}),
  tests("conformance", "./test/conformance", { tools: true, minutes: 15 }),
  check("build", ["sh", "scripts/build"]),
  tests("integration", "./test/integration", { binary: true, tools: true, minutes: 25 }),
  tests("e2e", "./test/e2e", { binary: true, tools: true, minutes: 45 }),
];
