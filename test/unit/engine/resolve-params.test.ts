// The parameters of a run by what triggers it.

import { expect, test } from "bun:test";
import type { PipelineConfig } from "../../../src/core/pipeline-config.ts";
import { resolveParams } from "../../../src/engine/resolve-params.ts";

const config: PipelineConfig = {
  webhook: {},
  params: {
    target: { type: "string", default: "nas", required: false },
    count: { type: "number", required: true },
  },
};

test("a run by hand needs its required parameters, and refuses unknown ones", () => {
  expect(resolveParams(config, { count: "3" }, "manual")).toEqual({ target: "nas", count: 3 });
  expect(() => resolveParams(config, {}, "manual")).toThrow('parameter "count" is required');
  expect(() => resolveParams(config, { count: 1, extra: 1 }, "manual")).toThrow("extra");
});

test("a webhook gets the defaults, and goes without required parameters instead of failing", () => {
  expect(resolveParams(config, {}, "webhook")).toEqual({ target: "nas" });
  expect(config.params["count"]?.required).toBe(true);
});
