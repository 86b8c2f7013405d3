// Prints one table of the server beside raw baselines; entry of scripts/bench.

import { cpus } from "node:os";
import { measurements, type Row } from "./measurements.ts";

function format(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}

function formatTable(rows: readonly Row[]): string {
  const cells = rows.map(({ what, unit, runner, baseline, goal }) => [
    what,
    `${format(runner)} ${unit}`,
    baseline === null ? "" : `${format(baseline.value)} ${unit}`,
    baseline === null ? "" : `${format(runner / baseline.value)} ×`,
    baseline?.name ?? "",
    goal === null ? "" : goal.text,
    goal === null ? "" : goal.met ? "met" : "MISSED",
  ]);
  const table = [["what", "runner", "raw", "ratio", "raw is", "goal", ""], ...cells];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = table.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`);
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}

const given = Bun.argv.slice(2);
const asJson = given.includes("--json");
const names = given.filter((argument) => argument !== "--json");
const unknown = names.find((name) => !Object.hasOwn(measurements, name));
if (unknown !== undefined) {
  console.error(`scripts/bench: unknown measurement ${unknown}; there are ${Object.keys(measurements).join(" ")}`);
  process.exit(2);
}

const rows: Row[] = [];
let failures = 0;
for (const [name, measure] of Object.entries(measurements)) {
  if (names.length > 0 && !names.includes(name)) continue;
  if (!asJson) process.stderr.write(`measuring ${name}\n`);
  try {
    rows.push(...(await measure()));
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
  console.log(`\n${formatTable(rows)}\n\n${machine.cpu}, ${String(machine.cores)} cores, Bun ${machine.bun}`);
}
process.exit(failures === 0 ? 0 : 1);
