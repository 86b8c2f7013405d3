// The part of the store's contract about secrets: sealed bytes by pipeline and name.

import { describe, expect, test } from "bun:test";
import type { StoredSecret } from "../../../src/store/store.ts";
import type { Subject } from "./subject.ts";

function secret(name: string, pipeline: string | null, sealed: readonly number[], updatedAt = 1): StoredSecret {
  return { name, pipeline, sealed: Uint8Array.from(sealed), updatedAt };
}

const put = (given: StoredSecret) => ({ type: "secret.put", secret: given }) as const;

export function testSecrets(subject: Subject): void {
  describe("secrets", () => {
    test("are kept by pipeline and name exactly as given, also over a restart", async () => {
      const given = [
        secret("API_KEY", null, [0, 255, 10, 13, 39], 1_759_000_000_123),
        secret("API_KEY", "home/backup", [1], 2),
        secret("OTHER", "home/backup", [], 3),
      ];
      await subject.store.commit(given.map(put));
      expect(await subject.store.secrets.all()).toEqual(given);
      await subject.reopen();
      expect(await subject.store.secrets.all()).toEqual(given);
    });

    test("are replaced by the next of the same name and pipeline alone", async () => {
      await subject.store.commit([put(secret("A", null, [1])), put(secret("A", "p", [2]))]);
      await subject.store.commit([put(secret("A", null, [3], 9))]);
      expect(await subject.store.secrets.all()).toEqual([secret("A", null, [3], 9), secret("A", "p", [2])]);
    });

    test("are removed each for itself; one that is not there can be too", async () => {
      await subject.store.commit([put(secret("A", null, [1])), put(secret("A", "p", [2])), put(secret("B", "p", [3]))]);
      await subject.store.commit([
        { type: "secret.remove", pipeline: "p", name: "A" },
        { type: "secret.remove", pipeline: null, name: "B" },
      ]);
      expect(await subject.store.secrets.all()).toEqual([secret("A", null, [1]), secret("B", "p", [3])]);
    });
  });
}
