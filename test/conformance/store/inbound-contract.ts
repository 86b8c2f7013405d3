// The part of the store's contract about received webhooks.

import { describe, expect, test } from "bun:test";
import type { InboundRecord, Store } from "../../../src/store/store.ts";
import { rejection } from "../../unit/store/store-files.ts";
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
    deliveryId: null,
    sameBodyAs: null,
    ...changes,
  };
}

async function present(store: Store, ids: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(ids.map((id) => store.inbound.find(id)));
  return found.flatMap((each) => (each ? [each.id] : []));
}

export function testInbound(subject: Subject): void {
  describe("inbound requests", () => {
    test("a copy is the same request for another run, and one of a request that is gone fails", async () => {
      const full = record("full", { verdict: "accepted", reason: null, runId: "run-1" }, Uint8Array.of(0, 255));
      await subject.store.commit([
        { type: "inbound.put", record: full },
        { type: "inbound.copy", from: "full", id: "copy", runId: "run-2" },
      ]);
      expect(await subject.store.inbound.find("copy")).toEqual({ ...full, id: "copy", runId: "run-2" });
      const missing = { type: "inbound.copy", from: "nope", id: "x", runId: "run-2" } as const;
      expect(await rejection(subject.store.commit([missing]))).toMatchObject({ code: "RUN_NOT_FOUND" });
    });

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
