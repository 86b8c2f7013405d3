// The page behind the link of an approval, without a port.

import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import { createServer } from "../../../src/server/server.ts";
import { createFakeEngine, type FakeEngine, linkedApproval, runId, token } from "./fake-engine.ts";

const now = linkedApproval.expiresAt - 90 * 60 * 1000;
const clock = { now: () => now, elapsed: () => 0, after: () => () => {} };
const path = "/approve/some.code";
const browser = { accept: "text/html,application/xhtml+xml", "sec-fetch-mode": "navigate", "sec-fetch-site": "none" };
const ownForm = { accept: "text/html", "sec-fetch-site": "same-origin", origin: "http://nas" };

function serve(engine: FakeEngine = createFakeEngine()) {
  const server = createServer({ engine, token, clock });
  const ask = (init: RequestInit = {}) => server.handle(new Request(`http://nas${path}`, init));
  const post = (form: Record<string, string>, headers: Record<string, string> = ownForm) =>
    ask({ method: "POST", body: new URLSearchParams(form), headers: { host: "nas", ...headers } });
  return { engine, ask, post };
}

function refusing(code: AppError["code"], message: string): FakeEngine {
  const refuse = async (): Promise<never> => {
    throw new AppError(code, message, { hint: "see `runner runs`" });
  };
  return createFakeEngine({ findLinkedApproval: refuse, decideLinked: refuse });
}

describe("the page", () => {
  test("needs no token, and shows what is asked, of which run, and until when", async () => {
    const answer = await serve().ask({ headers: browser });
    expect(answer.status).toBe(200);
    const html = await answer.text();
    for (const part of ["Deploy 1.2.3?", "deploy", "go-live", runId, "2023-11-14 22:23 UTC", "in 1 h 30 min"]) {
      expect(html).toContain(part);
    }
  });

  test("changes nothing, whoever looks, as a bot that makes a preview of a link does", async () => {
    const { engine, ask } = serve();
    const bots = [
      "Slackbot-LinkExpanding 1.0",
      "WhatsApp/2.0",
      "facebookexternalhit/1.1",
      "TelegramBot (like TwitterBot)",
    ];
    for (const agent of bots) {
      for (const method of ["GET", "HEAD"]) {
        expect((await ask({ method, headers: { "user-agent": agent, accept: "*/*" } })).status).toBe(200);
      }
    }
    expect(engine.asked.news).toEqual([]);
  });

  test("lets nothing in from elsewhere, sends nothing elsewhere, and is in nobody's frame or cache", async () => {
    const answer = await serve().ask({ headers: browser });
    const policy = answer.headers.get("content-security-policy") ?? "";
    for (const part of ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"]) {
      expect(policy).toContain(part);
    }
    expect(policy).not.toContain("script-src");
    expect(await answer.text()).not.toContain("<script");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("referrer-policy")).toBe("same-origin");
    expect(answer.headers.get("set-cookie")).toBeNull();
  });

  test("shows texts of a script as texts", async () => {
    const hostile = { ...linkedApproval, name: "<b>x</b>", message: '</h2><script>alert(1)</script>"&' };
    const { ask } = serve(createFakeEngine({ findLinkedApproval: async () => hostile }));
    const html = await (await ask({ headers: browser })).text();
    expect(html).not.toContain("<script>alert");
    expect(html).toContain("&lt;/h2&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&amp;");
    expect(html).not.toContain("<b>");
  });
});

describe("its form", () => {
  test.each([
    [{ decision: "approve" }, { approved: true, by: "link", comment: null }, "Approved."],
    [{ decision: "deny" }, { approved: false, by: "link", comment: null }, "Denied."],
    [
      { decision: "approve", by: " Ada ", comment: " fine " },
      { approved: true, by: "Ada", comment: "fine" },
      "Approved.",
    ],
    [{ decision: "deny", by: "x".repeat(500) }, { approved: false, by: "x".repeat(100), comment: null }, "Denied."],
  ])("%j decides", async (form, decision, said) => {
    const { engine, post } = serve();
    const answer = await post(form as Record<string, string>);
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining(said)]);
    expect(engine.asked.news).toEqual([["some.code", decision]]);
  });

  test.each([{}, { decision: "" }, { decision: "maybe" }, { approve: "1" }])("%j decides nothing", async (form) => {
    const { engine, post } = serve();
    expect((await post(form as Record<string, string>)).status).toBe(400);
    expect(engine.asked.news).toEqual([]);
  });

  test.each([
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin: "https://evil.example" },
  ])("decides nothing from another site's page, as %j tells", async (headers) => {
    const { engine, post } = serve();
    const answer = await post({ decision: "approve" }, { accept: "text/html", ...headers } as Record<string, string>);
    expect(answer.status).toBe(403);
    expect(engine.asked.news).toEqual([]);
  });

  test("is not read without end", async () => {
    const { engine, post } = serve();
    expect((await post({ decision: "approve", comment: "x".repeat(40_000) })).status).toBe(413);
    expect(engine.asked.news).toEqual([]);
  });
});

describe("a link that decides nothing any more", () => {
  test.each([
    ["LINK_USED", 410],
    ["LINK_EXPIRED", 410],
    ["NOT_FOUND", 404],
  ] as const)("%s is a page with the reason for a person, and a problem for a program: %i", async (code, status) => {
    const { ask, post } = serve(refusing(code, "the approval is decided: approved by <ada>"));
    for (const answer of [await ask({ headers: browser }), await post({ decision: "approve" })]) {
      expect([answer.status, answer.headers.get("content-type")]).toEqual([status, "text/html; charset=utf-8"]);
      expect(await answer.text()).toContain("The approval is decided: approved by &lt;ada&gt;.");
    }
    const program = await ask();
    expect([program.status, program.headers.get("content-type")]).toEqual([status, "application/problem+json"]);
    expect(await program.json()).toMatchObject({ code, detail: "the approval is decided: approved by <ada>" });
  });
});

test("it is found below the path of the public address, and its form leads back to where it was", async () => {
  const engine = createFakeEngine();
  const server = createServer({ engine, token, clock, publicUrl: "https://box.example.org/runner" });
  const url = `http://127.0.0.1:8080/runner${path}`;
  const answer = await server.handle(new Request(url, { headers: browser }));
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('<form method="post">')]);
  // As a proxy passes it on that changes Host.
  const headers = { accept: "text/html", origin: "https://box.example.org" };
  const body = new URLSearchParams({ decision: "deny" });
  expect((await server.handle(new Request(url, { method: "POST", headers, body }))).status).toBe(200);
  expect(engine.asked.news).toHaveLength(1);
});

test("nothing else is open beside the page", async () => {
  const server = createServer({ engine: createFakeEngine(), token });
  for (const other of ["/approve", "/approves/x", "/api/approve/x", "/approve/x/y", "/approve/../api/runs"]) {
    expect((await server.handle(new Request(`http://nas${other}`))).status).toBeOneOf([401, 404]);
  }
  const put = await server.handle(new Request(`http://nas${path}`, { method: "PUT" }));
  expect([put.status, put.headers.get("allow")]).toEqual([405, "GET, HEAD, POST"]);
});
