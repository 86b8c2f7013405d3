import { describe, expect, test } from "bun:test";
import type { Delivery, DestinationState } from "../../../../src/core/delivery.ts";
import type { AttemptOutcome } from "../../../../src/engine/outbound/destination.ts";
import { type AttemptToJudge, judgeAttempt, type Verdict } from "../../../../src/engine/outbound/judge-attempt.ts";
import { endpointDefaults } from "../../../../src/webhooks/webhooks.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const now = Date.parse("2026-03-02T10:00:00Z");

const delivery: Delivery = {
  id: "dlv_1",
  destination: "ep_1",
  eventSeq: 1,
  eventId: "evt_1",
  eventType: "run.failed",
  status: "pending",
  attempts: 0,
  earlierAttempts: 0,
  nextAttemptAt: now,
  createdAt: now,
  finishedAt: null,
};

const state: DestinationState = {
  id: "ep_1",
  afterSeq: 0,
  failingSince: null,
  failingToldAt: null,
  disabledAt: null,
  disabledReason: null,
};

function answered(status: number, headers: Readonly<Record<string, string>> = {}): AttemptOutcome {
  return { type: "answered", status, headers, body: new Uint8Array([1]), isCut: false, durationMs: 5 };
}

const refused: AttemptOutcome = { type: "failed", error: "connect", message: "refused", durationMs: 1 };

interface Changes extends Partial<Omit<AttemptToJudge, "delivery" | "state">> {
  readonly delivery?: Partial<Delivery>;
  readonly state?: Partial<DestinationState>;
  readonly outcome?: AttemptOutcome;
}

function judge({ delivery: ofDelivery, state: ofState, outcome = refused, ...others }: Changes = {}): Verdict {
  return judgeAttempt({
    made: { headers: { a: "b" }, outcome },
    startedAt: now - 5,
    endedAt: now,
    retryDelaysMs: endpointDefaults.retryDelaysMs,
    mayBeDisabled: true,
    disableAfterMs: 5 * dayMs,
    ...others,
    delivery: { ...delivery, ...ofDelivery },
    state: { ...state, ...ofState },
  });
}

describe("judgeAttempt()", () => {
  test("ends a delivery with any 2xx, and with nothing else", () => {
    for (const status of [200, 202, 299]) {
      const ended = { status: "delivered", attempts: 1, finishedAt: now, nextAttemptAt: null } as const;
      expect(judge({ outcome: answered(status) }).delivery).toMatchObject(ended);
    }
    for (const status of [199, 300, 302, 404, 500, 999]) {
      expect(judge({ outcome: answered(status) }).delivery.status).toBe("pending");
    }
  });

  test("puts each next attempt off from the end of the one before it, by the schedule and a tenth of it at most", () => {
    const endedAt = now + 29_000;
    const waits = [0, 1, 2, 3, 4, 5].map((attempts) => {
      const { delivery: after } = judge({ delivery: { attempts }, endedAt });
      return (after.nextAttemptAt ?? 0) - endedAt;
    });
    waits.forEach((waitMs, index) => {
      const planned = endpointDefaults.retryDelaysMs[index] ?? 0;
      expect(Math.abs(waitMs - planned)).toBeLessThanOrEqual(planned / 10);
    });
    expect(judge({ delivery: { attempts: 6 } }).delivery).toMatchObject({
      status: "failed",
      attempts: 7,
      finishedAt: now,
    });
  });

  test("spreads the waits of what failed together, and the same each time", () => {
    const nextOf = (id: string): number | null => judge({ delivery: { id } }).delivery.nextAttemptAt;
    expect(nextOf("dlv_1")).toBe(nextOf("dlv_1"));
    expect(new Set(["dlv_1", "dlv_2", "dlv_3", "dlv_4"].map(nextOf)).size).toBe(4);
  });

  test("counts the attempts of a round that was begun by hand from its beginning", () => {
    const { delivery: after } = judge({ delivery: { attempts: 7, earlierAttempts: 7 } });
    expect(after).toMatchObject({ status: "pending", attempts: 8 });
    expect((after.nextAttemptAt ?? 0) - now).toBeLessThan(2 * minuteMs);
    expect(judge({ delivery: { attempts: 13, earlierAttempts: 7 } }).delivery.status).toBe("failed");
  });

  test("comes no sooner than the receiver asks for, in seconds or by a date", () => {
    const waitOf = (header: string): number =>
      (judge({ outcome: answered(503, { "retry-after": header }) }).delivery.nextAttemptAt ?? 0) - now;
    expect(waitOf("3600")).toBe(hourMs);
    expect(waitOf("Mon, 02 Mar 2026 12:00:00 GMT")).toBe(2 * hourMs);
    expect(waitOf("1")).toBeGreaterThan(minuteMs / 2);
    expect(waitOf("99999999")).toBe(dayMs);
    expect(waitOf("soon")).toBeLessThan(2 * minuteMs);
  });

  test("records what was sent and answered, or why nothing was", () => {
    const made = { headers: { a: "b" }, outcome: answered(503) };
    expect(judge({ delivery: { attempts: 2 }, made }).attempt).toEqual({
      number: 3,
      at: now - 5,
      durationMs: 5,
      requestHeaders: { a: "b" },
      status: 503,
      error: null,
      response: new Uint8Array([1]),
      isResponseCut: false,
    });
    expect(judge().attempt).toMatchObject({ status: null, error: { code: "connect", message: "refused" } });
  });

  test("disables an endpoint that is gone at once, and nothing else", () => {
    const gone = judge({ outcome: answered(410), disableAfterMs: null });
    expect(gone.delivery.status).toBe("failed");
    expect(gone.state).toMatchObject({ disabledAt: now, disabledReason: "it answered 410 Gone" });
    expect(gone.news).toEqual(["disabled"]);
    const target = judge({ outcome: answered(410), mayBeDisabled: false, state: { failingSince: now } });
    expect(target.disableAt).toBeNull();
    expect(target.delivery.status).toBe("failed");
    expect(target.state.disabledAt).toBeNull();
  });

  test("tells that a destination fails once: after an hour, or with what was given up", () => {
    expect(judge()).toMatchObject({ state: { failingSince: now, failingToldAt: null }, news: [] });
    const failing = { failingSince: now - hourMs + 1 };
    expect(judge({ state: failing }).news).toEqual([]);
    const told = judge({ state: { failingSince: now - hourMs } });
    expect(told).toMatchObject({
      news: ["failing"],
      state: { failingToldAt: now },
      disableAt: now - hourMs + 5 * dayMs,
    });
    expect(judge({ state: told.state }).news).toEqual([]);
    expect(judge({ delivery: { attempts: 6 }, state: failing }).news).toEqual(["failing"]);
    // Told with room to do something about it.
    expect(judge({ state: { failingSince: now - 5 * minuteMs }, disableAfterMs: 10 * minuteMs }).news).toEqual([
      "failing",
    ]);
  });

  test("disables a destination after so long a time of failures only, where that is wanted", () => {
    const failingSince = now - 5 * dayMs;
    const told = { failingSince, failingToldAt: failingSince + hourMs };
    const disabled = judge({ state: told });
    expect(disabled).toMatchObject({ news: ["disabled"], state: { disabledAt: now }, delivery: { status: "failed" } });
    expect(judge({ state: { ...told, failingSince: failingSince + 1 } }).state.disabledAt).toBeNull();
    for (const never of [{ disableAfterMs: null }, { mayBeDisabled: false }]) {
      expect(judge({ state: told, ...never })).toMatchObject({ news: [], state: { disabledAt: null } });
    }
  });

  test("disables nothing that nobody was told of an hour before, however long ago the first failure was", () => {
    const failing = judge({ state: { failingSince: now - 30 * dayMs } });
    const news = { news: ["failing"], state: { disabledAt: null }, disableAt: now + hourMs };
    expect(failing).toMatchObject({ ...news, delivery: { status: "pending" } });
    expect(judge({ state: failing.state, endedAt: now + hourMs - 1 }).state.disabledAt).toBeNull();
    expect(judge({ state: failing.state, endedAt: now + hourMs }).news).toEqual(["disabled"]);
  });

  test("begins anew with a success, and writes a state only where it has changed", () => {
    const failing = { failingSince: now - dayMs, failingToldAt: now - hourMs };
    const well = judge({ outcome: answered(200), state: failing });
    expect(well).toMatchObject({ news: ["recovered"], state: { failingSince: null, failingToldAt: null } });
    const unchanged = { ...state, ...failing };
    const given = { made: { headers: {}, outcome: refused }, startedAt: now, endedAt: now, retryDelaysMs: [1000] };
    const common = { ...given, delivery, mayBeDisabled: true, disableAfterMs: null };
    expect(judgeAttempt({ ...common, state: unchanged }).state).toBe(unchanged);
    const fine = { ...common, made: { headers: {}, outcome: answered(200) }, state };
    expect(judgeAttempt(fine).state).toBe(state);
  });
});
