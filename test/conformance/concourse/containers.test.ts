// The behaviour of tasks with an image, by files that say themselves what must come of them, on the engine of this machine.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Run } from "../../../src/core/run.ts";
import { EngineHarness } from "../../fixtures/harness/engine-harness.ts";
import { answers, prepareImages } from "../../fixtures/images/images.ts";
import { givenOf } from "./given.ts";
import { mutantsOf } from "./mutants.ts";

const folder = join(import.meta.dir, "containers");
const files = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")] as const);
/** Docker in Docker may not give them. */
const refusedRights = /task privileged: .*caps.* not permitted/s;

describe.skipIf(!answers("docker"))("a YAML pipeline of containers", () => {
  let harness: EngineHarness;
  beforeAll(async () => {
    await prepareImages();
    harness = await EngineHarness.open({ withContainers: true });
  });
  afterAll(async () => await harness.close());

  async function execute(id: string, text: string): Promise<Run> {
    await harness.addYaml(id, text);
    const { runId } = await harness.engine.trigger(id, { params: {}, args: [] });
    return await harness.end(runId);
  }

  test.each(files)("%s", async (name, text) => {
    const { status, error } = await execute(name.replace(".yml", ""), text);
    const given = givenOf(text);
    if (name === "privileged.yml" && status !== "succeeded") expect(error?.message).toMatch(refusedRights);
    else if (given.error === undefined) expect([status, error]).toEqual(["succeeded", null]);
    else
      expect([status, error?.line, error?.message]).toEqual([
        given.status,
        given.line,
        expect.stringContaining(given.error),
      ]);
  });

  const mutants = files.flatMap(([name, text]) => mutantsOf(text).map(({ what, text: other }) => [name, what, other]));

  test.each(mutants)("%s %s can fail", async (name = "", _ = "", text = "") => {
    const { error } = await execute(`mutant-${name.replace(".yml", "")}`, text);
    if (name === "privileged.yml" && error?.code !== "ASSERTION_FAILED") expect(error?.message).toMatch(refusedRights);
    else expect([error?.code, error?.message]).toEqual(["ASSERTION_FAILED", expect.stringContaining(" must ")]);
  });
});
