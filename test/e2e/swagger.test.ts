// The pages of the compiled binary in the real Chromium, with the network cut.

import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { launchBrowser, visit } from "../fixtures/harness/browser.ts";

let server: BinaryServer;
let browser: Browser;

beforeAll(async () => {
  const pipelines = { "hello.ts": 'export const pipeline = () => "hello";\n' };
  [server, browser] = await Promise.all([BinaryServer.start({ pipelines }), launchBrowser()]);
});

afterAll(async () => {
  await browser.close();
  await server.remove();
});

async function logIn(page: Page, next = "/swagger"): Promise<void> {
  await page.goto(`${server.url}/login?next=${encodeURIComponent(next)}`);
  await page.getByLabel("Token").fill(server.token);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL(server.url + next);
}

test("the documentation opens, asks nobody else for anything, and its operations work with the session", async () => {
  const { page, context, foreign, complaints } = await visit(browser);
  await page.goto(`${server.url}/swagger`);
  expect(new URL(page.url()).pathname).toBe("/login");
  await logIn(page);
  await page.getByText("List pipelines with their state and last run").first().click();
  await page.getByRole("heading", { name: "List pipelines with their state and last run" }).waitFor();
  for (const name of [
    "Start a run",
    "Upload a pipeline",
    "Read or follow a run's log",
    "Download a file that a run has kept",
  ]) {
    expect(await page.getByText(name).count()).toBeGreaterThan(0);
  }
  await page.getByRole("button", { name: /Test Request.*\/api\/pipelines\)$/ }).click();
  const answered = page.waitForResponse((answer) => answer.url() === `${server.url}/api/pipelines`);
  await page.getByRole("button", { name: /^Send/ }).first().click();
  const answer = await answered;
  expect([answer.status(), await answer.text()]).toEqual([200, expect.stringContaining('"id":"hello"')]);
  expect(answer.request().headers()["authorization"] ?? "").not.toContain(server.token);
  expect([foreign, complaints]).toEqual([[], []]);
  await context.close();
});

test("the link that serve prints logs in, and leaves the token in no address and no history", async () => {
  const { page, context, complaints } = await visit(browser);
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(`${server.url}/login#token=${encodeURIComponent(server.token)}`);
  await page.waitForURL(`${server.url}/swagger`);
  await page.goBack();
  expect(page.url()).not.toContain("token");
  expect(asked.filter((url) => url.includes(server.token))).toEqual([]);
  expect(complaints).toEqual([]);
  await context.close();
});

test("a wrong token is said to be wrong, a right one after it is taken, and logging out ends it", async () => {
  const { page, context } = await visit(browser);
  await page.goto(`${server.url}/login#token=wrong-from-a-link`);
  await page.getByRole("alert").waitFor();
  expect(page.url()).toBe(`${server.url}/login`);
  await page.getByLabel("Token").fill("wrong-by-typing");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("alert").waitFor();
  await logIn(page);
  const [cookie] = await context.cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/" });
  await page.goto(`${server.url}/login`);
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByLabel("Token").waitFor();
  expect(await context.cookies()).toEqual([]);
  await page.goto(`${server.url}/swagger`);
  expect(new URL(page.url()).pathname).toBe("/login");
  await context.close();
});

test("typing the token works without JavaScript", async () => {
  const { page, context } = await visit(browser, { javaScriptEnabled: false });
  await logIn(page, "/swagger/json");
  expect(await page.content()).toContain("listPipelines");
  await context.close();
});

test("over plain HTTP the documentation opens, and the session does not open the API", async () => {
  const { page, context, complaints } = await visit(browser);
  const url = server.url.replace("127.0.0.1", "nas");
  await page.goto(`${url}/login`);
  expect(await page.getByText("neither HTTPS nor localhost").isVisible()).toBe(true);
  await page.getByLabel("Token").fill(server.token);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL(`${url}/swagger`);
  await page.getByText("List pipelines with their state and last run").first().waitFor();
  expect(complaints.filter((complaint) => !complaint.includes("Cross-Origin-Opener-Policy"))).toEqual([]);
  const answer = await page.evaluate(`fetch("/api/runs").then(async (answer) => [answer.status, await answer.text()])`);
  expect(answer).toEqual([401, expect.stringContaining("Sec-Fetch-Site")]);
  await context.close();
});

test("a page of another origin cannot use the session, neither to read nor to act", async () => {
  using evil = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response("<!doctype html><title>evil</title>", { headers: { "content-type": "text/html" } }),
  });
  const { page, context } = await visit(browser);
  await logIn(page);
  // Another port of one host is the same site, so the browser does send the cookie.
  await page.goto(`http://127.0.0.1:${String(evil.port)}/`);
  // As a text, because it runs in the page.
  const outcome = await page.evaluate(`(async (url) => {
    const read = await fetch(url + "/api/runs", { credentials: "include" }).then(() => "read", () => "refused");
    await fetch(url + "/api/pipelines/hello/trigger", { method: "POST", mode: "no-cors", credentials: "include" });
    const frame = document.createElement("iframe");
    frame.src = url + "/login";
    document.body.append(frame);
    await new Promise((resolve) => (frame.onload = resolve));
    return read;
  })(${JSON.stringify(server.url)})`);
  expect(outcome).toBe("refused");
  expect(await server.listRuns()).toEqual([]);
  const framed = page.frames().find((frame) => frame !== page.mainFrame());
  expect(await framed?.locator("form").count()).toBe(0);
  await context.close();
});
