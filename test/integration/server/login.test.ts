// Logging in and out, without a port.

import { describe, expect, test } from "bun:test";
import { createServer } from "../../../src/server/server.ts";
import { createFakeEngine, token } from "./fake-engine.ts";

const origin = "http://nas:8080";
const clock = { now: () => 1_700_000_000_000, elapsed: () => 0, after: passAtOnce };
const waits: number[] = [];

/** Time that passes at once, and tells how long it was. */
function passAtOnce(delayMs: number, callback: () => void): () => void {
  waits.push(delayMs);
  const timer = setTimeout(callback, 0);
  return () => clearTimeout(timer);
}

function serve(engine = createFakeEngine()) {
  const server = createServer({ engine, token, clock });
  const ask = (path: string, init: RequestInit = {}) => server.handle(new Request(origin + path, init));
  const post = (path: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
    ask(path, { method: "POST", body: new URLSearchParams(form), headers: { host: "nas:8080", ...headers } });
  return { ask, post, engine };
}

const asPage = { accept: "text/html,application/xhtml+xml", "sec-fetch-mode": "navigate", "sec-fetch-site": "none" };

async function openSession(): Promise<string> {
  const answer = await serve().post("/login", { token });
  return answer.headers.get("set-cookie")?.split(";")[0] ?? "";
}

describe("a browser without a session", () => {
  test.each([
    ["/swagger", "./login?next=%2Fswagger"],
    ["/swagger/json?a=b", "../login?next=%2Fswagger%2Fjson%3Fa%3Db"],
    ["/", "./login?next=%2F"],
  ])("is sent from %s to %s", async (path, address) => {
    const answer = await serve().ask(path, { headers: asPage });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, address]);
  });

  test.each([
    ["/api/runs", asPage],
    ["/nothing", asPage],
    ["/swagger", { accept: "*/*" }],
    ["/swagger/json", { accept: "text/html", "sec-fetch-mode": "cors" }],
    ["/swaggers", asPage],
  ])("is not sent anywhere from %s, which is 401", async (path, headers) => {
    expect((await serve().ask(path, { headers })).status).toBe(401);
  });
});

describe("the login page", () => {
  test("lets nothing in from elsewhere, and nobody frame it", async () => {
    const answer = await serve().ask("/login");
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(answer.headers.get("x-frame-options")).toBe("DENY");
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  test("is a form that needs no script, and goes on only on this server", async () => {
    const html = await (await serve().ask("/login?next=/swagger/json")).text();
    expect(html).toContain('<form id="login" method="post" action="login">');
    expect(html).toContain('name="next" value="/swagger/json"');
    for (const next of ["//evil", "/\\evil", "https://evil", '/"><script>alert(1)</script>']) {
      const page = await (await serve().ask(`/login?next=${encodeURIComponent(next)}`)).text();
      expect(page).not.toContain("evil");
      expect(page).not.toContain("alert(1)");
    }
  });

  test("takes no token from the address", async () => {
    const answer = await serve().ask(`/login?token=${token}`);
    expect(answer.headers.has("set-cookie")).toBe(false);
    expect(await answer.text()).not.toContain(token);
  });

  test("of a browser that is logged in offers to log out", async () => {
    const cookie = await openSession();
    expect(await (await serve().ask("/login", { headers: { ...asPage, cookie } })).text()).toContain('action="logout"');
  });
});

describe("logging in", () => {
  test("with the token, spaces around it or not, sets the cookie and goes on", async () => {
    for (const typed of [token, ` ${token}\n`]) {
      const answer = await serve().post("/login", { token: typed, next: "/swagger/json" });
      expect([answer.status, answer.headers.get("location")]).toEqual([303, "./swagger/json"]);
      expect(answer.headers.get("set-cookie")).toMatch(/HttpOnly; SameSite=Strict$/);
    }
  });

  test.each(["//evil.example", "https://evil.example", "/\\evil.example"])("never goes on to %s", async (next) => {
    const answer = await serve().post("/login", { token, next });
    expect(answer.headers.get("location")).toBe("./swagger");
  });

  test.each([
    [{ origin: "https://nas.example" }, true],
    [{ "x-forwarded-proto": "https" }, true],
    [{ origin: "http://nas:8080", "x-forwarded-proto": "https" }, false],
    [{}, false],
  ])("from %j: Secure is %p", async (headers, secure) => {
    const answer = await serve().post("/login", { token }, { "sec-fetch-site": "same-origin", ...headers });
    expect(/^__Host-.*; Secure$/.test(answer.headers.get("set-cookie") ?? "")).toBe(secure);
  });

  test.each([{ token: "wrong" }, { token: "" }, {}, { next: "/swagger" }])(
    "with %j is the page again after a second, 401, without a cookie",
    async (form) => {
      waits.length = 0;
      const answer = await serve().post("/login", form as Record<string, string>);
      expect([answer.status, answer.headers.has("set-cookie"), waits.includes(1000)]).toEqual([401, false, true]);
      const html = await answer.text();
      expect(html).toContain('role="alert"');
      expect(html).not.toContain("wrong");
    },
  );

  test("with the right token is not held up by wrong ones", async () => {
    const { post } = serve();
    const wrong = Array.from({ length: 50 }, () => post("/login", { token: "wrong" }));
    expect((await post("/login", { token })).status).toBe(303);
    await Promise.all(wrong);
  });

  test("by another site's form is refused before its token is looked at", async () => {
    for (const headers of [{ "sec-fetch-site": "cross-site" }, { origin: "http://evil" }]) {
      const answer = await serve().post("/login", { token }, headers);
      expect([answer.status, answer.headers.has("set-cookie")]).toEqual([403, false]);
    }
  });

  test("with a body that no form has is 413", async () => {
    expect((await serve().post("/login", { token: "x".repeat(20_000) })).status).toBe(413);
  });
});

describe("a session", () => {
  test("opens the API to the server's own pages, and to nobody else", async () => {
    const cookie = await openSession();
    const ask = async (headers: Record<string, string>) =>
      (await serve().ask("/api/runs", { headers: { cookie, ...headers } })).status;
    expect(await ask({ "sec-fetch-site": "same-origin" })).toBe(200);
    expect(await ask({ "sec-fetch-site": "cross-site" })).toBe(401);
    expect(await ask({ "sec-fetch-site": "none" })).toBe(401);
    expect(await ask({})).toBe(401);
  });

  test("leads from / to the documentation", async () => {
    const answer = await serve().ask("/", { headers: { ...asPage, cookie: await openSession() } });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "./swagger"]);
  });

  test("says nothing to a webhook, which does not even get to see it", async () => {
    const { ask, engine } = serve();
    const cookie = `a=b; ${await openSession()}`;
    await ask("/api/webhooks/deploy", { headers: { cookie, "sec-fetch-site": "same-origin" } });
    await ask("/api/webhooks/deploy", { headers: { cookie: await openSession() } });
    expect(engine.asked.webhooks.map(({ headers }) => headers["cookie"])).toEqual(["a=b", undefined]);
  });

  test("ends by logging out, which another site cannot do", async () => {
    const { post } = serve();
    const answer = await post("/logout", {}, { "sec-fetch-site": "same-origin" });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "./login"]);
    expect(answer.headers.getSetCookie().map((each) => each.includes("Max-Age=0"))).toEqual([true, true]);
    expect((await post("/logout", {}, { "sec-fetch-site": "cross-site" })).status).toBe(403);
  });
});
