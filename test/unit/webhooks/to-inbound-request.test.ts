import { describe, expect, test } from "bun:test";
import { toInboundRequest } from "../../../src/webhooks/webhooks.ts";

describe("toInboundRequest()", () => {
  const received = {
    method: "PUT",
    url: "/api/webhooks/x?a=1&signature=s",
    headers: { "Content-Type": "text/plain", "x-a": "1", "X-A": "2", ["__proto__"]: "kept" },
    query: { a: "1", signature: "s" },
    body: Uint8Array.of(0, 255),
  };
  const { request } = toInboundRequest(received, { provider: "github", eventType: "push" });

  test("lowers the names of headers and joins those that differ only in case", () => {
    expect(Object.entries(request.headers)).toEqual([
      ["content-type", "text/plain"],
      ["x-a", "1, 2"],
      ["__proto__", "kept"],
    ]);
  });

  test("keeps method, address, query and bytes as received", () => {
    expect(request).toMatchObject({ provider: "github", eventType: "push", method: "PUT", url: received.url });
    expect(request.query).toEqual({ a: "1", signature: "s" });
    expect(request.body).toEqual(Uint8Array.of(0, 255));
  });
});
