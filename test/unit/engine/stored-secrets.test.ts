// The secrets that a server keeps: which one is meant, what is refused, what becomes of those that do not open.

import { describe, expect, test } from "bun:test";
import { StoredSecrets } from "../../../src/engine/engine.ts";
import { SecretBox } from "../../../src/secrets/secret-box.ts";
import type { StoredSecret, Write } from "../../../src/store/store.ts";
import { Redactor } from "../../../src/telemetry/telemetry.ts";

class Bench {
  readonly redactor = new Redactor();
  readonly rows = new Map<string, StoredSecret>();
  keyText = "the key of this test";
  boxes = 0;
  isFull = false;

  async open(): Promise<StoredSecrets> {
    return await StoredSecrets.load({
      store: {
        secrets: { all: async () => [...this.rows.values()] },
        commit: async (writes) => this.#commit(writes),
      },
      openBox: async () => {
        this.boxes++;
        return new SecretBox(this.keyText, (count) => crypto.getRandomValues(new Uint8Array(count)));
      },
      redactor: this.redactor,
      now: () => 7,
    });
  }

  #commit(writes: readonly Write[]): void {
    if (this.isFull) throw new Error("disk full");
    for (const write of writes) {
      if (write.type === "secret.put") this.rows.set(`${write.secret.pipeline} ${write.secret.name}`, write.secret);
      if (write.type === "secret.remove") this.rows.delete(`${write.pipeline} ${write.name}`);
    }
  }
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => "done",
    (thrown: unknown) => (thrown as { code?: unknown }).code,
  );
}

describe("StoredSecrets", () => {
  test("finds a pipeline's own secret before that of every pipeline, and no other's", async () => {
    const secrets = await new Bench().open();
    await secrets.set("KEY", null, "every");
    await secrets.set("KEY", "mine", "my own");
    expect([secrets.find("KEY", "mine"), secrets.find("KEY", "other")]).toEqual([
      { ok: true, value: "my own" },
      { ok: true, value: "every" },
    ]);
    expect(secrets.find("NONE", "mine")).toEqual({
      ok: false,
      message: "there is no secret NONE; set it with `runner secret set NONE`",
    });
    await secrets.remove("KEY", null);
    expect(secrets.find("KEY", "other").ok).toBe(false);
    expect(secrets.list()).toEqual([{ name: "KEY", pipeline: "mine", updatedAt: 7 }]);
  });

  test("knows them again after a restart, and masks them before anything else happens", async () => {
    const bench = new Bench();
    await (await bench.open()).set("KEY", null, "kept value");
    const next = new Bench();
    for (const [key, row] of bench.rows) next.rows.set(key, row);
    expect((await next.open()).find("KEY", "p")).toEqual({ ok: true, value: "kept value" });
    expect(next.redactor.text("a kept value")).toBe("a ***");
  });

  test("needs no key where there are no secrets", async () => {
    const bench = new Bench();
    const secrets = await bench.open();
    expect(secrets.find("KEY", "p").ok).toBe(false);
    expect(bench.boxes).toBe(0);
  });

  test("starts also with a key that opens none of them, says so at their use, and takes new values", async () => {
    const bench = new Bench();
    await (await bench.open()).set("KEY", null, "value");
    bench.keyText = "another key";
    const secrets = await bench.open();
    expect(secrets.unusable.map(({ name }) => name)).toEqual(["KEY"]);
    expect(secrets.find("KEY", "p")).toMatchObject({ ok: false });
    expect(await secrets.set("KEY", null, "anew")).toMatchObject({ isNew: false });
    expect(secrets.find("KEY", "p")).toEqual({ ok: true, value: "anew" });
  });

  test.each([
    ["", "value"],
    ["1KEY", "value"],
    ["A B", "value"],
    ["K".repeat(129), "value"],
    ["KEY", ""],
    ["KEY", " \n"],
    ["KEY", "a\0b"],
    ["KEY", "\uD800x"],
    ["KEY", "x".repeat(65_537)],
  ])("refuses the name %j with the value %j, and says nothing of the value", async (name, value) => {
    const secrets = await new Bench().open();
    const refused = await secrets.set(name, null, value).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(refused).toMatchObject({ code: "VALIDATION_FAILED" });
    if (value.length > 5) expect(String(refused)).not.toContain(value);
    expect(secrets.list()).toEqual([]);
  });

  test("keeps what there is where it cannot be stored, and finds nothing to remove twice", async () => {
    const bench = new Bench();
    const secrets = await bench.open();
    await secrets.set("KEY", null, "first");
    bench.isFull = true;
    expect(await codeOf(secrets.set("KEY", null, "second"))).not.toBe("done");
    expect(secrets.find("KEY", "p")).toEqual({ ok: true, value: "first" });
    bench.isFull = false;
    await secrets.remove("KEY", null);
    expect(await codeOf(secrets.remove("KEY", null))).toBe("SECRET_NOT_FOUND");
  });
});
