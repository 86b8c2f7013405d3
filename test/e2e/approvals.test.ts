// Approvals, signals and runs of other pipelines with the compiled binary: `kill -9` in between, and the page for phones
// in the real Chromium.

import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Browser } from "playwright-core";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { launchBrowser, visit } from "../fixtures/harness/browser.ts";
import { runBinary } from "../fixtures/harness/run-binary.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";

const workspace = new Workspace({
  "release.ts": `export const pipeline = async () => {
    await runtime.run({ name: "build", command: "true" });
    const { approved, by, comment } = await approval({ name: "go-live", message: "Deploy 1.2.3 to production?", timeout: "4h" });
    return [approved, by, comment];
  };`,
  "ready.ts": `export const pipeline = async () => await signal.wait("ready");`,
  "above.ts": `export const pipeline = async () => await triggerPipeline("ready");`,
});
/** Pages are asked for by the name that links have. */
const publicUrl = "http://nas";
let server: BinaryServer;
let browser: Browser;

async function start(): Promise<BinaryServer> {
  return await BinaryServer.start({ workspace, args: [`--public-url=${publicUrl}`] });
}

beforeAll(async () => {
  [server, browser] = await Promise.all([start(), launchBrowser()]);
});

afterAll(async () => {
  await browser.close();
  await server.remove();
});

async function untilWaiting(id: string): Promise<void> {
  await server.waitForRun(id, ({ status }) => status === "waiting");
}

/** The link in the log of a run, as it is reached here. */
async function findLink(id: string): Promise<string> {
  const path = /http:\/\/nas(\/approve\/\S+)/.exec(await server.logText(id))?.[1] ?? "";
  expect(path).not.toBe("");
  return server.url + path;
}

const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

test("an approval asked for before kill -9 and given after it continues the run", async () => {
  const id = await server.trigger("release");
  await untilWaiting(id);
  await server.kill();
  server = await start();
  const { code, stdout } = await runBinary(workspace, ["approve", id, "--by", "ada", "--comment", "after a crash"]);
  expect([code, stdout]).toEqual([0, `approved "go-live" of run ${id}\n`]);
  expect(await server.waitForEnd(id)).toMatchObject({ status: "succeeded", result: [true, "ada", "after a crash"] });
  const second = await runBinary(workspace, ["deny", id, "go-live"]);
  expect([second.code, second.stderr]).toEqual([65, expect.stringContaining("approved by ada") as unknown as string]);
});

test("a signal and the end of another run find who waits for them after kill -9", async () => {
  const id = await server.trigger("above");
  await untilWaiting(id);
  const child = (await server.getRun(id)).steps[0]?.run_id ?? "";
  await untilWaiting(child);
  await server.kill();
  server = await start();
  const { code } = await runBinary(workspace, ["signal", child, "ready", "--data", '{"build":17}']);
  expect(code).toBe(0);
  expect(await server.waitForEnd(id)).toMatchObject({
    status: "succeeded",
    result: { id: child, status: "succeeded", result: { build: 17 } },
  });
});

test.each(["light", "dark"] as const)("the page on a phone, %s, decides with one touch", async (colorScheme) => {
  const id = await server.trigger("release");
  await untilWaiting(id);
  const link = await findLink(id);
  const { page, context, foreign, complaints } = await visit(browser, {
    ...phone,
    colorScheme,
    javaScriptEnabled: false,
  });
  await page.goto(link);
  for (const text of ["Deploy 1.2.3 to production?", "release", id]) {
    expect(await page.getByText(text, { exact: true }).isVisible()).toBe(true);
  }
  const [approve, deny] = [page.getByRole("button", { name: "Approve" }), page.getByRole("button", { name: "Deny" })];
  for (const button of [approve, deny]) {
    const box = await button.boundingBox();
    expect(box?.height ?? 0).toBeGreaterThanOrEqual(40);
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(phone.viewport.width);
  }
  const folder = process.env["RUNNER_SCREENSHOTS"];
  if (folder !== undefined) await page.screenshot({ path: `${folder}/approve-${colorScheme}.png`, fullPage: true });
  const isApproved = colorScheme === "light";
  const name = page.getByLabel("Your name");
  if (isApproved) await name.fill("Ada");
  await name.press("Enter");
  expect((await server.getRun(id)).status).toBe("waiting");
  await (isApproved ? approve : deny).tap();
  await page.getByRole("heading", { name: isApproved ? "Approved." : "Denied." }).waitFor();
  if (folder !== undefined) await page.screenshot({ path: `${folder}/decided-${colorScheme}.png`, fullPage: true });
  expect((await server.waitForEnd(id)).result).toEqual([isApproved, isApproved ? "Ada" : "link", null]);
  const again = await page.goto(link);
  expect(again?.status()).toBe(410);
  expect(await page.getByRole("alert").innerText()).toContain(isApproved ? "approved by Ada" : "denied by link");
  if (folder !== undefined) await page.screenshot({ path: `${folder}/used-${colorScheme}.png`, fullPage: true });
  expect([foreign, complaints.filter((each) => !/410/.test(each))]).toEqual([[], []]);
  await context.close();
});

test("a bot that makes a preview of the link changes nothing, and the link still works after it", async () => {
  const id = await server.trigger("release");
  await untilWaiting(id);
  const link = await findLink(id);
  for (let look = 0; look < 5; look++) {
    expect((await fetch(link, { headers: { "user-agent": "Slackbot-LinkExpanding 1.0" } })).status).toBe(200);
    expect((await fetch(link, { method: "HEAD" })).status).toBe(200);
  }
  expect((await server.getRun(id)).status).toBe("waiting");
  const form = new URLSearchParams({ decision: "deny" });
  expect((await fetch(link, { method: "POST", body: form })).status).toBe(200);
  expect((await server.waitForEnd(id)).result).toEqual([false, "link", null]);
  const used = await fetch(link);
  expect([used.status, ((await used.json()) as { code: string }).code]).toEqual([410, "LINK_USED"]);
});

test("a link of another server, or one that was changed, finds nothing", async () => {
  const id = await server.trigger("release");
  await untilWaiting(id);
  const link = await findLink(id);
  const forged = link.slice(0, -1) + (link.endsWith("A") ? "B" : "A");
  for (const method of ["GET", "POST"]) {
    const answer = await fetch(forged, { method, ...(method === "POST" ? { body: "decision=approve" } : {}) });
    expect(answer.status).toBe(404);
  }
  expect((await server.getRun(id)).status).toBe("waiting");
  await server.request("POST", `/api/runs/${id}/approvals/go-live`, { approved: false });
  await server.waitForEnd(id);
});

test("`runner run`, which has no server, says that nobody could decide", async () => {
  const { code, stderr } = await runBinary(workspace, ["run", "release"]);
  expect(code).toBe(1);
  expect(stderr).toContain("UNSUPPORTED");
});
