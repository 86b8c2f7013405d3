// The behaviour of YAML pipelines: files that say themselves what must come of them.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonValue } from "../../../src/core/json.ts";
import type { Run } from "../../../src/core/run.ts";
import { type Given, givenOf } from "./given.ts";
import { mutantsOf } from "./mutants.ts";
import { makeSurroundings, type Notified, openNotified, type Surroundings } from "./surroundings.ts";
import { BareRepository } from "../../fixtures/git/bare-repository.ts";
import { EngineHarness, runIdOf, until } from "../../fixtures/harness/engine-harness.ts";

const folder = join(import.meta.dir, "files");
const names = readdirSync(folder).filter((name) => name.endsWith(".yml"));
const textOf = (name: string): string => readFileSync(join(folder, name), "utf8");

const vars: Record<string, JsonValue> = {};
let harness: EngineHarness;
let team: Notified;
beforeAll(async () => {
  team = openNotified();
  harness = await EngineHarness.open({ vars, targets: [team.target], takesUploads: true });
});
afterAll(async () => {
  await harness.close();
  await team.close();
});
let repositories = 0;

async function execute(id: string, text: string, given: Given): Promise<Run> {
  const { runs = 1, begun = [] } = given;
  const surroundings = makeSurroundings(harness.folder, text);
  for (const name of Object.keys(vars)) delete vars[name];
  Object.assign(vars, surroundings.vars, given.vars);
  for (const [name, value] of Object.entries(given.secrets ?? {})) {
    await harness.engine.setSecret({ name, pipeline: null }, value);
  }
  await harness.addYaml(id, text);
  const before = await check(id, given, surroundings);
  const refuted = before.find(({ error }) => error?.code === "ASSERTION_FAILED");
  if (refuted !== undefined) return refuted;
  expect(before.map(({ status }) => status)).toEqual([...begun] as Run["status"][]);
  const ended = await Promise.all(Array.from({ length: runs }, async () => await executeOnce(id, given)));
  const run = ended.find(({ status }) => status !== "succeeded") ?? ended[0];
  if (run === undefined) throw new Error("there was no run");
  return run;
}

/** The runs that its resources begin, in order, once they have ended. */
async function check(id: string, { checks = [] }: Given, { push }: Surroundings): Promise<readonly Run[]> {
  const { engine } = harness;
  let ended: readonly Run[] = [];
  for (const commits of checks) {
    commits.forEach(push);
    for (const { lastCheck } of await engine.resources.check(id)) expect(lastCheck?.error).toBeNull();
    const { runs } = await engine.listRuns({ pipeline: id, limit: 100 });
    ended = await Promise.all(runs.toReversed().map(async (run) => await harness.end(run.id)));
  }
  return ended;
}

async function executeOnce(id: string, given: Given): Promise<Run> {
  const { engine } = harness;
  const { request, target = [], cancelAt, gates = {} } = given;
  const params = Object.fromEntries(
    Object.entries(given.params ?? {}).map(([key, value]) => [
      key,
      value === "$REPOSITORY" ? new BareRepository(harness.path(`${++repositories}.git`)).path : value,
    ]),
  );
  const runId =
    request === undefined
      ? (await engine.trigger(id, { params, args: [], jobs: target })).runId
      : runIdOf(await harness.receive(id, { headers: { "content-type": "application/json" }, ...request }));
  const untilStep = async (name: string, status: string): Promise<void> =>
    await until(async () =>
      (await engine.getRun(runId)).steps.some((step) => step.name === name && step.status === status),
    );
  if (cancelAt !== undefined) {
    await untilStep(cancelAt, "running");
    await engine.cancel(runId);
  }
  for (const [gate, isApproved] of Object.entries(gates)) {
    await untilStep(gate, "waiting");
    await engine.decide(runId, gate, { approved: isApproved, by: "somebody", comment: null });
  }
  return await harness.end(runId);
}

describe("a YAML pipeline", () => {
  test.each(names)("%s", async (name) => {
    const text = textOf(name);
    const given = givenOf(text);
    const run = await execute(name.replace(".yml", ""), text, given);
    const { status = "succeeded", error, line, jobs, steps, notified = [], then = {} } = given;
    expect([run.status, run.error?.code === "ASSERTION_FAILED" ? run.error.message : ""]).toEqual([status, ""]);
    if (error !== undefined) expect(run.error?.message).toContain(error);
    if (line !== undefined) expect(run.error).toMatchObject({ file: name, line });
    if (jobs !== undefined) {
      const tell = (job: Run["jobs"][number]): string =>
        jobs[job.name]?.includes(": ") === true ? `${job.status}: ${job.message}` : job.status;
      expect(Object.fromEntries(run.jobs.map((job) => [job.name, tell(job)]))).toEqual(jobs);
    }
    if (steps !== undefined) expect(run.steps.map((step) => step.name)).toEqual([...steps]);
    for (const [id, end] of Object.entries(then)) {
      const { runId } = await harness.engine.trigger(id, { params: {}, args: [] });
      const { status: ended, error: why } = await harness.end(runId);
      expect([id, ended, why?.code === "ASSERTION_FAILED" ? why.message : ""]).toEqual([id, end, ""]);
    }
    for (const message of notified) await until(() => team.messages.some((told) => told.includes(message)));
  });
});

describe("every assertion can fail:", () => {
  const mutants = names.flatMap((name) =>
    mutantsOf(textOf(name)).map((mutant, index) => ({
      name,
      id: `mutant-${index}-${name.replace(".yml", "")}`,
      ...mutant,
    })),
  );

  test("there are many", () => {
    expect(mutants.length).toBeGreaterThan(100);
  });

  test.each(mutants.map((mutant) => [mutant.name, mutant.what, mutant] as const))("%s %s", async (name, _, mutant) => {
    const given = givenOf(textOf(name));
    const run = await execute(mutant.id, mutant.text, given);
    const told = given.status === "cancelled" ? run.jobs.map(({ message }) => message).join() : run.error?.message;
    expect([run.error?.code, told]).toEqual([
      given.status === "cancelled" ? "RUN_CANCELLED" : "ASSERTION_FAILED",
      expect.stringContaining(" must "),
    ]);
  });
});
