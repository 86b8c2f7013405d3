// URLs and signatures as functions of their input.

import { describe, expect, test } from "bun:test";
import { createHmac, getHashes } from "node:crypto";
import fc from "fast-check";
import { hmac, parseUrl } from "../../../src/sandbox/process/pure-operations.ts";

function parse(question: unknown): unknown {
  return JSON.parse(parseUrl(JSON.stringify(question)));
}

function sign(question: unknown): unknown {
  return JSON.parse(hmac(JSON.stringify(question)));
}

describe("parseUrl()", () => {
  test("gives every part", () => {
    expect(parse({ url: "https://a:b@host.example:8443/p/%20q?x=1#h" })).toEqual({
      href: "https://a:b@host.example:8443/p/%20q?x=1#h",
      origin: "https://host.example:8443",
      protocol: "https:",
      username: "a",
      password: "b",
      host: "host.example:8443",
      hostname: "host.example",
      port: "8443",
      pathname: "/p/%20q",
      search: "?x=1",
      hash: "#h",
    });
  });

  test("takes a base", () => {
    expect(parse({ url: "../c", base: "http://h/a/b/" })).toMatchObject({ href: "http://h/a/c" });
    expect(parse({ url: "c" })).toBeNull();
    expect(parse({ url: "c", base: "no base" })).toBeNull();
  });

  test.each([
    [["port", "99"], "http://h:99/a"],
    [["pathname", "/x y"], "http://h/x%20y"],
    [["search", "q=1"], "http://h/a?q=1"],
    [["href", "ftp://other/"], "ftp://other/"],
    [["origin", "http://evil"], "http://h/a"],
    [["searchParams", "x"], "http://h/a"],
    [["__proto__", "x"], "http://h/a"],
    [["toString", "x"], "http://h/a"],
  ])("after setting %j is %p", (set, href) => {
    expect(parse({ url: "http://h/a", set })).toMatchObject({ href });
  });

  test("is null, not an error, where a part cannot be set", () => {
    expect(parse({ url: "http://h/a", set: ["href", "no url"] })).toBeNull();
  });

  test("agrees with URL on any text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.webUrl({ withFragments: true, withQueryParameters: true }), fc.string()), (url) => {
        expect(parse({ url })).toEqual(URL.canParse(url) ? expect.objectContaining({ href: new URL(url).href }) : null);
      }),
    );
  });
});

describe("hmac()", () => {
  test("is that of RFC 4231, test case 2", () => {
    const [key, message] = ["Jefe", "what do ya want for nothing?"].map((text) => btoa(text));
    const hex = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    for (const algorithm of ["sha256", "SHA256", "SHA-256", "sha-256"]) {
      expect(sign({ algorithm, key, message })).toEqual({ hex });
    }
  });

  test("is that of node:crypto for any key and message, empty ones too", () => {
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.uint8Array(),
        fc.constantFrom("sha1", "sha256", "sha512"),
        (key, data, algorithm) => {
          const [base64Key, message] = [key, data].map((bytes) => Buffer.from(bytes).toString("base64"));
          const hex = createHmac(algorithm, key).update(data).digest("hex");
          expect(sign({ algorithm, key: base64Key, message })).toEqual({ hex });
        },
      ),
    );
  });

  test.each(["", "md6", "constructor", "sha-", "none"])(
    "of the unknown algorithm %p says so and names others",
    (algorithm) => {
      expect(sign({ algorithm, key: "", message: "" })).toEqual({ error: expect.stringContaining("sha256") });
    },
  );

  test("answers for every algorithm that the machine lists", () => {
    for (const algorithm of getHashes()) {
      const answer = sign({ algorithm, key: "a2V5", message: "" }) as { hex?: string; error?: string };
      expect(typeof (answer.hex ?? answer.error)).toBe("string");
    }
  });
});
