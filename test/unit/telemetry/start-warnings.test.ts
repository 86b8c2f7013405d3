// Which boxes and settings the operator is warned of at start, and which not.

import { describe, expect, test } from "bun:test";
import type { BoxFacts } from "../../../src/telemetry/box-facts.ts";
import { findStartWarnings, type ServerFacts } from "../../../src/telemetry/start-warnings.ts";

const nowMs = Date.UTC(2026, 10, 21);
const dayMs = 24 * 60 * 60 * 1000;

const goodBox: BoxFacts = {
  uid: 1000,
  inContainer: false,
  nowMs,
  executableMs: nowMs - dayMs,
  unit: null,
  fileSystem: null,
  maxOpenFiles: 65_536,
};
const goodServer: ServerFacts = {
  host: "127.0.0.1",
  port: 8080,
  tls: false,
  publicUrl: null,
  trustedProxies: { text: "" },
  unsigned: [],
  dataDir: "/srv/runner/data",
  maxConcurrentSteps: 8,
  maxConcurrentRuns: 64,
  newestRunMs: null,
};

function warnings(server: Partial<ServerFacts>, box: Partial<BoxFacts> = {}): readonly string[] {
  return findStartWarnings({ ...goodServer, ...server }, { ...goodBox, ...box }).map(
    ({ message, fields = {} }) => `${message} ${JSON.stringify(fields)}`,
  );
}

test("a usual box with the default settings gives none", () => {
  expect(warnings({})).toEqual([]);
});

describe("root", () => {
  test("is warned of, with what to do", () => {
    expect(warnings({}, { uid: 0 })).toEqual([expect.stringContaining("User=runner")]);
  });

  test("is usual in a container", () => {
    expect(warnings({}, { uid: 0, inContainer: true })).toEqual([]);
  });
});

describe("pipelines without a secret", () => {
  test("are named mildly where only this machine reaches them", () => {
    const [warning = "", ...more] = warnings({ unsigned: ["a", "b"] });
    expect(more).toEqual([]);
    expect(warning).toContain('"pipelines":"a, b"');
    expect(warning).not.toContain("EVERYBODY");
  });

  test("are named loudly where the network reaches them", () => {
    const [warning = ""] = warnings({ host: "0.0.0.0", unsigned: ["a"], publicUrl: "https://x.example" });
    expect(warning).toStartWith("EVERYBODY on the network can trigger these pipelines at 0.0.0.0:8080: ");
  });

  test("are not all listed where there are many", () => {
    const unsigned = Array.from({ length: 30 }, (_, index) => `p${String(index)}`);
    expect(warnings({ unsigned })[0]).toContain("p11 and 18 more");
  });
});

describe("a proxy in front that is not trusted", () => {
  const isWarned = (server: Partial<ServerFacts>): boolean =>
    warnings({ publicUrl: "https://hooks.example", unsigned: ["a"], ...server }).some((warning) =>
      warning.includes("count as this machine"),
    );

  test("is warned of where a pipeline has no secret, with what to set", () => {
    expect(isWarned({})).toBe(true);
    const proxied = { publicUrl: "https://hooks.example", unsigned: ["a"] };
    expect(warnings({ ...proxied, host: "localhost" })[1]).toContain("set --trusted-proxies=127.0.0.1,::1 ");
    expect(warnings({ ...proxied, host: null })[1]).toContain("set --trusted-proxies=unix ");
  });

  test("is not where it is trusted, where all have secrets, and where no proxy is known of", () => {
    expect(isWarned({ trustedProxies: { text: "127.0.0.1" } })).toBe(false);
    expect(isWarned({ unsigned: [] })).toBe(false);
    expect(isWarned({ publicUrl: null })).toBe(false);
    expect(isWarned({ host: "0.0.0.0" })).toBe(false);
  });
});

describe("HTTP without TLS", () => {
  const isWarned = (server: Partial<ServerFacts>): boolean =>
    warnings(server).some((warning) => warning.includes("in the clear"));

  test.each(["0.0.0.0", "::", "192.168.1.5", "fe80::1", "nas.local", "10.0.0.1"])("is warned of at %s", (host) => {
    expect(isWarned({ host })).toBe(true);
  });

  test.each(["127.0.0.1", "127.8.9.1", "::1", "0:0:0:0:0:0:0:1", "localhost", "LOCALHOST"])("is fine at %s", (host) => {
    expect(isWarned({ host })).toBe(false);
  });

  test("is fine at a unix socket, with a certificate, and behind a proxy that speaks HTTPS", () => {
    expect(isWarned({ host: null })).toBe(false);
    expect(isWarned({ host: "0.0.0.0", tls: true })).toBe(false);
    expect(isWarned({ host: "0.0.0.0", publicUrl: "https://hooks.example/base" })).toBe(false);
    expect(isWarned({ host: "0.0.0.0", publicUrl: "http://hooks.example" })).toBe(true);
  });
});

describe("a clock", () => {
  test("before the executable's date is warned of with both times", () => {
    const [warning = ""] = warnings({}, { executableMs: nowMs + dayMs });
    expect(warning).toContain("the clock says 2026-11-21T00:00:00.000Z, but this executable is of 2026-11-22");
    expect(warning).toContain("timedatectl");
  });

  test("before the newest run is warned of", () => {
    expect(warnings({ newestRunMs: nowMs + dayMs })).toEqual([expect.stringContaining("the newest run is of")]);
  });

  test("is given some minutes, and the past is no reason", () => {
    expect(warnings({ newestRunMs: nowMs + 60_000 }, { executableMs: nowMs + 60_000 })).toEqual([]);
    expect(warnings({ newestRunMs: nowMs - 400 * dayMs })).toEqual([]);
  });
});

describe("a unit of systemd", () => {
  test.each(["control-group", "mixed"])("with KillMode=%s would end steps", (killMode) => {
    expect(warnings({}, { unit: { name: "runner.service", killMode } })).toEqual([
      expect.stringContaining("set KillMode=process in runner.service (systemctl edit runner.service)"),
    ]);
  });

  test.each(["process", "none"])("with KillMode=%s leaves steps alone", (killMode) => {
    expect(warnings({}, { unit: { name: "runner.service", killMode } })).toEqual([]);
  });
});

describe("a data folder", () => {
  test("in memory or on a network is warned of with its path", () => {
    for (const [name, kind, says] of [
      ["tmpfs", "memory", "all runs are lost"],
      ["nfs", "network", "SQLite's locks"],
    ] as const) {
      const [warning = ""] = warnings({}, { fileSystem: { name, kind } });
      expect(warning).toContain("/srv/runner/data");
      expect(warning).toContain(says);
    }
  });

  test("in the layer of a container is warned of only in a container", () => {
    const fileSystem = { name: "overlay", kind: "layer" } as const;
    expect(warnings({}, { fileSystem })).toEqual([]);
    expect(warnings({}, { fileSystem, inContainer: true })).toEqual([expect.stringContaining("mount a volume")]);
  });
});

test("a limit of open files is warned of where it is too low for the settings", () => {
  expect(warnings({}, { maxOpenFiles: 256 })).toEqual([expect.stringContaining("LimitNOFILE=")]);
  expect(warnings({}, { maxOpenFiles: 1024 })).toEqual([]);
  expect(warnings({ maxConcurrentSteps: 200 }, { maxOpenFiles: 1024 })).toHaveLength(1);
});

test("what cannot be found out is no reason for a warning", () => {
  expect(warnings({}, { uid: -1, executableMs: null, maxOpenFiles: null })).toEqual([]);
});
