// `webhookDedup(expression)`: the first run that asks with a value is told false, each later one true.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { EngineHarness, runIdOf, until } from "../../fixtures/harness/engine-harness.ts";

let harness: EngineHarness;
beforeEach(async () => {
  harness = await EngineHarness.open({ webhookTimeoutMs: 50 });
});
afterEach(() => harness.close());

async function add(expression: string, after = ""): Promise<void> {
  const seen = `const seen = webhookDedup(${JSON.stringify(expression)});`;
  await harness.add("orders", `export const pipeline = async () => { ${seen} ${after} return seen; };`);
}

async function send(payload: object, pipeline = "orders"): Promise<string> {
  return runIdOf(await harness.receive(pipeline, { body: JSON.stringify(payload) }));
}

async function seen(payload: object, pipeline = "orders"): Promise<unknown> {
  const run = await harness.end(await send(payload, pipeline));
  return run.error?.message ?? run.result;
}

describe("webhookDedup()", () => {
  test("is true from the second run on with the same value, and tells values of other kinds apart", async () => {
    await add("payload.id");
    expect(await seen({ id: 1 })).toBe(false);
    expect(await seen({ id: 1 })).toBe(true);
    expect(await seen({ id: "1" })).toBe(false);
    expect(await seen({ id: [1, { a: 2 }] })).toBe(false);
    expect(await seen({ id: [1, { a: 2 }] })).toBe(true);
  });

  test("counts for each pipeline and each expression alone", async () => {
    await add("payload.id");
    await harness.add("other", 'export const pipeline = () => webhookDedup("payload.id");');
    await seen({ id: 1 });
    expect(await seen({ id: 1 }, "other")).toBe(false);
    await add("payload.number");
    expect(await seen({ number: 1 })).toBe(false);
  });

  test("is false without a value, however often, and where the expression is none, which the log says", async () => {
    await add("payload.id");
    expect([await seen({}), await seen({}), await seen({ id: "" }), await seen({ id: "" })]).toEqual(
      Array(4).fill(false),
    );
    await add("payload.");
    const id = await send({ id: 1 });
    expect((await harness.end(id)).result).toBe(false);
    const texts = (await harness.logs(id)).map(({ text }) => text).join("\n");
    expect(texts).toContain("webhookDedup: ");
    expect(texts).toContain("^");
  });

  test("is false by hand, however often", async () => {
    const body = 'return webhookDedup("1");';
    expect([(await harness.run(body)).result, (await harness.run(body)).result]).toEqual([false, false]);
  });

  test("tells the run that was first the same when it asks again, and when it is run again", async () => {
    await add("payload.id", `const again = webhookDedup("payload.id"); if (again) throw new Error("seen by itself");`);
    const id = await send({ id: 1 });
    expect((await harness.end(id)).result).toBe(false);
    const { runId } = await harness.engine.rerun(id, {});
    expect((await harness.end(runId)).result).toBe(false);
    expect(await seen({ id: 1 })).toBe("seen by itself");
  });

  test("is false in a run that the operator forces, which repeats the one that was first", async () => {
    await add("payload.id");
    const id = await send({ id: 1 });
    await harness.end(id);
    const { requests } = await harness.engine.listRequests({ limit: 1 });
    const { answer } = await harness.engine.redeliver(requests[0]?.id ?? "", { force: true });
    const forced = await harness.end(runIdOf(answer));
    expect([forced.result, forced.rerunOf]).toEqual([false, id]);
    expect(await seen({ id: 1 })).toBe(true);
  });

  test("is false again where the run that was first did not succeed", async () => {
    await add("payload.id", "throw new Error('as asked');");
    expect((await harness.end(await send({ id: 1 }))).status).toBe("failed");
    await add("payload.id");
    expect(await seen({ id: 1 })).toBe(false);
    expect(await seen({ id: 1 })).toBe(true);
  });

  test("is false for one of fifty runs at once", async () => {
    await add("payload.id");
    const ids = await Promise.all(Array.from({ length: 50 }, async () => await send({ id: 1 })));
    const results = await Promise.all(ids.map(async (id) => (await harness.end(id)).result));
    expect(results.filter((result) => result === false)).toHaveLength(1);
    expect(results.filter((result) => result === true)).toHaveLength(49);
  });

  test("is not true because of a repetition that began no run", async () => {
    await add("payload.id");
    for (let id = 0; id < 10; id++) {
      const request = { headers: { "x-delivery-id": `d-${id}` }, body: JSON.stringify({ id }) };
      const answers = await Promise.all(
        Array.from({ length: 4 }, async () => await harness.receive("orders", request)),
      );
      const results = await Promise.all(answers.map(async (answer) => (await harness.end(runIdOf(answer))).result));
      expect(results).toEqual([false, false, false, false]);
    }
  });

  test("says the same in a later life of the server, which takes it from the journal", async () => {
    await add("payload.id", `await signal.wait("go");`);
    const id = await send({ id: 1 });
    await until(async () => (await harness.engine.getRun(id)).status === "waiting");
    const second = await send({ id: 1 });
    await until(async () => (await harness.engine.getRun(second)).status === "waiting");
    harness = await harness.restart();
    for (const each of [id, second]) {
      await until(async () => (await harness.engine.getRun(each)).status === "waiting");
      await harness.engine.signal(each, "go", null);
    }
    expect((await harness.end(id)).result).toBe(false);
    expect((await harness.end(second)).result).toBe(true);
  });
});
