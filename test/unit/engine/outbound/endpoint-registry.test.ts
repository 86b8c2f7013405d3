// The endpoints there are: what is kept of them, who may change them, and what a restart finds.

import { describe, expect, test } from "bun:test";
import { codeOf, declared, EndpointBench, fields } from "../../../fixtures/harness/endpoint-bench.ts";

const hourMs = 3_600_000;

describe("an endpoint of the API", () => {
  test("is the same after a restart, and gets events only from when it was made", async () => {
    const bench = new EndpointBench();
    const given = { ...fields, headers: { "X-A": "1" }, pipelines: ["deploy"], when: "true", ratePerMinute: 7 };
    const { endpoint } = await (await bench.open()).create(given, "the old secret");
    expect(endpoint).toMatchObject({ ...given, name: null, source: "api", createdAt: 1_000_000 });
    expect(endpoint.id).toMatch(/^ep_[0-9a-f]{28}$/);
    const again = await bench.open();
    expect(again.list()).toEqual([endpoint]);
    expect(again.stateOf(endpoint.id)).toMatchObject({ afterSeq: 10, failingSince: null });
    expect(await again.credentialsOf(endpoint.id)).toEqual({
      ok: true,
      secrets: ["the old secret"],
      headers: { "X-A": "1" },
    });
  });

  test("has nothing secret in the database in clear", async () => {
    const bench = new EndpointBench();
    const registry = await bench.open();
    const { endpoint } = await registry.create({ ...fields, headers: { Authorization: "hunter2 token" } }, "hunter2 a");
    await registry.rotate(endpoint.id, "hunter2 b", hourMs);
    const row = bench.rows.get(endpoint.id);
    const texts = [row?.definition, ...[row?.secret, row?.previousSecret].map((bytes) => Buffer.from(bytes ?? []))];
    expect(texts.join()).not.toContain("hunter2");
    expect(row?.previousSecret).not.toBeNull();
  });

  test("has its secrets masked everywhere, and headers that are no tokens are words like any other", async () => {
    const bench = new EndpointBench();
    const registry = await bench.open();
    await registry.create(
      { ...fields, headers: { "X-Api-Key": "abcdefgh", "X-Stage": "production", Authorization: "Bearer tok-9876" } },
      "hunter2hunter2",
    );
    const text = "hunter2hunter2 abcdefgh production Bearer tok-9876 token=tok-9876";
    expect(bench.redactor.text(text)).toBe("*** *** production *** token=***");
    const fresh = new EndpointBench();
    for (const [id, row] of bench.rows) fresh.rows.set(id, row);
    await fresh.open();
    expect(fresh.redactor.text(text)).toBe("*** *** production *** token=***");
  });

  test("that was removed is gone, also after a restart, and what waits for it is cancelled", async () => {
    const bench = new EndpointBench();
    const registry = await bench.open();
    const { endpoint } = await registry.create(fields, "some secret");
    await registry.remove(endpoint.id);
    expect([bench.cancelled, [...bench.states]]).toEqual([[endpoint.id], []]);
    for (const each of [registry, await bench.open()]) {
      expect(each.list()).toEqual([]);
      expect(() => each.get(endpoint.id)).toThrow(expect.objectContaining({ code: "ENDPOINT_GONE" }));
      expect(() => each.get("ep_never")).toThrow(expect.objectContaining({ code: "ENDPOINT_NOT_FOUND" }));
    }
    expect(bench.rows.get(endpoint.id)?.secret.length).toBe(0);
    expect(await codeOf(registry.remove(endpoint.id))).toBe("ENDPOINT_GONE");
  });

  test("whose secret does not open any more stays, says so, and can only be removed", async () => {
    const bench = new EndpointBench();
    const { endpoint } = await (await bench.open()).create(fields, "some secret");
    bench.keyText = "another key";
    const registry = await bench.open();
    expect(registry.unusable).toEqual([endpoint.id]);
    expect(await registry.credentialsOf(endpoint.id)).toMatchObject({ ok: false });
    expect(await codeOf(registry.change(endpoint.id, (each) => each))).toBe("SECRET_MISSING");
    expect(await codeOf(registry.rotate(endpoint.id, "new", 0))).toBe("SECRET_MISSING");
    await registry.remove(endpoint.id);
    expect(registry.list()).toEqual([]);
  });

  test("is as it was where the disk is full", async () => {
    const bench = new EndpointBench();
    const registry = await bench.open();
    const { endpoint } = await registry.create(fields, "some secret");
    bench.isFull = true;
    expect(await codeOf(registry.change(endpoint.id, (each) => ({ ...each, enabled: false })))).toBe(
      "STORE_UNAVAILABLE",
    );
    expect(await codeOf(registry.rotate(endpoint.id, "new", hourMs))).toBe("STORE_UNAVAILABLE");
    expect(await codeOf(registry.remove(endpoint.id))).toBe("STORE_UNAVAILABLE");
    expect(registry.find(endpoint.id)).toBe(endpoint);
    expect(await registry.credentialsOf(endpoint.id)).toMatchObject({ secrets: ["some secret"] });
    bench.isFull = false;
    await registry.change(endpoint.id, (each) => ({ ...each, description: "it goes on" }));
    expect(registry.find(endpoint.id)?.description).toBe("it goes on");
  });

  test("keeps both of two changes at the same time", async () => {
    const registry = await new EndpointBench().open();
    const { endpoint } = await registry.create(fields, "some secret");
    await Promise.all([
      registry.change(endpoint.id, (each) => ({ ...each, description: "first" })),
      registry.change(endpoint.id, (each) => ({ ...each, ratePerMinute: 5 })),
    ]);
    expect(registry.find(endpoint.id)).toMatchObject({ description: "first", ratePerMinute: 5 });
  });

  test("that is enabled again begins with the events from then on, and nothing is held against it", async () => {
    const bench = new EndpointBench();
    const registry = await bench.open();
    const { endpoint } = await registry.create(fields, "some secret");
    registry.noteState({
      id: endpoint.id,
      afterSeq: 10,
      failingSince: 5,
      failingToldAt: null,
      disabledAt: 6,
      disabledReason: "gone",
    });
    bench.newestSeq = 500;
    await registry.change(endpoint.id, (each) => ({ ...each, description: "as disabled as it was" }));
    expect([registry.isEnabled(endpoint.id), registry.stateOf(endpoint.id).disabledReason]).toEqual([false, "gone"]);
    await registry.change(endpoint.id, (each) => ({ ...each, enabled: true }));
    const anew = {
      id: endpoint.id,
      afterSeq: 500,
      failingSince: null,
      failingToldAt: null,
      disabledAt: null,
      disabledReason: null,
    };
    expect(registry.stateOf(endpoint.id)).toEqual(anew);
    bench.newestSeq = 600;
    await registry.change(endpoint.id, (each) => ({ ...each, description: "nothing was wrong" }));
    expect(registry.stateOf(endpoint.id).afterSeq).toBe(500);
    expect(bench.states.get(endpoint.id)).toEqual(anew);
  });

  test("is one of at most 1,000", async () => {
    const registry = await new EndpointBench().open();
    for (let made = 0; made < 1000; made++) await registry.create(fields, "some secret");
    expect(await codeOf(registry.create(fields, "some secret"))).toBe("ENDPOINT_LIMIT");
    const [first] = registry.list();
    await registry.remove(first?.id ?? "");
    expect(await codeOf(registry.create(fields, "some secret"))).toBe("done");
  });

  test("tells of each change, of its state too", async () => {
    const registry = await new EndpointBench().open();
    const told: string[] = [];
    const stop = registry.onChange((id) => told.push(id));
    const { endpoint } = await registry.create(fields, "some secret");
    await registry.change(endpoint.id, (each) => ({ ...each, enabled: false }));
    registry.noteState(registry.stateOf(endpoint.id));
    await registry.remove(endpoint.id);
    expect(told).toEqual([endpoint.id, endpoint.id, endpoint.id, endpoint.id]);
    stop();
    await registry.create(fields, "some secret");
    expect(told.length).toBe(4);
  });
});

describe("a rotation", () => {
  test("lets both secrets count for as long as was said, and the new one alone from then on", async () => {
    const bench = new EndpointBench();
    const registry = await bench.open();
    const { endpoint } = await registry.create(fields, "the old one");
    await registry.rotate(endpoint.id, "the new one", 24 * hourMs);
    const secretsAt = async (ms: number, each = registry) => {
      bench.nowMs = 1_000_000 + ms;
      return await each.credentialsOf(endpoint.id);
    };
    expect(await secretsAt(24 * hourMs - 1)).toMatchObject({ secrets: ["the new one", "the old one"] });
    expect(await secretsAt(24 * hourMs)).toMatchObject({ secrets: ["the new one"] });
    const again = await bench.open();
    expect(await secretsAt(24 * hourMs - 1, again)).toMatchObject({ secrets: ["the new one", "the old one"] });
    await again.change(endpoint.id, (each) => ({ ...each, description: "changed meanwhile" }));
    expect(await secretsAt(1, await bench.open())).toMatchObject({ secrets: ["the new one", "the old one"] });
    expect(again.get(endpoint.id).previousUntil).toBe(1_000_000 + 24 * hourMs);
  });

  test("ends the old one at once where that is asked for, and the one before that in any case", async () => {
    const registry = await new EndpointBench().open();
    const { endpoint } = await registry.create(fields, "first one");
    await registry.rotate(endpoint.id, "second one", hourMs);
    await registry.rotate(endpoint.id, "third one", hourMs);
    expect(await registry.credentialsOf(endpoint.id)).toMatchObject({ secrets: ["third one", "second one"] });
    await registry.rotate(endpoint.id, "fourth one", 0);
    expect(await registry.credentialsOf(endpoint.id)).toMatchObject({ secrets: ["fourth one"] });
    expect(registry.get(endpoint.id).previousUntil).toBeNull();
  });
});

describe("credentials", () => {
  test("are looked up each time, so that what a reference leads to may change", async () => {
    const bench = new EndpointBench();
    const registry = await bench.open();
    const headers = { Authorization: "env:HOOK_TOKEN", "X-Plain": "as it is" };
    const { endpoint } = await registry.create({ ...fields, headers }, "env:HOOK_SECRET");
    const credentials = async () => await registry.credentialsOf(endpoint.id);
    expect(await credentials()).toEqual({
      ok: false,
      field: "secret",
      message: "the environment variable HOOK_SECRET is not set",
    });
    bench.env["HOOK_SECRET"] = "from there";
    expect(await credentials()).toEqual({
      ok: false,
      field: "headers.Authorization",
      message: "header Authorization: the environment variable HOOK_TOKEN is not set",
    });
    bench.env["HOOK_TOKEN"] = "a token";
    expect(await credentials()).toEqual({
      ok: true,
      secrets: ["from there"],
      headers: { Authorization: "a token", "X-Plain": "as it is" },
    });
  });
});

test("a reference to what no header can hold is told by the header's name, without the value", async () => {
  const bench = new EndpointBench();
  const registry = await bench.open();
  const { endpoint } = await registry.create({ ...fields, headers: { "X-Key": "env:HOOK_KEY" } }, "some secret");
  for (const value of ["hunter2\r\nX-Evil: 1", "hunter2 €", "hunter2\0"]) {
    bench.env["HOOK_KEY"] = value;
    const message =
      "header X-Key: what its reference leads to holds a line break, or characters that no header can hold";
    expect(await registry.credentialsOf(endpoint.id)).toEqual({ ok: false, field: "headers.X-Key", message });
  }
});

describe("endpoints of runner.toml", () => {
  test("are there under their names, before the others, and are not changed by the API", async () => {
    const bench = new EndpointBench();
    const registry = await bench.open([declared("zeta"), declared("alpha")]);
    const { endpoint } = await registry.create(fields, "some secret");
    expect(registry.list().map(({ id }) => id)).toEqual(["ep_alpha", "ep_zeta", endpoint.id]);
    expect(registry.find("ep_zeta")).toMatchObject({ name: "zeta", source: "file" });
    expect(bench.rows.has("ep_zeta")).toBe(false);
    expect(await codeOf(registry.change("ep_zeta", (each) => each))).toBe("ENDPOINT_DECLARED");
    expect(await codeOf(registry.rotate("ep_zeta", "x", 0))).toBe("ENDPOINT_DECLARED");
    expect(await codeOf(registry.remove("ep_zeta"))).toBe("ENDPOINT_DECLARED");
  });

  test("keep their state over a restart, and lose it with what waits for them when they are taken out", async () => {
    const bench = new EndpointBench();
    await bench.open([declared("kept"), declared("gone")]);
    bench.newestSeq = 99;
    const registry = await bench.open([declared("kept"), declared("new")]);
    expect(bench.cancelled).toEqual(["ep_gone"]);
    expect(registry.stateOf("ep_kept").afterSeq).toBe(10);
    expect(registry.stateOf("ep_new").afterSeq).toBe(99);
    expect([...bench.states.keys()].toSorted()).toEqual(["ep_kept", "ep_new"]);
  });

  test("are replaced while the server runs: only what differs is told", async () => {
    const bench = new EndpointBench();
    const registry = await bench.open([declared("same"), declared("changed"), declared("gone")]);
    const { endpoint } = await registry.create(fields, "some secret");
    const told: string[] = [];
    registry.onChange((id) => told.push(id));
    await registry.replaceDeclared([declared("same"), declared("changed", { events: ["*"] }), declared("new")]);
    expect(told.toSorted()).toEqual(["ep_changed", "ep_gone", "ep_new"]);
    expect(registry.find("ep_changed")?.events).toEqual(["*"]);
    expect(registry.find(endpoint.id)).toBe(endpoint);
    expect(() => registry.get("ep_gone")).toThrow(expect.objectContaining({ code: "ENDPOINT_GONE" }));
  });

  test("begin anew when they are enabled, or changed after the server has disabled them", async () => {
    const bench = new EndpointBench();
    const registry = await bench.open([declared("off", { enabled: false }), declared("dead")]);
    registry.noteState({
      id: "ep_dead",
      afterSeq: 10,
      failingSince: 5,
      failingToldAt: null,
      disabledAt: 6,
      disabledReason: "410",
    });
    bench.newestSeq = 50;
    await registry.replaceDeclared([declared("off"), declared("dead")]);
    expect(registry.stateOf("ep_off").afterSeq).toBe(50);
    expect(registry.stateOf("ep_dead").disabledAt).toBe(6);
    await registry.replaceDeclared([declared("off"), declared("dead", { url: "https://example.org/new" })]);
    expect(registry.stateOf("ep_dead")).toMatchObject({ afterSeq: 50, disabledAt: null });
  });

  test("take over nothing of the new list where the disk is full", async () => {
    const bench = new EndpointBench();
    const registry = await bench.open([declared("one")]);
    bench.isFull = true;
    expect(await codeOf(registry.replaceDeclared([declared("two")]))).toBe("STORE_UNAVAILABLE");
    expect(registry.list().map(({ id }) => id)).toEqual(["ep_one"]);
  });
});
