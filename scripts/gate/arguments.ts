// What `scripts/test` was asked to run: names of steps, then whatever goes to `bun test`.

import type { Step, TestStep } from "./steps.ts";

export interface Request {
  /** The steps to run, `help`, or a message on what is wrong with the arguments. */
  readonly chosen: readonly Step[] | string;
  /** Options for `bun test`. */
  readonly rest: readonly string[];
}

export function usage(steps: readonly Step[]): string {
  return [
    "scripts/test                     everything",
    "scripts/test STEP…               these steps, with the build they need",
    "scripts/test STEP… -t PATTERN    only tests whose title matches; other options of bun test work too",
    "scripts/test test/FILE.test.ts   one file",
    "",
    `steps: ${steps.map((step) => step.name).join(" ")}`,
  ].join("\n");
}

/** A step that runs one file, with what the step of its folder needs. */
function stepForFile(file: string, steps: readonly Step[]): TestStep | undefined {
  const path = `./${file.replace(/^\.\//, "")}`;
  const owner = steps.find((step) => step.kind === "tests" && (path === step.path || path.startsWith(`${step.path}/`)));
  return owner?.kind === "tests" ? { ...owner, name: path.slice(2), path } : undefined;
}

export function parseArguments(given: readonly string[], steps: readonly Step[]): Request {
  if (given.includes("--help") || given.includes("-h")) return { chosen: "help", rest: [] };
  const firstOption = given.findIndex((argument) => argument.startsWith("-"));
  const names = firstOption === -1 ? given : given.slice(0, firstOption);
  const rest = firstOption === -1 ? [] : given.slice(firstOption);

  const wanted: Step[] = [];
  for (const name of names) {
    const step = steps.find((candidate) => candidate.name === name) ?? stepForFile(name, steps);
    if (step === undefined) return { chosen: `scripts/test: unknown step ${name}\n${usage(steps)}`, rest };
    wanted.push(step);
  }
  const selected = names.length > 0 ? wanted : steps.filter((step) => rest.length === 0 || step.kind === "tests");
  const build = steps.find((step) => step.name === "build");
  const buildIsMissing = build !== undefined && !selected.includes(build);
  const first = selected.findIndex((step) => step.kind === "tests" && step.needsBinary);
  if (!buildIsMissing || first === -1) return { chosen: selected, rest };
  return { chosen: [...selected.slice(0, first), build, ...selected.slice(first)], rest };
}
