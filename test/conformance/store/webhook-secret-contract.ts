// The part of the store's contract about webhook secrets that were given with uploads.

import { describe, expect, test } from "bun:test";
import type { Subject } from "./subject.ts";

export function testWebhookSecrets(subject: Subject): void {
  describe("webhook secrets", () => {
    const put = (pipeline: string, secret: string) => ({ type: "webhook_secret.put", pipeline, secret }) as const;
    const list = async () => Object.fromEntries(await subject.store.webhookSecrets.all());

    test("are kept by pipeline exactly as given, also over a restart", async () => {
      const given = { deploy: "env:KEY", "home/backup": " s3cr\u00fct\n✓ ", odd: "a'b\"c\\d" };
      await subject.store.commit(Object.entries(given).map(([pipeline, secret]) => put(pipeline, secret)));
      expect(await list()).toEqual(given);
      await subject.reopen();
      expect(await list()).toEqual(given);
    });

    test("are replaced by the next, and gone when removed, each for itself", async () => {
      await subject.store.commit([put("a", "1"), put("b", "1"), put("a", "2")]);
      expect(await list()).toEqual({ a: "2", b: "1" });
      await subject.store.commit([
        { type: "webhook_secret.remove", pipeline: "b" },
        { type: "webhook_secret.remove", pipeline: "never there" },
      ]);
      expect(await list()).toEqual({ a: "2" });
    });

    test("stay when the version of their pipeline is removed", async () => {
      const version = { pipeline: "a", file: "a.ts", bundleHash: "bundle-1", config: { webhook: {}, params: {} } };
      await subject.store.commit([put("a", "1"), { type: "version.put", version: { ...version, loadedAt: 1 } }]);
      await subject.store.commit([{ type: "version.remove", pipeline: "a" }]);
      expect(await list()).toEqual({ a: "1" });
    });

    test("are not kept by a commit that fails", async () => {
      const impossible = {
        type: "run.finish",
        id: "none",
        status: "failed",
        result: null,
        error: null,
        at: 1,
      } as const;
      expect(await subject.store.commit([put("a", "1"), impossible]).catch(() => "refused")).toBe("refused");
      expect(await list()).toEqual({});
    });
  });
}
