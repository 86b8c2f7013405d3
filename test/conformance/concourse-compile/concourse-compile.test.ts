// What is wrong with each file of files/, all of it: the file's last comments say what is to be found, and where.

import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { configChecks } from "../../../src/app/config-checks.ts";
import { compileFile } from "../../../src/pipelines/pipelines.ts";

const folder = `${import.meta.dir}/files`;
const marker = "\n# Problems:\n";

function findProblems(name: string, text: string): readonly string[] {
  return compileFile(name, text, configChecks).problems.map(
    ({ severity, line, column, message, hint }) =>
      `# ${line}:${column} ${severity === "warning" ? "warning: " : ""}${message}${hint === null ? "" : ` (${hint})`}`,
  );
}

describe("a file of a YAML pipeline is told all that is wrong with it", () => {
  const names = readdirSync(folder);

  test("there are files", () => {
    expect(names.length).toBeGreaterThan(10);
  });

  for (const name of names) {
    test(name, () => {
      const whole = readFileSync(`${folder}/${name}`, "utf8");
      const at = whole.indexOf(marker);
      const expected = whole.slice(at + marker.length).trimEnd();
      expect(findProblems(name.replace(/\.txt$/, ""), whole.slice(0, at + 1)).join("\n")).toBe(expected);
    });
  }
});
