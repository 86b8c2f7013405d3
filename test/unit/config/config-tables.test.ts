// The tables of runner.toml: targets and metadata, and every problem they have with its line.

import { describe, expect, test } from "bun:test";
import { createTomlLineFinder } from "../../../src/config/toml-lines.ts";
import { loadTomlConfig, problemsOfToml } from "../../fixtures/harness/toml-config.ts";

test("a target has its fields, its defaults and its texts", async () => {
  const { targets } = await loadTomlConfig(`port = 9000

[targets.ops]
type = "ntfy"
topic = "env:NTFY_TOPIC"
title = "\${data.pipeline} on \${metadata.instance}"

[targets.mail]
type = "email"
host = "mail.lan"
from = "runner@example.org"
to = "me@example.org"
`);
  expect(targets).toEqual([
    {
      name: "ops",
      type: "ntfy",
      values: { url: "https://ntfy.sh", topic: "env:NTFY_TOPIC" },
      title: "${data.pipeline} on ${metadata.instance}",
    },
    { name: "mail", type: "email", values: { host: "mail.lan", from: "runner@example.org", to: ["me@example.org"] } },
  ]);
});

test("metadata is told as it is written", async () => {
  const { metadata } = await loadTomlConfig('[metadata]\nenvironment = "production"\ninstance = "nas"\n');
  expect(metadata).toEqual({ environment: "production", instance: "nas" });
});

test("all problems of all tables are told at once, each with its line", async () => {
  const problems = await problemsOfToml(`prot = 1
[metadata]
run_id = "x"
count = 3

[targets.1st]
type = "ntfy"
topic = "t"

[targets.ops]
type = "ntfi"

[targets.chat]
type = "slack"
url = "hooks.slack.com/x"
channel = "#ops"
colour = "red"

[targets.tg]
type = "telegram"
token = """
"""
message = "\${data.}"

[targets.hook]
type = "webhook"
url = "https://user:pw@example.org"
headers = { "Content-Length" = "3" }
`);
  expect(problems).toEqual([
    'runner.toml:1: unknown key "prot"',
    "runner.toml:6: targets.1st: is no name of a target",
    'runner.toml:11: targets.ops: type "ntfi" is unknown',
    "runner.toml:17: targets.chat: colour is unknown",
    "runner.toml:15: targets.chat: url is not a URL of http or https, like https://nas.example/hook",
    "runner.toml:16: targets.chat: channel is that of the incoming webhook's address: remove it, or use a bot's token",
    "runner.toml:21: targets.tg: token is empty",
    "runner.toml:19: targets.tg: chat is missing",
    expect.stringMatching(/^runner.toml:23: targets.tg: message cannot be filled: /) as unknown as string,
    "runner.toml:27: targets.hook: url has a user or a password in it",
    'runner.toml:28: targets.hook: headers has "Content-Length", which belongs to the connection',
    "runner.toml:3: metadata.run_id is what events say by themselves",
    "runner.toml:4: metadata.count must be a text of at most 1000 characters",
  ]);
});

test("what may be a secret is not repeated in a problem", async () => {
  const problems = await problemsOfToml('[targets.x]\ntype = "discord"\nurl = "ftp://hidden-secret"\n');
  expect(problems.join("\n")).not.toContain("hidden-secret");
});

test.each([
  ["https://nas.example/#there", "url has a # in it"],
  ["https://nas.example/a b", "url has a space or a control character in it"],
  ["https://nas.example:0/", "url has port 0"],
])("the address %s, which nothing could be sent to, is refused when it is read", async (url, problem) => {
  expect(await problemsOfToml(`[targets.x]\ntype = "webhook"\nurl = "${url}"\n`)).toEqual([
    expect.stringContaining(`runner.toml:3: targets.x: ${problem}`) as unknown as string,
  ]);
});

test("a header that would be overridden is refused, in whatever case", async () => {
  const table = '[targets.x]\ntype = "webhook"\nurl = "https://nas.example/"\nheaders = { HOST = "evil.example" }\n';
  expect(await problemsOfToml(table)).toEqual([
    'runner.toml:4: targets.x: headers has "HOST", which is set by the server',
  ]);
});

test.each([
  ['targets = "x"', "runner.toml:1: targets: targets are tables"],
  ['[targets]\nops = "x"', "runner.toml:2: targets.ops: a target is a table"],
  ["[targets.ep_ci]\ntype = 'ntfy'\ntopic = 't'", "runner.toml:1: targets.ep_ci: is no name of a target"],
  ["metadata = 3", "runner.toml:1: metadata must be a table"],
])("%j is refused", async (text, problem) => {
  expect(await problemsOfToml(text)).toEqual([problem]);
});

describe("createTomlLineFinder()", () => {
  const text = `a = 1
[one.two] # here
x.y = 3
z = """
x.z = 4
q = 1
"""
w = 5
[[list]]
name = "first"
[[list]]
name = "second"
[list.headers]
k = 1
`;
  test.each([
    [["a"], 1],
    [["one"], 2],
    [["one", "two"], 2],
    [["one", "two", "x", "y"], 3],
    [["one", "two", "missing"], 2],
    [["list", 0, "name"], 10],
    [["list", 1, "name"], 12],
    [["list", 1, "headers", "k"], 14],
    [["missing"], null],
  ] as const)("%j is on line %j", (path, line) => {
    expect(createTomlLineFinder(text)(path)).toBe(line);
  });

  test("what is within a text of several lines is no key", () => {
    expect(createTomlLineFinder('[t]\nm = """\nurl = "x"\n"""\nurl = "y"\n')(["t", "url"])).toBe(5);
  });
});

test("vars are any values, with dates as texts", async () => {
  const toml = '[vars]\nregistry = "r.lan"\nports = [1, 2.5]\nday = 2026-01-02\n[vars.deep]\non = true\n';
  const { vars } = await loadTomlConfig(toml);
  expect(vars).toMatchObject({ registry: "r.lan", ports: [1, 2.5], deep: { on: true } });
  expect(typeof vars["day"]).toBe("string");
});

test.each([
  ["vars = 1", "vars must be a table"],
  ["[vars]\nmost = inf", "vars.most holds a number that is none: inf or nan"],
])("vars are refused: %p", async (toml, message) => {
  const thrown: unknown = await loadTomlConfig(toml).catch((error: unknown) => error);
  expect(JSON.stringify((thrown as { details: unknown }).details)).toContain(message);
});
