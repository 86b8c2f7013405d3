// Prints one table of the server beside raw baselines; entry of scripts/bench.

import { cpus } from "node:os";
import { formatMarkdownTable } from "../fixtures/readme/markdown-table.ts";
import { measurements } from "./measurements.ts";
import { type Cells, writeReadmeRows } from "./readme-rows.ts";
import type { Row } from "./row.ts";
import { rowNames } from "./row-names.ts";

type Name = keyof typeof rowNames;

const head = ["what", "runner", "raw", "ratio", "raw is", "goal", ""];
const allNames = Object.keys(rowNames) as Name[];

function format(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}

function toCells({ what, unit, runner, baseline, goal }: Row): Cells {
  return [
    what,
    `${format(runner)} ${unit}`,
    baseline === null ? "" : `${format(baseline.value)} ${unit}`,
    baseline === null ? "" : `${format(runner / baseline.value)} ×`,
    baseline?.name ?? "",
    goal === null ? "" : goal.text,
    goal === null ? "" : goal.met ? "met" : "MISSED",
  ];
}

/** Those whose names contain one of the texts; all where there is none. */
function chooseNames(parts: readonly string[]): readonly Name[] {
  const unknown = parts.find((part) => !allNames.some((name) => name.includes(part)));
  if (unknown !== undefined) {
    console.error(`scripts/bench: no measurement is called like ${unknown}; there are ${allNames.join(" ")}`);
    process.exit(2);
  }
  return parts.length === 0 ? allNames : allNames.filter((name) => parts.some((part) => name.includes(part)));
}

async function measure(name: Name): Promise<readonly Row[]> {
  const rows = await measurements[name]();
  const [found, wanted] = [rows, rowNames[name].map((what) => ({ what }))].map((each) =>
    each.map(({ what }) => what).join("; "),
  );
  if (found !== wanted) throw new Error(`its rows are "${String(found)}", in row-names.ts "${String(wanted)}"`);
  return rows;
}

const given = Bun.argv.slice(2);
const asJson = given.includes("--json");
const rows: Row[] = [];
let failures = 0;
for (const name of chooseNames(given.filter((argument) => !["--json", "--write"].includes(argument)))) {
  if (!asJson) process.stderr.write(`measuring ${name}\n`);
  try {
    rows.push(...(await measure(name)));
  } catch (error) {
    failures += 1;
    console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, bun: Bun.version };
if (asJson) {
  const withRatio = rows.map((row) => ({
    ...row,
    ratio: row.baseline === null ? null : row.runner / row.baseline.value,
  }));
  console.log(JSON.stringify({ machine, rows: withRatio }, null, 2));
} else {
  const table = formatMarkdownTable(head, rows.map(toCells));
  console.log(`\n${table}\n\n${machine.cpu}, ${String(machine.cores)} cores, Bun ${machine.bun}`);
}
if (given.includes("--write")) await writeReadmeRows(head, rows.map(toCells));
process.exit(failures === 0 ? 0 : 1);
