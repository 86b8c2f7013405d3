// What the API can do with endpoints: what is refused, what is warned of, and who has the last word.

import { describe, expect, test } from "bun:test";
import { codeOf, declared, EndpointBench, minimal } from "../../../fixtures/harness/endpoint-bench.ts";

async function problemsOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => "done",
    (thrown: unknown) => {
      const { code, details } = thrown as { code: string; details: { problems?: readonly { field: string }[] } };
      return [code, ...(details.problems ?? []).map(({ field }) => field)];
    },
  );
}

describe("create()", () => {
  test("takes the seed's body, and warns of what it cannot do with it", async () => {
    const bench = new EndpointBench();
    const desk = bench.desk(await bench.open());
    const url = "https://your-server.com/webhooks/sensei";
    const secret = "whsec_your_signing_secret";
    const made = await desk.create({ url, events: ["migration.*", "error.escalated"], secret });
    expect(made).toMatchObject({ secret, endpoint: { url, enabled: true }, previousUntil: null });
    expect(made.warnings).toEqual([
      {
        field: "events",
        message: "migration.* matches no event that is known: only scripts could announce it, by events.emit",
      },
      {
        field: "secret",
        message:
          "the secret is not whsec_ and then the base64 of 24 to 64 bytes, so no headers of Standard Webhooks are sent, only X-Runner-Signature",
      },
    ]);
    expect(desk.list().map(({ endpoint }) => endpoint.id)).toEqual([made.endpoint.id]);
  });

  test("makes a secret where none is given, of which there is nothing to warn", async () => {
    const bench = new EndpointBench();
    const desk = bench.desk(await bench.open());
    const [first, second] = [await desk.create(minimal), await desk.create(minimal)];
    expect(first.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect([first.warnings, first.secret === second.secret]).toEqual([[], false]);
  });

  test("does not warn of events that scripts have announced before", async () => {
    const bench = new EndpointBench();
    const { warnings } = await bench.desk(await bench.open()).create({ ...minimal, events: ["recorded.*", "*"] });
    expect(warnings).toEqual([]);
  });

  test("warns of a secret that is short, or that cannot be read now", async () => {
    const bench = new EndpointBench();
    const desk = bench.desk(await bench.open());
    const short = await desk.create({ ...minimal, secret: "hunter2" });
    expect(short.warnings.map(({ message }) => message)).toContain("the secret has less than 16 characters");
    const missing = await desk.create({ ...minimal, secret: "env:HOOK_SECRET" });
    expect(missing.warnings).toEqual([{ field: "secret", message: "the environment variable HOOK_SECRET is not set" }]);
    expect(missing.secret).toBe("env:HOOK_SECRET");
  });

  test("warns of pipelines that are not there, and names the one that may be meant", async () => {
    const bench = new EndpointBench();
    const { warnings } = await bench
      .desk(await bench.open())
      .create({ ...minimal, pipelines: ["deploy", "deply", "home/backup"] });
    expect(warnings).toEqual([
      { field: "pipelines", message: "there is no pipeline deply now: did you mean deploy?" },
      { field: "pipelines", message: "there is no pipeline home/backup now" },
    ]);
  });

  test("names the header whose value cannot be read now", async () => {
    const bench = new EndpointBench();
    const headers = { Authorization: "env:HOOK_TOKEN" };
    const { warnings } = await bench.desk(await bench.open()).create({ ...minimal, headers });
    const message = "header Authorization: the environment variable HOOK_TOKEN is not set";
    expect(warnings).toEqual([{ field: "headers.Authorization", message }]);
  });

  test("tells what is wrong with each field", async () => {
    const bench = new EndpointBench();
    const desk = bench.desk(await bench.open());
    const wrong = {
      url: "http://169.254.169.254/",
      events: ["run.*"],
      when: "payload.ref ==",
      secret: "env:1",
      headers: { Authorization: "secret:" },
    };
    expect(await problemsOf(desk.create(wrong))).toEqual([
      "FIELDS_INVALID",
      "url",
      "when",
      "headers.Authorization",
      "secret",
    ]);
    for (const secret of ["", "  ", "a\0b", "\ud800", "x".repeat(70_000), "sealed:x", "file:relative"]) {
      expect(await problemsOf(desk.create({ ...minimal, secret }))).toEqual(["FIELDS_INVALID", "secret"]);
    }
    expect(await problemsOf(desk.create({ ...minimal, evnts: [], url: 1 }))).toEqual([
      "FIELDS_INVALID",
      "evnts",
      "url",
    ]);
    expect(desk.list()).toEqual([]);
  });

  test("never says any part of a secret", async () => {
    const bench = new EndpointBench();
    const desk = bench.desk(await bench.open());
    const thrown: unknown = await desk.create({ ...minimal, secret: "env:hunter2 hunter2" }).catch((error) => error);
    expect(JSON.stringify([String(thrown), thrown])).not.toContain("hunter2");
  });
});

describe("change()", () => {
  test("checks what it becomes, and leaves it as it is where that cannot be", async () => {
    const bench = new EndpointBench();
    const desk = bench.desk(await bench.open());
    const { endpoint } = await desk.create(minimal);
    expect(await problemsOf(desk.change(endpoint.id, { url: "http://169.254.0.1/", events: ["run.*"] }))).toEqual([
      "FIELDS_INVALID",
      "url",
    ]);
    expect(desk.get(endpoint.id).endpoint).toEqual(endpoint);
    const changed = await desk.change(endpoint.id, { events: ["*"], enabled: false });
    expect(changed.endpoint).toMatchObject({ url: minimal.url, events: ["*"], enabled: false });
  });

  test("of one that the server has disabled shows it disabled, and enables it only when that is said", async () => {
    const bench = new EndpointBench();
    const registry = await bench.open();
    const desk = bench.desk(registry);
    const { endpoint } = await desk.create(minimal);
    registry.noteState({
      id: endpoint.id,
      afterSeq: 1,
      failingSince: 5,
      failingToldAt: null,
      disabledAt: 6,
      disabledReason: "gone",
    });
    expect(desk.get(endpoint.id).endpoint.enabled).toBe(false);
    expect((await desk.change(endpoint.id, { description: "x" })).endpoint.enabled).toBe(false);
    const { endpoint: changed, state } = await desk.change(endpoint.id, { enabled: true });
    expect([changed.enabled, state.disabledAt, state.failingSince]).toEqual([true, null, null]);
  });

  test("of one of runner.toml can enable it again, and nothing else", async () => {
    const bench = new EndpointBench();
    const registry = await bench.open([declared("ci"), declared("off", { enabled: false })]);
    const desk = bench.desk(registry);
    registry.noteState({
      id: "ep_ci",
      afterSeq: 1,
      failingSince: 5,
      failingToldAt: null,
      disabledAt: 6,
      disabledReason: "gone",
    });
    expect(await codeOf(desk.change("ep_ci", { enabled: true, description: "x" }))).toBe("ENDPOINT_DECLARED");
    expect(await codeOf(desk.change("ep_ci", { enabled: false }))).toBe("ENDPOINT_DECLARED");
    expect(await codeOf(desk.change("ep_off", { enabled: true }))).toBe("ENDPOINT_DECLARED");
    expect(desk.get("ep_ci").endpoint.enabled).toBe(false);
    expect((await desk.change("ep_ci", { enabled: true })).endpoint.enabled).toBe(true);
    expect(bench.states.get("ep_ci")).toMatchObject({ disabledAt: null });
  });
});

describe("endpoints of runner.toml", () => {
  test("are warned of in the log, those that were changed meanwhile alone", async () => {
    const bench = new EndpointBench();
    bench.env["HOOK_SECRET"] = `whsec_${"A".repeat(43)}=`;
    const typo = { events: ["run.fialed"] };
    const desk = bench.desk(await bench.open([declared("good"), declared("typo", typo)]));
    await desk.warnOfDeclared();
    const reason = "run.fialed matches no event that is known: only scripts could announce it, by events.emit";
    expect(bench.warned).toEqual([{ endpoint: "typo", reason }]);
    await desk.replaceDeclared([declared("good", typo), declared("typo", typo)]);
    expect(bench.warned.slice(1)).toEqual([{ endpoint: "good", reason }]);
  });
});

test("rotateSecret() makes a secret, or takes one, and tells it once", async () => {
  const bench = new EndpointBench();
  const desk = bench.desk(await bench.open());
  const { endpoint, secret } = await desk.create(minimal);
  const rotated = await desk.rotateSecret(endpoint.id, { keepOldForMs: 1000 });
  expect(rotated.secret).toStartWith("whsec_");
  expect([rotated.secret === secret, rotated.previousUntil]).toEqual([false, bench.nowMs + 1000]);
  bench.nowMs += 1000;
  expect(desk.get(endpoint.id).previousUntil).toBeNull();
  expect(await problemsOf(desk.rotateSecret(endpoint.id, { secret: "", keepOldForMs: 0 }))).toEqual([
    "FIELDS_INVALID",
    "secret",
  ]);
  expect((await desk.rotateSecret(endpoint.id, { secret: "of my own, and long", keepOldForMs: 0 })).secret).toBe(
    "of my own, and long",
  );
  expect(JSON.stringify(desk.get(endpoint.id))).not.toContain("of my own");
});

test("sendSample() sends what such an event would be, and says that it is a sample", async () => {
  const bench = new EndpointBench();
  const desk = bench.desk(await bench.open());
  const { endpoint } = await desk.create(minimal);
  await desk.sendSample(endpoint.id, "run.failed");
  await desk.sendSample(endpoint.id, "migration.completed");
  expect(bench.deliveries.asked).toMatchObject([
    ["send", endpoint.id, { type: "run.failed", data: { sample: true, status: "failed", pipeline: "deploy" } }],
    ["send", endpoint.id, { type: "migration.completed", data: { sample: true } }],
  ]);
});

test("a removed endpoint is gone for every verb, one that never was is not found", async () => {
  const bench = new EndpointBench();
  const desk = bench.desk(await bench.open());
  const { endpoint } = await desk.create(minimal);
  await desk.remove(endpoint.id);
  for (const [id, code] of [
    [endpoint.id, "ENDPOINT_GONE"],
    ["ep_never", "ENDPOINT_NOT_FOUND"],
  ] as const) {
    const verbs = [
      async () => desk.get(id),
      async () => await desk.change(id, { enabled: true }),
      async () => await desk.remove(id),
      async () => await desk.rotateSecret(id, { keepOldForMs: 0 }),
      async () => await desk.sendSample(id, "run.failed"),
      async () => await desk.deliveries.list(id, { limit: 1 }),
      async () => await desk.deliveries.get(id, "dlv_1"),
      async () => await desk.deliveries.retry(id, "dlv_1"),
      async () => await desk.deliveries.recover(id, 0),
    ];
    for (const verb of verbs) expect(await codeOf(verb())).toBe(code);
  }
  expect(bench.deliveries.asked).toEqual([]);
});

test("for all endpoints of runner.toml together the recorded events are looked through once", async () => {
  const bench = new EndpointBench();
  bench.env["HOOK_SECRET"] = "a secret of sixteen";
  const patterns = ["recorded.*", "migration.*", "deploy.done"];
  const registry = await bench.open(["a", "b", "c"].map((name) => declared(name, { events: patterns })));
  await bench.desk(registry).warnOfDeclared();
  expect(bench.typeReads).toBe(1);
  expect(bench.warned.filter((fields) => JSON.stringify(fields).includes("migration.*"))).toHaveLength(3);
  expect(JSON.stringify(bench.warned)).not.toContain("recorded.*");
});
