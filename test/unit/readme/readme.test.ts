import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { errorCodes } from "../../../src/core/app-error.ts";
import { builtInEventTypes } from "../../../src/core/event.ts";
import { providerNames } from "../../../src/core/webhook-provider.ts";
import { targetTypes } from "../../../src/webhooks/webhooks.ts";
import { layers } from "../../architecture/layers.ts";
import { codeIn, readme, tableRows } from "../../fixtures/readme/readme.ts";
import { rowNames } from "../../bench/row-names.ts";
import { renderTables } from "./readme-tables.ts";

const root = join(import.meta.dir, "../../..");

describe("README.md", () => {
  test("its tables of commands and configuration are those of the code", () => {
    // If this fails: bun test/unit/readme/readme-tables.ts
    expect(readme).toBe(renderTables(readme));
  });

  test("it has at most 620 lines", () => {
    expect(readme.trimEnd().split("\n").length).toBeLessThanOrEqual(620);
  });

  test("its table of benchmarks has the rows that scripts/bench measures, in their order", () => {
    // If this fails: scripts/bench --write
    expect(tableRows("what").map(([what]) => what)).toEqual(Object.values(rowNames).flat());
  });

  test("its table of providers has those of the code, in their order", () => {
    const named = tableRows("provider").flatMap(([names = ""]) => codeIn(names));
    expect(named).toEqual([...providerNames]);
  });

  test("its table of events has those of the code, in their order", () => {
    // `pipeline.loaded broken` is two of them.
    const named = tableRows("type").flatMap(([names = ""]) => {
      const [first = "", ...others] = codeIn(names).join(" ").split(" ");
      return [first, ...others.map((last) => first.replace(/[^.]*$/, last))];
    });
    expect(named).toEqual([...builtInEventTypes]);
  });

  test("it names each field of each type of target", () => {
    const [, told = ""] = /Further fields: (.*?)\. Tokens/.exec(readme) ?? [];
    const named = told.split("; ").map((part) => {
      const fields = codeIn(part).flatMap((code) => code.split(" "));
      return [part.split(" ")[0] ?? "", fields.filter((field) => !field.startsWith('"'))] as const;
    });
    for (const [type, { fields }] of Object.entries(targetTypes)) {
      expect([type, named.filter(([name]) => name === type)]).toEqual([
        type,
        [[type, expect.arrayContaining(Object.keys(fields))]],
      ]);
    }
  });

  test("each code that it names is one of the table of codes", () => {
    const named = [...readme.matchAll(/`([A-Z]+(?:_[A-Z]+)*)`/g)].map(([, name = ""]) => name);
    const known = [...Object.keys(errorCodes), ...tableRows("flag of `serve`").flatMap((row) => codeIn(row[1] ?? ""))];
    const others = [
      "URL",
      "YAML",
      "HEAD",
      "RUNNER_SERVER",
      "PATH",
      "HOME",
      "LANG",
      "TMPDIR",
      "RUNNER_RUN_ID",
      "RUNNER_STEP_ID",
      "RUNNER_PIPELINE",
      "PING",
      "APPLICATION_COMMAND",
    ];
    expect(named.filter((name) => !known.includes(name) && !others.includes(name))).toEqual([]);
    expect(named.length).toBeGreaterThan(10);
  });

  test("its tree names everything that is in src, and nothing else", async () => {
    const [, tree = ""] = /^```\nsrc\/\n([^]*?)^```$/m.exec(readme) ?? [];
    const named = [...tree.matchAll(/^ {2}(?:\S+(?:,? {1,2}(?=[\w-]+(?:\.ts|\/)))?)+/gm)]
      .flatMap(([names]) => names.split(/[, ]+/))
      .filter((name) => name !== "");
    const entries = await readdir(join(root, "src"), { withFileTypes: true });
    const present = entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
    expect(named.sort()).toEqual(present.filter((name) => name !== "tsconfig.json").sort());
  });

  test("its line of layers is the one that the architecture test holds", () => {
    const [, line = ""] = /^`(main → .*)`$/m.exec(readme) ?? [];
    const stated = line.split(" → ").map((layer) => layer.replace(/[{}]/g, "").trim().split(/ +/).sort());
    const entries = ["sandbox-process.ts", "store-worker.ts"];
    const held = layers
      .filter((row) => !row.some((name) => entries.includes(name)))
      .map((row) => row.map((name) => name.replace(/\.ts$/, "")).sort());
    expect(stated).toEqual(held);
  });

  test("the scripts and files that it names exist", () => {
    const named = [...readme.matchAll(/(?<![\w/])((?:\.\/)?(?:scripts|pipelines|test)\/[\w./-]*\w)/g)].map(
      ([, path = ""]) => path,
    );
    const examples = [
      "pipelines/site.ts",
      "pipelines/everything.ts",
      "pipelines/retries.ts",
      "pipelines/tested.ts",
      "pipelines/node_modules",
    ];
    const missing = named.filter((path) => !examples.includes(path) && !existsSync(join(root, path)));
    expect(missing).toEqual([]);
  });
});
