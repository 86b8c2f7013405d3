// A run that waits for a signal goes on with the JSON that somebody sends by its name.

import { afterEach, describe, expect, test } from "bun:test";
import type { JsonValue } from "../../../src/core/json.ts";
import type { Store, Write } from "../../../src/store/store.ts";
import { AheadClock } from "../../fixtures/harness/ahead-clock.ts";
import { EngineHarness, until } from "../../fixtures/harness/engine-harness.ts";
import { refusal, untilOpen } from "../../fixtures/harness/news.ts";

let harness: EngineHarness;
afterEach(() => harness.close());

const hourMs = 60 * 60 * 1000;

describe("a signal", () => {
  test.each<[string, JsonValue]>([
    ["an object", { build: 17, tags: ["a", "ü"], nested: { deep: [null] } }],
    ["null", null],
    ["a text", "go"],
    ["false", false],
    ["a list", [1, 2, 3]],
  ])("that is %s is what the waiting run is given", async (_, value) => {
    harness = await EngineHarness.open();
    const id = await harness.start(`return { got: await signal.wait("ready", { timeout: "2h" }) };`);
    await untilOpen(harness, id);
    const [step] = (await harness.engine.getRun(id)).steps;
    expect(step).toMatchObject({ name: "ready", kind: "signal", status: "waiting" });
    const run = await harness.engine.signal(id, "ready", value);
    expect(run.steps[0]).toMatchObject({ status: "succeeded", until: null });
    expect((await harness.end(id)).result).toEqual({ got: value });
  });

  test("sent after a restart continues the run", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start(`console.log("waits"); return await signal.wait("ready");`);
    await untilOpen(harness, id);
    harness = await harness.restart();
    await harness.engine.signal(id, "ready", { after: "restart" });
    expect(await harness.end(id)).toMatchObject({ status: "succeeded", result: { after: "restart" } });
    const texts = (await harness.logs(id)).map(({ text }) => text);
    expect(texts.filter((text) => text === "waits")).toHaveLength(1);
    expect(texts.filter((text) => text.includes(`runner signal ${id} ready`))).toHaveLength(1);
  });

  test("reaches every call that waits for it, and what each does then is done once", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start(
      `const branch = async (name) => {
         const value = await signal.wait("ready");
         await runtime.run({ name, command: "echo " + name + " >> ${harness.path("mark")}" });
         return name + value;
       };
       const all = await Promise.all([branch("a"), branch("b"), branch("c")]);
       return [...all, await signal.wait("last")];`,
    );
    await untilOpen(harness, id, 3);
    await harness.engine.signal(id, "ready", 1);
    await untilOpen(harness, id);
    await harness.engine.signal(id, "last", 2);
    expect((await harness.end(id)).result).toEqual(["a1", "b1", "c1", 2]);
    expect((await harness.lines("mark")).sort()).toEqual(["a", "b", "c"]);
  });

  test("that nobody waits for is refused with the run's state and what it waits for", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start(`return await signal.wait("ready");`);
    await untilOpen(harness, id);
    expect(await refusal(harness.engine.signal(id, "raedy", 1))).toMatchObject({
      code: "SIGNAL_NOT_AWAITED",
      message: `run ${id} (waiting) does not wait for a signal named "raedy"`,
      hint: 'it waits for "ready"',
      details: { status: "waiting", waits_for: ["ready"] },
    });
    expect(await refusal(harness.engine.signal("nope", "ready", 1))).toMatchObject({ code: "RUN_NOT_FOUND" });
    await harness.engine.signal(id, "ready", 1);
    await harness.end(id);
    expect(await refusal(harness.engine.signal(id, "ready", 2))).toMatchObject({
      code: "RUN_ALREADY_ENDED",
      message: `run ${id} has already ended: succeeded`,
    });
  });

  test("that nobody sends in time is an error with a code", async () => {
    const clock = new AheadClock();
    harness = await EngineHarness.open({ clock });
    const id = await harness.start(
      `try { await signal.wait("ready", { timeout: "2h" }); } catch (error) { return [error.code, error.message]; }`,
    );
    await untilOpen(harness, id);
    clock.advance(2 * hourMs + 1000);
    const run = await harness.end(id);
    expect(run.result).toEqual(["SIGNAL_TIMEOUT", 'nobody sent the signal "ready" in time']);
    expect(run.steps[0]).toMatchObject({ status: "timed_out" });
  });

  test("is taken once by ten senders at the same time", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start(`return await signal.wait("ready");`);
    await untilOpen(harness, id);
    const codes = await Promise.all(
      Array.from({ length: 10 }, async (_, index) => (await refusal(harness.engine.signal(id, "ready", index)))?.code),
    );
    const taken = codes.indexOf(undefined);
    expect(codes.filter((code) => code === undefined)).toHaveLength(1);
    expect((await harness.end(id)).result).toBe(taken);
  });
});

test("a wait that lost a race does not keep a later one of the same name from its signal", async () => {
  harness = await EngineHarness.open();
  const id = await harness.start(
    `for (let round = 1; ; round++) {
       const got = await Promise.race([signal.wait("stop"), sleep("100ms").then(() => undefined)]);
       if (got !== undefined) return { got, rounds: round };
       if (round === 2) console.log("twice");
     }`,
  );
  await until(async () => (await harness.logs(id)).some(({ text }) => text === "twice"));
  await harness.engine.signal(id, "stop", "now");
  expect((await harness.end(id)).result).toMatchObject({ got: "now" });
});

/** Dies when the news that reach a run as it goes to wait are on disk, and that it goes on again is not. */
class DiesWithNews {
  readonly #isHeld = Promise.withResolvers<void>();
  readonly #release = Promise.withResolvers<void>();
  readonly #dead = Promise.withResolvers<void>();
  #isDead = false;

  /** It is on disk that the run waits, which nobody has been told of. */
  get held(): Promise<void> {
    return this.#isHeld.promise;
  }

  get dead(): Promise<void> {
    return this.#dead.promise;
  }

  release(): void {
    this.#release.resolve();
  }

  wrap(store: Store): Store {
    return { ...store, close: async () => await store.close(), commit: (writes) => this.#commit(store, writes) };
  }

  async #commit(store: Store, writes: readonly Write[]): Promise<void> {
    const has = (wanted: Write["type"]): boolean => writes.some(({ type }) => type === wanted);
    if (this.#isDead) return await new Promise<never>(() => {});
    if (has("run.wait")) {
      await store.commit(writes);
      this.#isHeld.resolve();
      return await this.#release.promise;
    }
    if (!has("journal.deliver")) return await store.commit(writes);
    this.#isDead = true;
    await store.commit(writes.filter(({ type }) => type !== "run.start")).finally(this.#dead.resolve);
    return await new Promise<never>(() => {});
  }
}

describe("what comes as the run goes to wait, and is all that is left of a server that dies with it,", () => {
  test.each<[string, (id: string) => Promise<unknown>, object]>([
    ["a signal", (id) => harness.engine.signal(id, "go", "news"), { status: "succeeded", result: { got: "news" } }],
    ["a cancellation", (id) => harness.engine.cancel(id), { status: "cancelled" }],
  ])("lets it go on: %s", async (_, tell, end) => {
    const [clock, dying] = [new AheadClock(), new DiesWithNews()];
    harness = await EngineHarness.open({ clock, wrapStore: (store) => dying.wrap(store) });
    const id = await harness.start(`return { got: await signal.wait("go") };`);
    await dying.held;
    void tell(id).catch(() => {});
    await Bun.sleep(50);
    dying.release();
    await dying.dead;
    const back = harness.restart({ wrapStore: (store) => store });
    // A life that cannot write gives up after a while, which need not be waited for.
    const hurry = setInterval(() => clock.advance(10_000), 20);
    harness = await back;
    clearInterval(hurry);
    expect(await harness.engine.waitForEnd(id, 10_000)).toMatchObject(end);
  });
});
