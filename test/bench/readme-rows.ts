// Measured rows as they stand in the README: what was not measured this time stays as it is there.

import { formatMarkdownTable, replaceTable } from "../fixtures/readme/markdown-table.ts";
import { readme, readmeFile, tableRows } from "../fixtures/readme/readme.ts";
import { rowNames } from "./row-names.ts";

export type Cells = readonly string[];

/** @throws where a row is neither among the measured ones nor in the README. */
export async function writeReadmeRows(head: Cells, measured: readonly Cells[]): Promise<void> {
  const known = [...measured, ...tableRows(head[0] ?? "")];
  const rows = Object.entries(rowNames).flatMap(([measurement, names]) =>
    names.map((name) => {
      const row = known.find(([what]) => what === name);
      if (row === undefined) throw new Error(`README.md has no row "${name}" yet: measure ${measurement} too`);
      return row;
    }),
  );
  await Bun.write(readmeFile, replaceTable(readme, "bench", formatMarkdownTable(head, rows)));
}
