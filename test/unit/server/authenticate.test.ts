// The token, and the session that stands for it.

import { describe, expect, test } from "bun:test";
import { authenticate, type Guarded } from "../../../src/server/authenticate.ts";
import { Sessions } from "../../../src/server/sessions.ts";

const clock = { now: () => 1_700_000_000_000 };

function ask(headers: Readonly<Record<string, string>>, guarded: Guarded = "api", token = "secret") {
  const credentials = { token, sessions: new Sessions("secret", clock) };
  return () => authenticate(new Request("http://nas/api/runs", { headers }), guarded, credentials);
}

describe("the token", () => {
  test.each(["Bearer secret", "bearer secret", "BEARER   secret "])("%j is let in", (authorization) => {
    expect(ask({ authorization })).not.toThrow();
  });

  test.each(["", "secret", "Bearer", "Bearer ", "Bearer secre", "Bearer secret2", "Basic secret", "Bearer secret x"])(
    "%j is refused with one and the same sentence",
    (authorization) => {
      expect(ask({ authorization })).toThrow(
        expect.objectContaining({ code: "UNAUTHORIZED", message: "this needs the server's token" }),
      );
    },
  );

  test("an empty token of the server lets nobody in", () => {
    for (const authorization of ["Bearer ", "Bearer"]) expect(ask({ authorization }, "api", "")).toThrow();
    expect(ask({}, "api", "")).toThrow();
  });
});

describe("a session", () => {
  const cookie = new Sessions("secret", clock).open(false).split(";")[0] ?? "";

  test("counts for the API only where the browser says that the server's own page asks", () => {
    expect(ask({ cookie, "sec-fetch-site": "same-origin" })).not.toThrow();
    for (const site of ["same-site", "cross-site", "none", "Same-Origin ", ""]) {
      expect(ask({ cookie, "sec-fetch-site": site })).toThrow("the session does not count");
    }
    expect(ask({ cookie })).toThrow(
      expect.objectContaining({ code: "UNAUTHORIZED", hint: expect.stringContaining("HTTPS") }),
    );
  });

  test("counts for pages that are typed, linked to, or loaded by pages of ours", () => {
    for (const site of ["same-origin", "none"]) expect(ask({ cookie, "sec-fetch-site": site }, "page")).not.toThrow();
    expect(ask({ cookie }, "page")).not.toThrow();
    const linked = { cookie, "sec-fetch-site": "same-site", "sec-fetch-mode": "navigate" };
    expect(ask(linked, "page")).not.toThrow();
    for (const site of ["same-site", "cross-site"]) {
      expect(ask({ cookie, "sec-fetch-site": site, "sec-fetch-mode": "no-cors" }, "page")).toThrow();
    }
  });

  test("does not help a wrong token", () => {
    expect(ask({ cookie, "sec-fetch-site": "same-origin", authorization: "Bearer wrong" })).toThrow();
  });

  test("counts beside what a proxy asks for", () => {
    expect(ask({ cookie, "sec-fetch-site": "same-origin", authorization: "Basic YTpi" })).not.toThrow();
  });
});
