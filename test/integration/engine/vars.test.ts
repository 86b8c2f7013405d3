// `vars.find`: what the configuration has, else a reference to a secret that the script names itself.

import { afterEach, expect, test } from "bun:test";
import { EngineHarness, until } from "../../fixtures/harness/engine-harness.ts";

let harness: EngineHarness;
afterEach(() => harness.close());

test("vars are found with their values, then secrets that the script names, by their reference; others are absent", async () => {
  harness = await EngineHarness.open({ vars: { registry: "r.lan", deep: { ports: [1] }, both: "var" } });
  for (const name of ["TOKEN", "both", "HIDDEN"]) {
    await harness.engine.setSecret({ name, pipeline: null }, `the value of ${name}`);
  }
  const run = await harness.run(`
    const named = ["secret:TOKEN", "secret:both", "secret:NONE"];
    const found = await vars.find(["registry", "deep", "both", "TOKEN", "HIDDEN", "NONE", "toString"]);
    return [found, await vars.find([])];`);
  expect(run.result).toEqual([
    { registry: "r.lan", deep: { ports: [1] }, both: "var", TOKEN: { secret: "secret:TOKEN" } },
    {},
  ]);
  expect(run.steps).toEqual([]);
});

test("a run that is executed again has the vars that it was given", async () => {
  harness = await EngineHarness.open({ vars: { version: 1 } });
  const id = await harness.start(
    `const { version } = await vars.find(["version"]); await signal.wait("go"); return version;`,
  );
  await until(async () => (await harness.engine.getRun(id)).status === "waiting");
  harness = await harness.restart({ vars: { version: 2 } });
  await harness.engine.signal(id, "go", null);
  expect((await harness.end(id)).result).toBe(1);
  expect((await harness.run(`return (await vars.find(["version"])).version;`)).result).toBe(2);
});

test.each([`vars.find("a")`, `vars.find([1])`, `vars.find(Array(1001).fill("a"))`])("%p is refused", async (call) => {
  harness = await EngineHarness.open();
  expect((await harness.run(`await ${call};`)).error?.message).toStartWith("TypeError: vars.find: takes");
});
