// [[webhooks]] of runner.toml: endpoints with their defaults, and every problem with its line.

import { expect, test } from "bun:test";
import { endpointDefaults } from "../../../src/webhooks/webhooks.ts";
import { loadTomlConfig, problemsOfToml } from "../../fixtures/harness/toml-config.ts";

test("an endpoint has its fields, its headers and its defaults", async () => {
  const { webhooks } = await loadTomlConfig(`port = 9000

[[webhooks]]
name = "ci"
url = "https://ci.example.org/hook"
events = ["run.failed", "migration.*"]
secret = ["env:NEW_SECRET", "env:OLD_SECRET"]
signature_header = "X-Sensei-Signature"
retry = ["1s", "1m"]
when = 'data.status == "timed_out"'

[webhooks.headers]
Authorization = "secret:CI_TOKEN"

[[webhooks]]
name = "second"
url = "http://10.0.0.5/"
events = ["*"]
secret = "file:/run/secrets/hook"
enabled = false
`);
  expect(webhooks).toEqual([
    {
      name: "ci",
      secrets: ["env:NEW_SECRET", "env:OLD_SECRET"],
      fields: {
        ...endpointDefaults,
        url: "https://ci.example.org/hook",
        events: ["run.failed", "migration.*"],
        signatureHeader: "X-Sensei-Signature",
        retryDelaysMs: [1000, 60_000],
        when: 'data.status == "timed_out"',
        headers: { Authorization: "secret:CI_TOKEN" },
      },
    },
    {
      name: "second",
      secrets: ["file:/run/secrets/hook"],
      fields: { ...endpointDefaults, url: "http://10.0.0.5/", events: ["*"], enabled: false },
    },
  ]);
});

test("without any there are none", async () => {
  expect((await loadTomlConfig("port = 9000\n")).webhooks).toEqual([]);
});

test("each problem is told with the line it stands on", async () => {
  const problems = await problemsOfToml(`[[webhooks]]
name = "ci"
url = "ftp://x"
events = [
  "run.*",
  "run.*.x",
]
secret = "env:A"
evnts = []

[webhooks.headers]
Host = "x"

[[webhooks]]
name = "other"
url = "https://example.org"
events = ["*"]
`);
  expect(problems).toEqual([
    "runner.toml:9: webhooks: evnts is unknown",
    "runner.toml:3: webhooks: url is not a URL of http or https, like https://nas.example/hook",
    'runner.toml:4: webhooks: events[1] is no pattern of events: the text "run.*.x"',
    "runner.toml:12: webhooks: headers.Host is set by the server",
    "runner.toml:14: webhooks: secret is missing",
  ]);
});

test("names are there once, conditions are conditions, and references lead somewhere", async () => {
  const problems = await problemsOfToml(`[[webhooks]]
name = "ci"
url = "https://example.org"
events = ["*"]
secret = "env:1hunter2"
when = "payload.x =="

[webhooks.headers]
Authorization = "file:relative-hunter2"

[[webhooks]]
name = "ci"
url = "https://example.org"
events = ["*"]
secret = ""
`);
  expect(problems.map((problem) => problem.replace(/(no condition).*/, "$1"))).toEqual([
    "runner.toml:6: webhooks: when is no condition",
    'runner.toml:5: webhooks: secret cannot be used: what follows "env:" is not the name of an environment variable',
    'runner.toml:9: webhooks: headers.Authorization cannot be used: what follows "file:" is not an absolute path',
    "runner.toml:12: webhooks: there are two endpoints named ci",
    "runner.toml:15: webhooks: secret cannot be used: the secret is empty",
  ]);
  expect(problems.join()).not.toContain("hunter2");
});

test("a table that is not of a list is told how it is written", async () => {
  expect(await problemsOfToml('[webhooks]\nname = "ci"\n')).toEqual([
    "runner.toml:1: webhooks must be tables of a list",
  ]);
});

test("more tables than there may be are one problem", async () => {
  const tables = Array.from({ length: 1001 }, () => "[[webhooks]]\nname = 3\n").join("");
  const problems = await problemsOfToml(tables);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain("there are 1001 webhooks; at most 1000 are taken");
});
