// Forms of other sites.

import { expect, test } from "bun:test";
import { refuseCrossSite } from "../../../src/server/refuse-cross-site.ts";

const send =
  (headers: Readonly<Record<string, string>>, publicUrl: string | null = null) =>
  () =>
    refuseCrossSite(
      new Request("http://nas:8080/login", { method: "POST", headers: { host: "nas:8080", ...headers } }),
      publicUrl,
    );

test.each([
  {},
  { "sec-fetch-site": "same-origin", origin: "https://behind.a.proxy" },
  { "sec-fetch-site": "none" },
  { origin: "http://nas:8080" },
  { origin: "http://NAS:8080" },
])("%j is taken", (headers) => {
  expect(send(headers)).not.toThrow();
});

test.each([
  { "sec-fetch-site": "cross-site" },
  { "sec-fetch-site": "same-site", origin: "http://nas:8080" },
  { origin: "http://evil" },
  { origin: "http://nas:9090" },
  { origin: "null" },
  { origin: "nonsense" },
])("%j is refused", (headers) => {
  expect(send(headers)).toThrow(expect.objectContaining({ code: "CROSS_SITE" }));
});

test("the public address is ours behind a proxy that changes Host, and no other is", () => {
  const behind = { host: "127.0.0.1:8080", origin: "http://runner.lan" };
  expect(send(behind, "http://runner.lan/base")).not.toThrow();
  expect(send(behind, "http://other.lan")).toThrow();
  expect(send({ ...behind, origin: "null" }, "http://runner.lan")).toThrow();
});
