import { describe, expect, test } from "bun:test";
import { detectProvider, providerNames, toInboundRequest } from "../../../src/webhooks/webhooks.ts";

describe("toInboundRequest()", () => {
  const received = {
    method: "PUT",
    url: "/api/webhooks/x?a=1&signature=s",
    headers: { "Content-Type": "text/plain", "x-a": "1", "X-A": "2", ["__proto__"]: "kept" },
    query: { a: "1", signature: "s" },
    body: Uint8Array.of(0, 255),
  };
  const request = toInboundRequest(received, { provider: "github", eventType: "push" });

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

describe("detectProvider()", () => {
  test("tells github, slack and anything else apart by their headers", () => {
    expect(detectProvider({ "x-github-event": "push" })).toBe("github");
    expect(detectProvider({ "x-slack-signature": "v0=" })).toBe("slack");
    expect(detectProvider({ "x-hub-signature-256": "sha256=" })).toBe("generic");
  });

  test("returns the pinned provider whatever the headers", () => {
    expect(detectProvider({ "x-github-event": "push" }, "slack")).toBe("slack");
  });

  test("knows the providers of the documentation", () => {
    expect(providerNames).toEqual(["github", "slack", "generic"]);
  });
});
