// The part of the store's contract about received webhooks.

import { describe, expect, test } from "bun:test";
import type { InboundRecord, Store } from "../../../src/store/store.ts";
import type { Subject } from "./subject.ts";

function record(id: string, changes: Partial<InboundRecord> = {}, body = new Uint8Array()): InboundRecord {
  return {
    id,
    pipeline: "deploy",
    receivedAt: 100,
    request: {
      provider: "github",
      eventType: "push",
      method: "POST",
      url: "/api/webhooks/deploy?a=1",
      headers: { "content-type": "application/json", "x-odd": 'quo"te' },
      query: { a: "1" },
      body,
    },
    verdict: "refused",
    reason: "SIGNATURE_INVALID",
    runId: null,
    ...changes,
  };
}

async function present(store: Store, ids: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(ids.map((id) => store.inbound.find(id)));
  return found.flatMap((each) => (each ? [each.id] : []));
}

export function testInbound(subject: Subject): void {
  describe("inbound requests", () => {
    test("a request is kept with its exact bytes", async () => {
      const accepted = { verdict: "accepted", reason: null, runId: "run-1" } as const;
      const body = Uint8Array.from({ length: 256 }, (_, index) => index);
      await subject.store.commit([
        { type: "inbound.put", record: record("full", accepted, body) },
        { type: "inbound.put", record: record("empty") },
      ]);
      expect(await subject.store.inbound.find("full")).toEqual(record("full", accepted, body));
      expect(await subject.store.inbound.find("empty")).toEqual(record("empty"));
      expect(await subject.store.inbound.find("nope")).toBeUndefined();
    });

    test("trimming keeps the newest refused requests of that pipeline and everything else", async () => {
      const ids = ["c", "a", "b", "d", "accepted", "other"];
      await subject.store.commit([
        { type: "inbound.put", record: record("accepted", { verdict: "accepted", reason: null, receivedAt: 1 }) },
        { type: "inbound.put", record: record("other", { pipeline: "backup", receivedAt: 1 }) },
        { type: "inbound.put", record: record("c", { receivedAt: 10 }) },
        { type: "inbound.put", record: record("a", { receivedAt: 30 }) },
        { type: "inbound.put", record: record("b", { receivedAt: 30 }) },
        { type: "inbound.put", record: record("d", { receivedAt: 20 }) },
      ]);
      await subject.store.commit([{ type: "inbound.trim_refused", pipeline: "deploy", keep: 4 }]);
      expect(await present(subject.store, ids)).toEqual(ids);
      await subject.store.commit([{ type: "inbound.trim_refused", pipeline: "deploy", keep: 2 }]);
      expect(await present(subject.store, ids)).toEqual(["a", "b", "accepted", "other"]);
      await subject.store.commit([{ type: "inbound.trim_refused", pipeline: "deploy", keep: 0 }]);
      expect(await present(subject.store, ids)).toEqual(["accepted", "other"]);
    });
  });
}
