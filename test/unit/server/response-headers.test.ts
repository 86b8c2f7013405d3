// Headers of a script's answer.

import { describe, expect, test } from "bun:test";
import { responseHeaders } from "../../../src/server/response-headers.ts";

const defaults = {
  "content-security-policy": "sandbox",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};

describe("responseHeaders()", () => {
  test.each([
    "Connection",
    "keep-alive",
    "Transfer-Encoding",
    "TE",
    "trailer",
    "upgrade",
    "Proxy-Authenticate",
    "proxy-connection",
    "Content-Length",
  ])("drops %s", (name) => {
    expect({ ...responseHeaders({ [name]: "x" }) }).toEqual(defaults);
  });

  test.each(["a\r\nSet-Cookie: x", "a\nb", "a\rb", "a\0b", "a\u007Fb", "snow ☃"])("drops the value %j", (value) => {
    expect({ ...responseHeaders({ "x-a": value }) }).toEqual(defaults);
  });

  test.each(["", "a b", "a:b", "a\r\nb", "ä", "a(b)"])("drops the name %j", (name) => {
    expect({ ...responseHeaders({ [name]: "x" }) }).toEqual(defaults);
  });

  test("keeps good ones in lower case, tabs and latin-1 included", () => {
    expect(responseHeaders({ "X-Name": "caf\u00E9\tx", "content-type": "text/html" })).toMatchObject({
      "x-name": "caf\u00E9\tx",
      "content-type": "text/html",
    });
  });

  test("a script's own policy replaces the sandbox", () => {
    const headers = responseHeaders({ "Content-Security-Policy": "default-src 'none'", "Cache-Control": "max-age=60" });
    expect(headers["content-security-policy"]).toBe("default-src 'none'");
    expect(headers["cache-control"]).toBe("max-age=60");
  });

  test("a header called __proto__ is a header and not a prototype", () => {
    const headers = responseHeaders(JSON.parse('{"__proto__":"x"}') as Record<string, string>);
    expect(new Headers(headers).get("__proto__")).toBe("x");
  });

  test("a value that is no text is dropped", () => {
    const wanted = { "x-a": 5, "x-b": null, "x-c": ["y"] } as unknown as Record<string, string>;
    expect({ ...responseHeaders(wanted) }).toEqual(defaults);
  });
});
