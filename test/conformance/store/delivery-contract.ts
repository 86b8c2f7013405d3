// The part of the store's contract about endpoints, deliveries and their attempts.

import { beforeEach, describe, expect, test } from "bun:test";
import type { Delivery, DeliveryAttempt, DestinationState } from "../../../src/core/delivery.ts";
import type { StoredEndpoint, Write } from "../../../src/store/store.ts";
import type { Subject } from "./subject.ts";

const eventId = "evt_0000000000000000000000000001";

function delivery(id: string, changes: Partial<Delivery> = {}): Delivery {
  return {
    id,
    destination: "ep_1",
    eventSeq: 1,
    eventId,
    eventType: "custom.made",
    status: "pending",
    attempts: 0,
    earlierAttempts: 0,
    nextAttemptAt: 1000,
    createdAt: 1000,
    finishedAt: null,
    ...changes,
  };
}

const failed = { status: "failed", attempts: 7, nextAttemptAt: null } as const;
const create = (given: Delivery): Write => ({ type: "delivery.create", delivery: given });

function attempt(number: number, changes: Partial<DeliveryAttempt> = {}): DeliveryAttempt {
  return {
    number,
    at: 1000,
    durationMs: 12,
    requestHeaders: { "content-type": "application/json", authorization: "********" },
    status: 503,
    error: null,
    response: Uint8Array.from([0, 255, 31, 139]),
    isResponseCut: true,
    ...changes,
  };
}

export function testDeliveries(subject: Subject): void {
  describe("deliveries", () => {
    const commit = async (...writes: readonly Write[]): Promise<void> => await subject.store.commit(writes);
    const ids = async (found: Promise<readonly Delivery[]>): Promise<readonly string[]> =>
      (await found).map(({ id }) => id);

    beforeEach(async () => {
      const event = {
        id: eventId,
        type: "custom.made",
        createdAt: 1,
        runId: null,
        pipeline: null,
        target: null,
        data: {},
      };
      await commit({ type: "event.put", event });
    });

    test("are kept with their event's id and type, and changed as a whole", async () => {
      const given = delivery("dlv_1");
      await commit(create(given), { type: "outbox.put", seq: 1 });
      expect(await subject.store.outbound.fannedOutTo()).toBe(1);
      expect(await subject.store.outbound.find("dlv_1")).toEqual(given);
      const changed = delivery("dlv_1", { ...failed, earlierAttempts: 2, finishedAt: 5000 });
      await commit({ type: "delivery.put", delivery: changed });
      await subject.reopen();
      expect(await subject.store.outbound.find("dlv_1")).toEqual(changed);
      expect(await subject.store.outbound.find("dlv_2")).toBeUndefined();
    });

    test("that are pending are given by when they are due, for one destination", async () => {
      await commit(
        create(delivery("dlv_1", { nextAttemptAt: 30 })),
        create(delivery("dlv_2", { nextAttemptAt: 10 })),
        create(delivery("dlv_3", { nextAttemptAt: 20 })),
        create(delivery("dlv_4", { ...failed, finishedAt: 1 })),
        create(delivery("dlv_5", { destination: "ep_2" })),
      );
      expect(await ids(subject.store.outbound.pending("ep_1", 2))).toEqual(["dlv_2", "dlv_3"]);
      await commit({ type: "delivery.cancel_pending", destination: "ep_1", at: 77 });
      expect(await subject.store.outbound.pending("ep_1", 9)).toEqual([]);
      expect(await ids(subject.store.outbound.pending("ep_2", 9))).toEqual(["dlv_5"]);
      expect(await subject.store.outbound.find("dlv_1")).toMatchObject({ status: "cancelled", finishedAt: 77 });
      expect(await subject.store.outbound.find("dlv_4")).toMatchObject({ status: "failed", finishedAt: 1 });
    });

    test("that are pending are given up together, for one destination", async () => {
      await commit(...["dlv_1", "dlv_2"].map((id) => create(delivery(id))));
      await commit(
        create(delivery("dlv_3", { destination: "ep_2" })),
        create(delivery("dlv_4", { destination: "ep_3" })),
      );
      expect(await subject.store.outbound.destinationsWithPending()).toEqual(["ep_1", "ep_2", "ep_3"]);
      await commit({ type: "delivery.fail_pending", destination: "ep_1", at: 77 });
      expect(await subject.store.outbound.destinationsWithPending()).toEqual(["ep_2", "ep_3"]);
      const given = { status: "failed", finishedAt: 77, nextAttemptAt: null } as const;
      expect(await subject.store.outbound.find("dlv_2")).toMatchObject(given);
    });

    test("are listed newest first, by status, page by page", async () => {
      await commit(
        ...["dlv_1", "dlv_2", "dlv_3"].map((id) => create(delivery(id))),
        create(delivery("dlv_4", { ...failed, finishedAt: 9 })),
        create(delivery("dlv_5", { destination: "ep_2" })),
      );
      const { deliveries, nextCursor } = await subject.store.outbound.list({ destination: "ep_1", limit: 2 });
      expect(deliveries.map(({ id }) => id)).toEqual(["dlv_4", "dlv_3"]);
      const rest = { destination: "ep_1", limit: 2, cursor: nextCursor ?? "" };
      expect((await subject.store.outbound.list(rest)).deliveries.map(({ id }) => id)).toEqual(["dlv_2", "dlv_1"]);
      const query = { destination: "ep_1", limit: 9, status: "failed" } as const;
      expect((await subject.store.outbound.list(query)).deliveries.map(({ id }) => id)).toEqual(["dlv_4"]);
      const none = subject.store.outbound.list({ destination: "ep_1", limit: 0 });
      expect(await none.then(String, String)).toContain("cannot list 0 deliveries");
    });

    test("that were given up since a time are found in order, behind one", async () => {
      await commit(
        create(delivery("dlv_1", { ...failed, finishedAt: 10 })),
        create(delivery("dlv_2", { ...failed, finishedAt: 20 })),
        create(delivery("dlv_3", { ...failed, finishedAt: 30 })),
        create(delivery("dlv_4", { status: "delivered", nextAttemptAt: null, finishedAt: 30 })),
      );
      expect(await ids(subject.store.outbound.failedSince("ep_1", 20, "", 9))).toEqual(["dlv_2", "dlv_3"]);
      expect(await ids(subject.store.outbound.failedSince("ep_1", 0, "dlv_1", 1))).toEqual(["dlv_2"]);
    });

    test("that are settled go with their events, given up and pending ones stay", async () => {
      await commit(
        create(delivery("dlv_1", { status: "delivered", nextAttemptAt: null, finishedAt: 1 })),
        create(delivery("dlv_2", { status: "cancelled", nextAttemptAt: null, finishedAt: 1 })),
        create(delivery("dlv_3", { ...failed, finishedAt: 1 })),
        create(delivery("dlv_4")),
      );
      const { eventSeq } = delivery("dlv_1");
      const left = async (): Promise<readonly string[]> =>
        (await subject.store.outbound.list({ destination: "ep_1", limit: 9 })).deliveries.map(({ id }) => id);
      await commit({ type: "delivery.trim_settled", fromSeq: eventSeq + 1, beforeSeq: eventSeq + 9 });
      expect(await left()).toHaveLength(4);
      expect(await subject.store.outbound.hasSettled(eventSeq + 1, eventSeq + 9)).toBe(false);
      expect(await subject.store.outbound.hasSettled(eventSeq, eventSeq + 1)).toBe(true);
      await commit({ type: "delivery.trim_settled", fromSeq: eventSeq, beforeSeq: eventSeq + 1 });
      expect(await left()).toEqual(["dlv_4", "dlv_3"]);
      expect(await subject.store.outbound.hasSettled(eventSeq, eventSeq + 1)).toBe(false);
    });

    test("that are settled go in pieces, however many there are of one event", async () => {
      const settled = { status: "delivered", nextAttemptAt: null, finishedAt: 1 } as const;
      const many = Array.from({ length: 300 }, (_, index) => delivery(`dlv_${index}`, settled));
      await commit(...many.map(create));
      await commit({ type: "delivery.trim_settled", fromSeq: 1, beforeSeq: 2 });
      expect((await subject.store.outbound.list({ destination: "ep_1", limit: 500 })).deliveries).toHaveLength(200);
    });

    test("keep each attempt to the byte, and take it with them", async () => {
      const refused = { status: null, error: { code: "connect", message: "refused" }, response: new Uint8Array() };
      const attempts = [attempt(1), attempt(2, { ...refused, isResponseCut: false })];
      await commit(
        create(delivery("dlv_1", { ...failed, finishedAt: 50 })),
        ...attempts.map((each): Write => ({ type: "delivery.attempt", deliveryId: "dlv_1", attempt: each })),
      );
      expect(await subject.store.outbound.attempts("dlv_1")).toEqual(attempts);
      await commit({ type: "delivery.trim", before: 50 });
      expect(await subject.store.outbound.hasFinishedBefore(51)).toBe(true);
      await commit({ type: "delivery.trim", before: 51 });
      expect(await subject.store.outbound.hasFinishedBefore(51)).toBe(false);
      expect(await subject.store.outbound.find("dlv_1")).toBeUndefined();
      expect(await subject.store.outbound.attempts("dlv_1")).toEqual([]);
    });
  });

  describe("endpoints", () => {
    test("are kept with their sealed secrets and their states, each replaced as a whole", async () => {
      const endpoint: StoredEndpoint = {
        id: "ep_1",
        definition: '{"url":"http://nas/"}',
        secret: Uint8Array.from([1, 0, 255]),
        previousSecret: null,
        previousUntil: null,
        createdAt: 1,
        updatedAt: 2,
        removedAt: null,
      };
      const state: DestinationState = {
        id: "tgt_ops",
        afterSeq: 7,
        failingSince: 3,
        failingToldAt: 4,
        disabledAt: null,
        disabledReason: null,
      };
      await subject.store.commit([
        { type: "endpoint.put", endpoint },
        { type: "destination.put", state },
      ]);
      await subject.reopen();
      expect(await subject.store.endpoints.all()).toEqual([endpoint]);
      expect(await subject.store.endpoints.states()).toEqual([state]);
      const rotated = { ...endpoint, previousSecret: endpoint.secret, previousUntil: 99, removedAt: 5 };
      await subject.store.commit([
        { type: "endpoint.put", endpoint: rotated },
        { type: "destination.remove", id: "tgt_ops" },
      ]);
      expect(await subject.store.endpoints.all()).toEqual([rotated]);
      expect(await subject.store.endpoints.states()).toEqual([]);
    });
  });
}
