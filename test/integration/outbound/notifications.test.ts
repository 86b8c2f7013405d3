// Notifications from the script or the pipeline's config to their target: once, over restarts, and until they are taken.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { JsonValue } from "../../../src/core/json.ts";
import type { NotifyConfig } from "../../../src/core/pipeline-config.ts";
import { parseTargets, type Target } from "../../../src/webhooks/webhooks.ts";
import { AheadClock } from "../../fixtures/harness/ahead-clock.ts";
import { EngineHarness, type HarnessOptions, until } from "../../fixtures/harness/engine-harness.ts";
import { SmtpServer } from "../../fixtures/mail/smtp-server.ts";

interface Taken {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, JsonValue>>;
}

let harness: EngineHarness;
let server: ReturnType<typeof Bun.serve>;
let taken: Taken[];
/** What is answered next; then 200 and an empty object. */
let answers: (() => Response)[];
const smtp: SmtpServer[] = [];

beforeEach(() => {
  [taken, answers] = [[], []];
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      const body = (await request.json()) as Taken["body"];
      taken.push({ path: pathname, headers: request.headers.toJSON(), body });
      return answers.shift()?.() ?? Response.json({});
    },
  });
});
afterEach(async () => {
  await harness.close();
  await server.stop(true);
  for (const each of smtp.splice(0)) each.close();
});

function targetsOf(tables: object): readonly Target[] {
  const { targets, problems } = parseTargets(tables);
  expect(problems).toEqual([]);
  return targets;
}

const hook = (more: object = {}): object => ({ type: "webhook", url: `http://127.0.0.1:${server.port}/hook`, ...more });

async function open(tables: object, options: HarnessOptions = {}): Promise<void> {
  harness = await EngineHarness.open({ targets: targetsOf(tables), ...options });
}

async function statusesOf(target: string): Promise<readonly string[]> {
  const { deliveries } = await harness.store.outbound.list({ destination: `tgt_${target}`, limit: 100 });
  return deliveries.map(({ status }) => status);
}

describe("notify.send", () => {
  test("reaches its target alone, with what the script has written and the event", async () => {
    await open({ ops: hook(), other: hook({ url: `http://127.0.0.1:${server.port}/other` }) });
    const run = await harness.run(
      `return await notify.send({ to: "ops", message: "all is well", title: "nas", level: "success", link: "http://nas/" });`,
    );
    expect([run.error, run.result]).toEqual([null, { success: true }]);
    await until(() => taken.length > 0);
    expect(taken).toMatchObject([
      {
        path: "/hook",
        headers: { "user-agent": "runner/test" },
        body: {
          title: "nas",
          message: "all is well",
          level: "success",
          link: "http://nas/",
          event: {
            type: "notification.requested",
            data: { target: "ops", run_id: run.id, pipeline: run.pipeline },
            metadata: { instance: "harness", run_id: run.id },
          },
        },
      },
    ]);
    await until(async () => (await statusesOf("ops")).join() === "delivered");
    expect(await statusesOf("other")).toEqual([]);
  });

  test("masks the secrets of its target afterwards, and words that are none are words like any other", async () => {
    const headers = { "X-Stage": "production", Authorization: "Bearer tok-98765432" };
    const ntfyUrl = `http://127.0.0.1:${server.port}`;
    const phone = { type: "ntfy", url: ntfyUrl, topic: "t", user: "admin", password: "hunter2hunter2" };
    await open({ ops: hook({ headers }), phone });
    await harness.run(`await notify.send({ to: ["ops", "phone"], message: "x" });`);
    await until(() => taken.length === 2);
    const run = await harness.run(`return "production admin tok-98765432 hunter2hunter2 ${ntfyUrl} ${ntfyUrl}/hook";`);
    expect(run.result).toBe(`production admin *** *** ${ntfyUrl} ***`);
  });

  test("to a target that is not there fails with the names that are", async () => {
    await open({ ops: hook() });
    const run = await harness.run(
      `try { await notify.send({ to: "opps", message: "x" }); } catch (e) { return [e.code, e.message, e.hint]; }`,
    );
    expect(run.result).toEqual(["TARGET_NOT_FOUND", 'there is no target "opps"', 'did you mean "ops"?']);
    expect(run.status).toBe("succeeded");
  });

  test("is sent once, although its script is executed again after a restart", async () => {
    await open({ ops: hook() });
    const id = await harness.start(
      `await notify.send({ to: "ops", message: "before" }); await signal.wait("go"); await notify.send({ to: "ops", message: "after" });`,
    );
    await until(async () => taken.length === 1 && (await harness.engine.getRun(id)).status === "waiting");
    harness = await harness.restart();
    await harness.engine.signal(id, "go", null);
    expect((await harness.end(id)).status).toBe("succeeded");
    await until(() => taken.length === 2);
    expect(taken.map(({ body }) => body["message"])).toEqual(["before", "after"]);
  });

  test("what was not taken is tried again with the same id, when the service has asked for it", async () => {
    const clock = new AheadClock();
    const matrix = { type: "matrix", url: `http://127.0.0.1:${server.port}`, token: "env:TOKEN", room: "!a:b" };
    await open({ chat: matrix }, { clock, environment: { TOKEN: "syt-secret-token" } });
    answers.push(() => Response.json({ errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 7_200_000 }, { status: 429 }));
    await harness.run(`await notify.send({ to: "chat", message: "hello syt-secret-token" });`);
    await until(async () => {
      const [pending] = await harness.store.outbound.pending("tgt_chat", 1);
      return pending?.attempts === 1 && (pending.nextAttemptAt ?? 0) - clock.now() > 7_000_000;
    });
    clock.advance(7_300_000);
    await until(async () => (await statusesOf("chat")).join() === "delivered");
    expect(taken.map(({ path }) => path)[0]).toMatch(/\/send\/m\.room\.message\/dlv_/);
    expect(new Set(taken.map(({ path }) => path)).size).toBe(1);
    expect(taken.map(({ headers }) => headers["authorization"])).toEqual(Array(2).fill("Bearer syt-secret-token"));
    const [delivery] = (await harness.store.outbound.list({ destination: "tgt_chat", limit: 1 })).deliveries;
    const attempts = await harness.store.outbound.attempts(delivery?.id ?? "");
    expect(attempts.map(({ status }) => status)).toEqual([429, 200]);
    expect(JSON.stringify(attempts)).not.toContain("syt-secret-token");
    expect(attempts[0]?.requestHeaders["authorization"]).toBe("********");
  });

  test("what Slack refuses with status 200 is not taken for delivered", async () => {
    const slack = {
      type: "slack",
      token: "xoxb-literal-token",
      channel: "#x",
      api_url: `http://127.0.0.1:${server.port}`,
    };
    await open({ chat: slack });
    answers.push(() => Response.json({ ok: false, error: "channel_not_found" }));
    await harness.run(`await notify.send({ to: "chat", message: "hello" });`);
    await until(async () => (await harness.store.outbound.pending("tgt_chat", 1))[0]?.attempts === 1);
    const [pending] = await harness.store.outbound.pending("tgt_chat", 1);
    const [attempt] = await harness.store.outbound.attempts(pending?.id ?? "");
    expect(attempt).toMatchObject({
      status: null,
      error: { code: "refused", message: expect.stringContaining("channel_not_found") as string },
    });
  });

  test("a secret that is missing is an attempt that failed, and its name is told", async () => {
    await open({ chat: { type: "telegram", token: "env:NO_SUCH", chat: "1" } });
    await harness.run(`await notify.send({ to: "chat", message: "hello" });`);
    await until(async () => (await harness.store.outbound.pending("tgt_chat", 1))[0]?.attempts === 1);
    const [pending] = await harness.store.outbound.pending("tgt_chat", 1);
    const [attempt] = await harness.store.outbound.attempts(pending?.id ?? "");
    expect(attempt?.error).toMatchObject({ code: "secret", message: expect.stringContaining("NO_SUCH") as string });
  });

  test("a mail that is refused for now comes later, the same", async () => {
    const clock = new AheadClock();
    const refusing = await SmtpServer.open({ answers: { "RCPT TO": "450 4.2.0 greylisted" } });
    const taking = await SmtpServer.open();
    smtp.push(refusing, taking);
    const mail = (port: number): object => ({
      type: "email",
      host: "127.0.0.1",
      port,
      security: "none",
      from: "runner@example.org",
      to: "me@example.org",
    });
    await open({ mail: mail(refusing.port) }, { clock });
    await harness.run(`await notify.send({ to: "mail", title: "Größe", message: "zu groß" });`);
    await until(async () => (await harness.store.outbound.pending("tgt_mail", 1))[0]?.attempts === 1);
    await harness.engine.targets.replace(targetsOf({ mail: mail(taking.port) }));
    clock.advance(120_000);
    await until(() => taking.mails.length === 1);
    const [delivery] = (await harness.store.outbound.list({ destination: "tgt_mail", limit: 1 })).deliveries;
    expect(taking.mails[0]?.data).toContain(`Message-ID: <${delivery?.id}@example.org>`);
    await until(async () => (await statusesOf("mail")).join() === "delivered");
    const attempts = await harness.store.outbound.attempts(delivery?.id ?? "");
    expect(attempts.map(({ status }) => status)).toEqual([450, 250]);
  });
});

describe("config.notify", () => {
  const rule = (...on: NotifyConfig["on"]): HarnessOptions["config"] => ({ notify: [{ on, to: ["ops"] }] });
  const source = `export const pipeline = () => { if (pipelineContext.args[0] === "fail") throw new Error("no space left"); };`;

  async function runs(...ends: readonly string[]): Promise<void> {
    for (const arg of ends) {
      const { runId } = await harness.engine.trigger("deploy", { params: {}, args: [arg] });
      await harness.end(runId);
    }
  }

  test("tells of a failure and of the success after it, and of nothing else", async () => {
    await open({ ops: hook() });
    await harness.add("deploy", source, rule("failed", "recovered"));
    await runs("ok", "fail", "fail", "ok", "ok");
    await until(() => taken.length >= 3);
    await harness.run(`await notify.send({ to: "ops", message: "last" });`);
    await until(() => taken.some(({ body }) => body["message"] === "last"));
    const titles = taken.map(({ body }) => (body as { readonly title: string }).title).filter((title) => title !== "");
    expect(titles.toSorted((a, b) => a.localeCompare(b))).toEqual([
      "deploy failed",
      "deploy failed",
      "deploy succeeded again",
    ]);
    expect(taken[0]?.body).toMatchObject({
      level: "error",
      message: expect.stringContaining("no space left") as string,
    });
  });

  test("knows after a restart that the last run had failed", async () => {
    await open({ ops: hook() });
    await harness.add("deploy", source, rule("recovered"));
    await runs("fail");
    await until(async () => (await harness.store.outbound.fannedOutTo()) >= 0);
    harness = await harness.restart();
    await runs("ok");
    await until(() => taken.length === 1);
    expect(taken[0]?.body["title"]).toBe("deploy succeeded again");
  });

  test("texts of the target are filled from the event, and what is missing is empty", async () => {
    const texts = {
      title: "[${metadata.instance}] ${title}",
      message: "${type}: ${data.error.message}${data.nothing.there}",
    };
    await open({ ops: hook(texts) });
    await harness.add("deploy", source, rule("failed"));
    await runs("fail");
    await until(() => taken.length === 1);
    expect(taken[0]?.body).toMatchObject({ title: "[harness] deploy failed", message: "run.failed: no space left" });
  });

  test("an approval is told with the link that decides it", async () => {
    await open({ ops: hook() }, { publicUrl: "https://ci.example.org" });
    await harness.add(
      "ship",
      `export const pipeline = () => approval({ name: "prod", timeout: "1h" });`,
      rule("approval"),
    );
    const { runId } = await harness.engine.trigger("ship", { params: {}, args: [] });
    await until(() => taken.length === 1);
    const { title, link } = (taken[0]?.body ?? {}) as { readonly title?: string; readonly link?: string };
    expect(title).toBe("ship waits for the approval prod");
    expect(link).toStartWith("https://ci.example.org/approve/");
    await harness.engine.decideLinked((link ?? "").slice("https://ci.example.org/approve/".length), {
      approved: true,
      by: "test",
      comment: null,
    });
    expect((await harness.end(runId)).result).toMatchObject({ approved: true });
  });

  test("a target that is not there breaks nothing", async () => {
    await open({ other: hook() });
    await harness.add("deploy", source, rule("failed"));
    await runs("fail");
    await harness.run(`await notify.send({ to: "other", message: "x" });`);
    await until(() => taken.length === 1);
    expect(taken[0]?.body["message"]).toBe("x");
  });
});

describe("targets that change", () => {
  test("a new one gets what happens from then on, a removed one nothing more", async () => {
    await open({ ops: hook() });
    await harness.add("deploy", "export const pipeline = () => { throw new Error('x'); };", {
      notify: [{ on: ["failed"], to: ["ops", "late"] }],
    });
    const fail = async (): Promise<void> => {
      const { runId } = await harness.engine.trigger("deploy", { params: {}, args: [] });
      await harness.end(runId);
    };
    await fail();
    await until(() => taken.length === 1);
    await harness.engine.targets.replace(targetsOf({ late: hook({ url: `http://127.0.0.1:${server.port}/late` }) }));
    await fail();
    await until(() => taken.length === 2);
    expect(taken.map(({ path }) => path)).toEqual(["/hook", "/late"]);
    expect(harness.engine.targets.overview()).toEqual([{ name: "late", type: "webhook" }]);
    const thrown: unknown = await harness.engine.targets.test("ops").catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: "TARGET_NOT_FOUND" });
  });

  test("what was given up by one is on record, and sent again by hand and by recover, until it is removed", async () => {
    await open({ ops: hook() });
    answers.push(() => new Response(null, { status: 410 }));
    await harness.run(`await notify.send({ to: "ops", message: "hello" });`);
    await until(async () => (await statusesOf("ops")).join() === "failed");
    const { deliveries } = harness.engine.targets;
    const [failed] = (await deliveries.list("ops", { limit: 10, status: "failed" })).deliveries;
    const id = failed?.id ?? "";
    expect((await deliveries.get("ops", id)).attempts.map(({ status }) => status)).toEqual([410]);
    answers.push(() => new Response(null, { status: 410 }));
    expect(await deliveries.retry("ops", id)).toMatchObject({ status: "pending", earlierAttempts: 1 });
    await until(async () => taken.length === 2 && (await statusesOf("ops")).join() === "failed");
    expect(await deliveries.recover("ops", 0)).toBe(1);
    await until(async () => (await statusesOf("ops")).join() === "delivered");
    expect(taken.map(({ body }) => body["message"])).toEqual(Array(3).fill("hello"));
    await harness.engine.targets.replace([]);
    const thrown: unknown = await deliveries.retry("ops", id).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: "TARGET_NOT_FOUND" });
  });

  test("a test is sent at once and is on no record", async () => {
    await open({ ops: hook() });
    const made = await harness.engine.targets.test("ops");
    expect(made.outcome).toMatchObject({ type: "answered", status: 200 });
    expect(taken).toMatchObject([{ body: { title: "runner", message: "This is a test of the target ops." } }]);
    expect(await statusesOf("ops")).toEqual([]);
  });
});
