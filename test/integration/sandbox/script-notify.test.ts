// `notify` and `github` as scripts call them: what the host is asked, and what is told before it is.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { GuestCall } from "../../../src/sandbox/sandbox.ts";
import { ScriptRunner } from "../../fixtures/harness/script-runner.ts";

let runner: ScriptRunner;
beforeAll(async () => {
  runner = new ScriptRunner(1);
  await runner.pool.ready;
});
afterAll(() => runner.close());

interface Evaluated {
  readonly value: unknown;
  readonly calls: readonly GuestCall[];
  readonly console: readonly string[];
}

interface Answering {
  readonly status?: number;
  readonly text?: string;
  readonly failing?: string;
}

async function evaluate(body: string, { status = 204, text = "", failing }: Answering = {}): Promise<Evaluated> {
  const fetched = { url: "http://x/", redirected: false, status, statusText: "", headers: {}, text };
  const { end, calls, console } = await runner.run(`export const pipeline = async () => { ${body} };`, {
    answer: ({ number, kind, name }) =>
      name === failing
        ? {
            type: "result",
            call: number,
            ok: false,
            error: { code: "TARGET_NOT_FOUND", message: "there is no target" },
          }
        : { type: "result", call: number, ok: true, value: kind === "fetch" ? fetched : undefined },
  });
  return { value: end.type === "returned" ? end.value : end, calls, console };
}

const caught = (expression: string): string =>
  `return await ${expression}.then(() => "nothing", (e) => e.name + ": " + e.message);`;

describe("notify.send", () => {
  test("asks the host once for each target", async () => {
    const { value, calls } = await evaluate(
      `return await notify.send({ to: ["ops", "me"], message: "done", title: "t", level: "success", link: "http://x/" });`,
    );
    expect(value).toEqual({ success: true });
    const args = { message: "done", title: "t", level: "success", link: "http://x/" };
    expect(calls).toMatchObject([
      { kind: "notify", name: "ops", args },
      { kind: "notify", name: "me", args },
    ]);
  });

  test("takes PocketCI's name for the target, and says info where no level is given", async () => {
    const { calls } = await evaluate(`await notify.send({ name: "ops", message: "{{ stays }}" });`);
    expect(calls).toMatchObject([{ kind: "notify", name: "ops", args: { message: "{{ stays }}", level: "info" } }]);
  });

  test("of several targets each is told, and the failure of one is thrown", async () => {
    const { value, calls } = await evaluate(
      `try { await notify.send({ to: ["gone", "ops"], message: "x" }); } catch (e) { return [e.message, e.code, e.success]; }`,
      { failing: "gone" },
    );
    expect(value).toEqual(["there is no target", "TARGET_NOT_FOUND", false]);
    expect(calls.map(({ name }) => name)).toEqual(["gone", "ops"]);
  });

  test("an asynchronous one resolves although it fails, and the log says so", async () => {
    const { value, console } = await evaluate(
      `const done = await notify.send({ name: "gone", message: "x", async: true }); await null; await sleep(1); return done;`,
      { failing: "gone" },
    );
    expect(value).toEqual({ success: true });
    expect(console.join("\n")).toContain("there is no target");
  });

  test.each([
    ["notify.send()", "takes an object"],
    ['notify.send("ops", "x")', "takes an object"],
    ['notify.send({ message: "x" })', "to is the name of a target"],
    ['notify.send({ to: [], message: "x" })', "to is the name of a target"],
    ['notify.send({ to: "two words", message: "x" })', "to is the name of a target"],
    ['notify.send({ to: "ops" })', "message must be a text"],
    ['notify.send({ to: "ops", message: " " })', "message is empty"],
    ['notify.send({ to: "ops", message: "x", level: "loud" })', "level must be one of info, success"],
    ['notify.send({ to: "ops", message: "x", titel: "y" })', 'did you mean "title"?'],
    ['notify.send({ to: "ops", message: "x", title: "t".repeat(1001) })', "title has 1001 characters"],
    ['notify.send({ to: "ops", message: "x", link: "!channel" })', "link must be an address of http or https"],
    [
      'notify.send({ to: "ops", message: "x", link: "javascript:alert(1)" })',
      "link must be an address of http or https",
    ],
    [
      'notify.send({ to: "ops", message: "x", link: "https://x/>\\n<!channel" })',
      "link must be an address of http or https",
    ],
    ['notify.send({ to: "ops", message: "x", link: "https://x/" + "y".repeat(2000) })', "link has 2010 characters"],
  ])("%s is told before the host is asked", async (expression, message) => {
    const { value, calls } = await evaluate(caught(expression));
    expect(value).toStartWith("TypeError: notify.send: ");
    expect(value).toContain(message);
    expect(calls).toEqual([]);
  });

  test.each(['{ ...this, name: "a b" }', '{ ...this, args: { ...this.args, link: "!channel" } }'])(
    "what tampered checks let through is refused by the side that a script cannot reach: %s",
    async (changed) => {
      const tamper = `Object.prototype.toJSON = function () { return this.kind === "notify" ? ${changed} : this; };`;
      const { value, calls } = await evaluate(`${tamper} await notify.send({ to: "ops", message: "x" });`);
      expect(JSON.stringify(value)).toContain("malformed");
      expect(calls).toEqual([]);
    },
  );
});

describe("PocketCI's way", () => {
  test("the whole example of its documentation sends through its backend, filled from the context", async () => {
    const { value, calls } = await evaluate(
      `notify.configure({
         backends: { slack: { type: "slack", token: "secret:SLACK_TOKEN", channels: ["#ci"] } },
         context: { pipelineName: "deploy", status: "running" },
       });
       await notify.send({ name: "slack", message: "▶ {{ .PipelineName }} started" });
       notify.updateContext({ status: "success", jobName: "" });
       return await notify.send({
         name: "slack",
         message: "{{ if eq .Status \\"success\\" }}✅{{ else }}❌{{ end }} {{ .PipelineName }}: {{ .Status | upper }}",
       });`,
      { status: 200, text: '{"ok":true}' },
    );
    expect(value).toEqual({ success: true });
    expect(calls).toMatchObject([
      { kind: "fetch", name: "POST https://slack.com/api/chat.postMessage" },
      { kind: "fetch" },
    ]);
    const [first, second] = calls.map(({ args }) => args as { headers: Record<string, unknown>; body: string });
    expect(first?.headers["authorization"]).toEqual({ secret: "secret:SLACK_TOKEN", prefix: "Bearer ", isText: true });
    expect(JSON.parse(first?.body ?? "")).toEqual({ channel: "#ci", text: "Pipeline Notification\n▶ deploy started" });
    expect((JSON.parse(second?.body ?? "") as { text: string }).text).toEndWith("✅ deploy: SUCCESS");
  });

  test.each([
    [
      '{ type: "http", url: "https://x.example/secret-path", headers: { Authorization: "secret:T" } }',
      "POST https://x.example/…",
      { subject: "Pipeline Notification", message: "m" },
    ],
    [
      '{ type: "teams", webhook: "secret:TEAMS" }',
      "POST secret:TEAMS",
      {
        "@type": "MessageCard",
        "@context": "https://schema.org/extensions",
        title: "Pipeline Notification",
        text: "m",
      },
    ],
    [
      '{ type: "discord", token: "secret:D", channels: ["12/3"] }',
      "POST https://discord.com/api/v10/channels/12%2F3/messages",
      { content: "Pipeline Notification\nm", allowed_mentions: { parse: [] } },
    ],
  ])("%s", async (backend, name, body) => {
    const { value, calls } = await evaluate(
      `notify.setConfigs({ a: ${backend} }); return await notify.sendMultiple(["a"], "m", false);`,
      { status: 200 },
    );
    expect(value).toEqual({ success: true });
    expect(calls.map((call) => call.name)).toEqual([name]);
    const args = calls[0]?.args as { readonly body: string } | undefined;
    expect(JSON.parse(args?.body ?? "")).toEqual(body);
  });

  test("a mail goes by the target of its name, and a name without a backend is a target", async () => {
    const { calls } = await evaluate(
      `notify.configure({ backends: { mail: { type: "smtp", smtpHost: "x:587", recipients: ["a@b"] } } });
       await notify.sendMultiple({ names: ["mail", "ops"], message: "m" });`,
    );
    expect(calls).toMatchObject([
      { kind: "notify", name: "mail" },
      { kind: "notify", name: "ops" },
    ]);
  });

  test("a service that refuses is an error with PocketCI's fields", async () => {
    const script = `notify.setConfigs({ s: { type: "slack", token: "secret:T", channels: ["#x"] } });
       try { await notify.send({ name: "s", message: "m" }); } catch (e) { return [e.success, e.error]; }`;
    const { value } = await evaluate(script, { status: 200, text: '{"ok":false,"error":"not_in_channel"}' });
    expect(value).toEqual([false, "notify: Slack refused the message to #x: not_in_channel"]);
    const { value: other } = await evaluate(script, { status: 500, text: "no" });
    expect(other).toEqual([false, "notify: the message was not taken: HTTP 500 no"]);
  });

  test.each([
    ["{ x: 1 }", "backend x must be an object"],
    ['{ x: { type: "pager" } }', 'backend x: type must be one of slack, teams, http, discord, smtp, not "pager"'],
    ['{ x: { type: "slack", token: "t" } }', "backend x: channels must be a list"],
    ['{ x: { type: "slack", channels: ["a"] } }', "backend x: a token is missing"],
    ['{ x: { type: "http", url: "http://x", headers: { "a b": "c" } } }', 'header "a b" cannot be sent'],
  ])("backends %s are refused", async (backends, message) => {
    const { value } = await evaluate(
      `try { notify.configure({ backends: ${backends} }); } catch (e) { return e.message; }`,
    );
    expect(value).toContain(message);
  });

  test.each([
    ["{{ .Environment.branch }}/{{.TaskResults.count}}", "main/3"],
    ["{{ .Missing }}-{{ .jobName }}", "-build"],
    ['{{ .Missing | default "none" | quote }}', '"none"'],
    ["a  {{- .Status -}}  b", "arunningb"],
    ["{{ if .Missing }}a{{ else if ne .Status `done` }}b{{ end }}", "b"],
    ["{{ if and .Status (eq 1 1) }}", null],
    ["{{ range .X }}{{ end }}", null],
    ["{{ .Status", null],
    ["{{ end }}", null],
    ["{{ if .Status }}a", null],
    ["{{ .Status | sha256sum }}", null],
  ])("template %j", async (template, expected) => {
    const { value, calls } = await evaluate(
      `notify.setContext({ status: "running", jobName: "build", environment: { branch: "main" }, taskResults: { count: 3 } });
       ${caught(`notify.send({ name: "ops", message: ${JSON.stringify(template)} })`)}`,
    );
    if (expected === null) {
      expect(value).toStartWith("TypeError: notify: the template of the message: ");
      expect(calls).toEqual([]);
    } else expect((calls[0]?.args as { message: string } | undefined)?.message).toBe(expected);
  });
});

describe("github.dispatch", () => {
  test("is a request as GitHub documents it, whose token only the host knows", async () => {
    const { value, calls } = await evaluate(
      `return await github.dispatch({ repo: "octo/hello.world", eventType: "deploy", payload: { a: 1 }, token: "secret:GH" }) ?? null;`,
    );
    expect(value).toBeNull();
    expect(calls).toMatchObject([
      { kind: "fetch", name: "POST https://api.github.com/repos/octo/hello.world/dispatches" },
    ]);
    expect(calls[0]?.args).toEqual({
      url: "https://api.github.com/repos/octo/hello.world/dispatches",
      method: "POST",
      headers: {
        accept: "application/vnd.github+json",
        authorization: { secret: "secret:GH", prefix: "Bearer ", isText: true },
        "content-type": "application/json",
        "user-agent": "runner",
        "x-github-api-version": "2022-11-28",
      },
      body: '{"event_type":"deploy","client_payload":{"a":1}}',
      redirect: "manual",
      retry: { attempts: 4 },
      onInterrupt: "retry",
    });
  });

  test("goes to a server of one's own, by one's own policy", async () => {
    const { calls } = await evaluate(
      `await github.dispatch({ repo: "a/b", eventType: "x", token: { secret: "env:T", prefix: "token " },
         apiUrl: "https://ghe.example.org/api/v3/", retry: 1, timeout: "5s", onInterrupt: "fail" });`,
    );
    expect(calls[0]?.args).toMatchObject({
      url: "https://ghe.example.org/api/v3/repos/a/b/dispatches",
      headers: { authorization: { secret: "env:T", prefix: "token " } },
      body: '{"event_type":"x","client_payload":{}}',
      retry: 1,
      timeout: "5s",
      onInterrupt: "fail",
    });
  });

  test.each([
    [404, '{"message":"Not Found"}', "a/b was not told: HTTP 404: Not Found", "the repository is not there"],
    [401, '{"message":"Bad credentials"}', "a/b was not told: HTTP 401: Bad credentials", "the token is not one"],
    [422, "no json", "a/b was not told: HTTP 422", ""],
    [302, "", "a/b was not told: HTTP 302", ""],
  ])("an answer %d is an error", async (status, text, message, hint) => {
    const { value } = await evaluate(
      `try { await github.dispatch({ repo: "a/b", eventType: "x", token: "secret:T" }); } catch (e) { return [e.message, e.hint ?? "", e.code, e.status]; }`,
      { status, text },
    );
    const [said, told, code, seen] = value as readonly [string, string, string, number];
    expect([said, code, seen]).toEqual([`github.dispatch: ${message}`, "FETCH_FAILED", status]);
    expect(told).toContain(hint);
  });

  test.each([
    ['{ repo: "a", eventType: "x", token: "t" }', 'repo must be "owner/name"'],
    ['{ repo: "../b", eventType: "x", token: "t" }', 'repo must be "owner/name"'],
    ['{ repo: "a/b/c", eventType: "x", token: "t" }', 'repo must be "owner/name"'],
    ['{ repo: "a/b", token: "t" }', "eventType must be a text"],
    ['{ repo: "a/b", eventType: "x".repeat(101), token: "t" }', "eventType has 101 characters"],
    ['{ repo: "a/b", eventType: "x", payload: [], token: "t" }', "payload must be an object, not a list"],
    [
      '{ repo: "a/b", eventType: "x", payload: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [i, i])), token: "t" }',
      "payload has 11 properties; GitHub takes 10",
    ],
    ['{ repo: "a/b", eventType: "x", payload: { f() {} }, token: "t" }', "payload: "],
    ['{ repo: "a/b", eventType: "x", payload: { t: "é".repeat(32768) }, token: "t" }', "GitHub takes 65535"],
    ['{ repo: "a/b", eventType: "x" }', "a token is missing"],
    ['{ repo: "a/b", eventType: "x", token: "t", apiUrl: "ftp://x" }', "apiUrl must be an address"],
    ['{ repo: "a/b", eventtype: "x", token: "t" }', 'did you mean "eventType"?'],
  ])("%s is told before the host is asked", async (options, message) => {
    const { value, calls } = await evaluate(caught(`github.dispatch(${options})`));
    expect(value).toStartWith("TypeError: github.dispatch: ");
    expect(value).toContain(message);
    expect(calls).toEqual([]);
  });
});
