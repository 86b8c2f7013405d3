// Webhook secrets given with uploads: sealed where they are secrets, readable where they only say where one is.

import { expect, test } from "bun:test";
import { UploadedSecrets } from "../../../src/engine/uploaded-secrets.ts";
import { SecretBox } from "../../../src/secrets/secret-box.ts";
import { createSecretReader } from "../../../src/secrets/secrets.ts";
import type { Write } from "../../../src/store/store.ts";

class Bench {
  readonly rows: Map<string, string>;
  keyText = "the key of this test";
  boxes = 0;

  constructor(rows: Readonly<Record<string, string>> = {}) {
    this.rows = new Map(Object.entries(rows));
  }

  async open(): Promise<UploadedSecrets> {
    return await UploadedSecrets.load({
      store: { webhookSecrets: { all: async () => new Map(this.rows) }, commit: async (writes) => this.commit(writes) },
      openBox: async () => {
        this.boxes++;
        return new SecretBox(this.keyText, (count) => crypto.getRandomValues(new Uint8Array(count)));
      },
    });
  }

  commit(writes: readonly Write[]): void {
    for (const write of writes) if (write.type === "webhook_secret.put") this.rows.set(write.pipeline, write.secret);
  }
}

test("a secret is stored sealed, and found again in the next life", async () => {
  const bench = new Bench();
  bench.commit([await (await bench.open()).createWrite("a", "hunter2-ä")]);
  expect(bench.rows.get("a")).toMatch(/^sealed:[\w-]{40,}$/);
  expect((await bench.open()).find("a")).toBe("hunter2-ä");
});

test("one that was stored in clear is sealed by the next life, without a change to who may call", async () => {
  const bench = new Bench({ a: "hunter2", b: "env:NAME" });
  expect((await bench.open()).find("a")).toBe("hunter2");
  expect(JSON.stringify([...bench.rows])).not.toContain("hunter2");
  expect((await bench.open()).find("a")).toBe("hunter2");
});

test.each(["env:NAME", "file:/run/secrets/x", "secret:NAME", "env:not a name"])(
  "%s stays readable and needs no key",
  async (secret) => {
    const bench = new Bench({ a: secret });
    const secrets = await bench.open();
    expect(await secrets.createWrite("b", secret)).toEqual({ type: "webhook_secret.put", pipeline: "b", secret });
    expect([secrets.find("a"), bench.rows.get("a"), bench.boxes]).toEqual([secret, secret, 0]);
  },
);

test("one of another key, or of another pipeline, opens nothing: its webhook is closed, and it stays as it is", async () => {
  const bench = new Bench({ a: "hunter2", b: "hunter3" });
  await bench.open();
  const [a = "", b = ""] = [...bench.rows.values()];
  bench.rows.set("b", a);
  let secrets = await bench.open();
  expect([secrets.find("a"), secrets.unusable]).toEqual(["hunter2", ["b"]]);
  bench.rows.set("b", b);
  bench.keyText = "the key of another server";
  secrets = await bench.open();
  expect([secrets.unusable, bench.rows.get("a")]).toEqual([["a", "b"], a]);
  const resolved = await createSecretReader({ env: {}, now: Date.now }).resolve(secrets.find("a") ?? "", "a");
  expect(resolved).toMatchObject({
    ok: false,
    message: expect.stringContaining("does not open with the server's key"),
  });
  secrets.set("a", "another");
  expect(secrets.unusable).toEqual(["b"]);
});
