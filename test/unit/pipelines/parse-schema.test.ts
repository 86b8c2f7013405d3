// `webhook.schema` of a config: what is no object, and where a problem of the schema itself stands.

import { expect, test } from "bun:test";
import { locateField } from "../../../src/pipelines/locate-field.ts";
import { parsePipelineConfig } from "../../../src/pipelines/parse-pipeline-config.ts";

const parse = (schema: unknown, path: readonly (string | number)[] | null = null) =>
  parsePipelineConfig({ webhook: { schema } }, { schema: () => path && { path, message: "is wrong" } });

test.each([["a text"], [true], [null], [[{}]]])("%j is no schema", (schema) => {
  expect(parse(schema)).toMatchObject({ ok: false, problems: [{ field: "config.webhook.schema" }] });
});

test("a schema is kept as it was written", () => {
  const schema = { type: "object", required: ["ref"] };
  expect(parse(schema)).toMatchObject({ ok: true, config: { webhook: { schema } } });
});

test("a problem within it is told with its path and found at its line", () => {
  const source =
    'export const config = {\n  webhook: {\n    schema: {\n      properties: {\n        ref: { type: "txt" },\n';
  const parsed = parse({ properties: { ref: { type: "txt" } } }, ["properties", "ref", "type"]);
  const problem = parsed.ok ? undefined : parsed.problems[0];
  expect(problem?.message).toBe("config.webhook.schema.properties.ref.type is wrong");
  expect(locateField(source, problem?.field ?? "")?.line).toBe(5);
  expect(parse({}, ["items", 1, "a b", "c"])).toMatchObject({
    problems: [{ field: "config.webhook.schema.items[1]" }],
  });
});
