// Where a field of the config stands in its file.

import { expect, test } from "bun:test";
import { locateField } from "../../../src/pipelines/locate-field.ts";

const source = `import x from "./x.ts";
export const config = {
  timeout: "5m",
  schedule: [
    "0 3 * * *", { cron: "@daily",
      params: { a: [1, 2], b: 3 } },
    { cron: "@dialy" },
  ],
  after: { pipeline: "build",
    status: "failed" },
};
`;

test.each([
  ["config", 2, 14],
  ["config.timeout", 3, 3],
  ["config.unknown", 2, 14],
  ["config.schedule", 4, 3],
  ["config.schedule[0]", 5, 5],
  ["config.schedule[1].cron", 5, 20],
  ["config.schedule[1].params.b", 6, 28],
  ["config.schedule[2].cron", 7, 7],
  ["config.schedule[9].cron", 5, 20],
  ["config.after[0].status", 10, 5],
  ["config.after.status", 10, 5],
])("%s stands at line %d, column %d", (field, line, column) => {
  expect(locateField(source, field)).toEqual({ line, column });
});

test("a file without a config has no place", () => {
  expect(locateField("export const pipeline = () => {};", "config.timeout")).toBeNull();
});
