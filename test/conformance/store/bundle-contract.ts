// The part of the store's contract about bundles and last good versions.

import { describe, expect, test } from "bun:test";
import type { GoodVersion } from "../../../src/store/store.ts";
import { rejection } from "../../unit/store/store-files.ts";
import { putBundle, type Subject } from "./subject.ts";

function version(pipeline: string, changes: Partial<GoodVersion> = {}): GoodVersion {
  const config = { webhook: { provider: "github" }, params: {}, timeoutMs: 1000 };
  return { pipeline, file: `${pipeline}.ts`, bundleHash: "bundle-1", config, loadedAt: 5, ...changes };
}

export function testBundles(subject: Subject): void {
  describe("bundles", () => {
    test("a bundle is found by its hash, and an unknown one is not", async () => {
      const bundle = { hash: "bundle-1", code: "code of bundle-1", sourceMap: '{"version":3}' };
      expect(await subject.store.bundles.find("bundle-1")).toEqual({ ...bundle, config: { webhook: {}, params: {} } });
      expect(await subject.store.bundles.find("nope")).toBeUndefined();
    });

    test("putting a known bundle again is no error", async () => {
      await subject.store.commit([putBundle("bundle-1"), putBundle("bundle-1")]);
      expect((await subject.store.bundles.find("bundle-1"))?.code).toBe("code of bundle-1");
    });

    test("a bundle has what it was last found to say about itself", async () => {
      const { bundle } = putBundle("bundle-1");
      const config = { webhook: false, params: {}, timeoutMs: 5 } as const;
      await subject.store.commit([{ type: "bundle.put", bundle, config }]);
      expect((await subject.store.bundles.find("bundle-1"))?.config).toEqual(config);
    });

    test("there is one last good version of each pipeline: the one put last", async () => {
      const newer = version("deploy", { file: "deploy.js", config: { webhook: false, params: {} }, loadedAt: 9 });
      await subject.store.commit([
        { type: "version.put", version: version("deploy") },
        { type: "version.put", version: version("home/backup") },
        { type: "version.put", version: newer },
      ]);
      expect(await subject.store.bundles.versions()).toEqual([newer, version("home/backup")]);
    });

    test("a removed version is gone, and removing an unknown one is no error", async () => {
      await subject.store.commit([
        { type: "version.put", version: version("deploy") },
        { type: "version.remove", pipeline: "deploy" },
        { type: "version.remove", pipeline: "nope" },
      ]);
      expect(await subject.store.bundles.versions()).toEqual([]);
    });

    test("a version cannot refer to a bundle that is not stored", async () => {
      const put = { type: "version.put", version: version("deploy", { bundleHash: "missing" }) } as const;
      expect(await rejection(subject.store.commit([put]))).toMatchObject({ code: "INTERNAL" });
    });
  });
}
