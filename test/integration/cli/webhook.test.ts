// `webhook`: what it prints about a pipeline, with the printed commands executed as they stand.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { createHmac } from "node:crypto";
import { BinaryServer } from "../../fixtures/harness/binary-server.ts";
import { runBinary } from "../../fixtures/harness/run-binary.ts";
import type { Workspace } from "../../fixtures/harness/workspace.ts";

const secret = 'it\'s a $ecret with "spaces"';
const publicUrl = "https://box.example.org/it's/runner";

interface Report {
  readonly url: string;
  readonly public: boolean;
  readonly provider: string | null;
  readonly signed: boolean;
  readonly curl: string;
  readonly gh: string | null;
  readonly gitea: Record<string, string> | null;
  readonly problems: readonly string[];
}

const answering = (config: string): string => `export const config = ${config};
export const pipeline = () => {
  const { provider, eventType, body, headers } = http.request();
  http.respond({ body: JSON.stringify({ provider, eventType, body: JSON.parse(body), type: headers["Content-Type"] }) });
};`;
const signedBy = (provider: string): string => answering(`{ webhook: { provider: "${provider}", secret: "env:S" } }`);

let server: BinaryServer;
let workspace: Workspace;

beforeAll(async () => {
  server = await BinaryServer.start({
    pipelines: {
      "open.ts": answering("{}"),
      "any.ts": answering(`{ webhook: { secret: "env:S" } }`),
      "github.ts": signedBy("github"),
      "team/slack.ts": signedBy("slack"),
      "generic.ts": signedBy("generic"),
      "no-secret.ts": answering(`{ webhook: { provider: "github", secret: "env:NOT_SET" } }`),
      "by-hand.ts": answering("{ webhook: false }"),
      "broken.ts": "export const pipeline = (;",
    },
    env: { S: secret },
  });
  workspace = server.workspace;
});
afterAll(async () => {
  await server.remove();
});

async function report(name: string): Promise<Report> {
  const { code, stdout, stderr } = await runBinary(workspace, ["webhook", name, "--json"]);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Report;
}

/** Runs a text as the shell does into which it is pasted. */
async function paste(text: string, env: Readonly<Record<string, string>>): Promise<string> {
  const child = Bun.spawn(["sh", "-e"], {
    cwd: workspace.dir,
    env: { ...workspace.environment, ...env },
    stdin: new Blob([text]),
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  expect([await child.exited, stderr]).toEqual([0, ""]);
  return stdout;
}

const missingTools = ["curl", "openssl"].filter((tool) => Bun.which(tool) === null);

describe.skipIf(missingTools.length > 0)("the printed request", () => {
  test.each([
    ["open", "generic", ""],
    ["any", "generic", ""],
    ["generic", "generic", ""],
    ["github", "github", "push"],
    ["team/slack", "slack", "url_verification"],
  ])("%s: is accepted as it stands", async (name, provider, eventType) => {
    const { curl } = await report(name);
    const answer = JSON.parse(await paste(curl, { WEBHOOK_SECRET: secret })) as object;
    expect(answer).toMatchObject({ provider, eventType, type: "application/json" });
  });

  test.each(["any", "generic", "github", "team/slack"])("%s: is refused with another secret", async (name) => {
    const { curl } = await report(name);
    const answer = JSON.parse(await paste(curl, { WEBHOOK_SECRET: "a guess" })) as object;
    expect(answer).toMatchObject({ code: "SIGNATURE_INVALID" });
  });

  test("the text for people can be pasted as a whole once the secret is in it", async () => {
    const { stdout } = await runBinary(workspace, ["webhook", "team/slack"]);
    const [, script = ""] = stdout.split(/\n(?=# first)/);
    const answer = await paste(script.replace("WEBHOOK_SECRET=…", 'WEBHOOK_SECRET="$GIVEN"'), { GIVEN: secret });
    expect(JSON.parse(answer)).toMatchObject({ provider: "slack" });
  });
});

describe("what is said", () => {
  test("the address, whether it is signed, and by whom", async () => {
    const url = `${server.url}/api/webhooks/`;
    expect(await report("github")).toMatchObject({
      url: `${url}github`,
      provider: "github",
      signed: true,
      public: false,
    });
    expect(await report("team/slack")).toMatchObject({
      url: `${url}team/slack`,
      provider: "slack",
      gh: null,
      gitea: null,
    });
    expect(await report("any")).toMatchObject({ provider: null, signed: true });
    const { stdout } = await runBinary(workspace, ["webhook", "github"]);
    expect(stdout).toContain(`webhook    ${url}github  (`);
    expect(stdout).toContain("signature  required; provider: github\n");
  });

  test("an open webhook is called open, with how to close it", async () => {
    const { stdout } = await runBinary(workspace, ["webhook", "open"]);
    expect(stdout).toContain(
      'signature  none: every request is accepted; `webhook: { secret: "env:NAME" }` in its config',
    );
    expect(stdout).not.toContain("WEBHOOK_SECRET");
  });

  test("no secret is printed, and one that the server cannot read is told", async () => {
    for (const name of ["any", "github", "team/slack", "generic"]) {
      const outputs = [
        await runBinary(workspace, ["webhook", name]),
        await runBinary(workspace, ["webhook", name, "--json"]),
      ];
      for (const { stdout } of outputs) expect(stdout).not.toContain("ecret with");
    }
    expect((await report("no-secret")).problems).toEqual([expect.stringContaining("NOT_SET")]);
    const { stdout } = await runBinary(workspace, ["webhook", "no-secret"]);
    expect(stdout).toMatch(/^warning +.*NOT_SET/m);
  });

  test.each([
    ["by-hand", 66, "WEBHOOK_DISABLED"],
    ["broken", 65, "PIPELINE_BROKEN"],
    ["githb", 66, 'did you mean "github"?'],
  ])("%s: exits with %d and says %s", async (name, exitCode, message) => {
    const { code, stdout, stderr } = await runBinary(workspace, ["webhook", name]);
    expect([code, stdout]).toEqual([exitCode, ""]);
    expect(stderr).toContain(message);
  });
});

describe("registering it", () => {
  /** A `gh` that notes its arguments and what it is given. */
  async function fakeGh(): Promise<string> {
    const dir = workspace.path("bin");
    await mkdir(dir, { recursive: true });
    await writeFile(
      `${dir}/gh`,
      '#!/bin/sh\nfor word in "$@"; do printf "%s\\n" "$word"; done\necho "stdin: $(cat)"\n',
    );
    await chmod(`${dir}/gh`, 0o755);
    return `${dir}:${workspace.environment["PATH"] ?? ""}`;
  }

  test("the gh command names the address and takes the secret from its input, not from its words", async () => {
    const { gh, url } = await report("github");
    const output = await paste(gh ?? "", { PATH: await fakeGh(), WEBHOOK_SECRET: secret });
    const words = "api --method POST repos/OWNER/REPO/hooks -f name=web -F active=true -f events[]=push".split(" ");
    const config = ["-f", `config[url]=${url}`, "-f", "config[content_type]=json", "-F", "config[secret]=@-"];
    expect(output.split("\n")).toEqual([...words, ...config, `stdin: ${secret}`, ""]);
  });

  test("Gitea is given what it needs, and what it then sends is accepted", async () => {
    const { gitea, url } = await report("github");
    expect(gitea).toMatchObject({ "Target URL": url, "POST Content Type": "application/json" });
    const body = '{"ref":"refs/heads/main"}';
    const digest = createHmac("sha256", secret).update(body).digest("hex");
    // Those that services/webhook/deliver.go of Gitea sets.
    const headers = {
      "Content-Type": "application/json",
      "X-Gitea-Event": "push",
      "X-Gitea-Signature": digest,
      "X-Gogs-Event": "push",
      "X-Gogs-Signature": digest,
      "X-Hub-Signature": `sha1=${createHmac("sha1", secret).update(body).digest("hex")}`,
      "X-Hub-Signature-256": `sha256=${digest}`,
      "X-GitHub-Event": "push",
    };
    const response = await fetch(url, { method: "POST", body, headers });
    expect([response.status, await response.json()]).toMatchObject([200, { provider: "github", eventType: "push" }]);
  });
});

describe("a server with a public address", () => {
  test("that address is printed, with its base path, quoted for the shell", async () => {
    const other = await BinaryServer.start({
      pipelines: { "team/hook.ts": signedBy("github") },
      args: [`--public-url=${publicUrl}/`],
      env: { S: secret },
    });
    try {
      const { stdout } = await runBinary(other.workspace, ["webhook", "team/hook", "--json"]);
      const found = JSON.parse(stdout) as Report;
      const url = `${publicUrl}/api/webhooks/team/hook`;
      expect(found).toMatchObject({ url, public: true, gitea: { "Target URL": url } });
      expect(found.curl).toContain(String.raw`'https://box.example.org/it'\''s/runner/api/webhooks/team/hook'`);
      const text = (await runBinary(other.workspace, ["webhook", "team/hook"])).stdout;
      expect(text).toContain(`webhook    ${url}\n`);
      expect(text).not.toContain("ALLOWED_HOST_LIST");
    } finally {
      await other.remove();
    }
  });
});

describe("a server that means harm", () => {
  /** What the command prints about a webhook for which a server gives this address. */
  async function printed(webhook: Readonly<Record<string, unknown>>): Promise<string> {
    const hostile = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => Response.json({ id: "x", state: "ok", config: { webhook: { signed: true, ...webhook } } }),
    });
    try {
      const { stdout, stderr } = await runBinary(workspace, ["webhook", "x", "--server", hostile.url.href]);
      return stdout + stderr;
    } finally {
      await hostile.stop(true);
    }
  }

  test("cannot have a line executed, or the terminal controlled", async () => {
    for (const tail of ["\u001B]0;title\u0007", "\u001B[201~", "\u009B2J", "\ntouch pwned #"]) {
      const outputs = [
        await printed({ url: `http://x/${tail}` }),
        await printed({ path: `/x${tail}` }),
        await printed({ path: `/x?${tail}#${tail}` }),
      ];
      for (const output of outputs) {
        expect(output).not.toMatch(/[^\P{Cc}\n]/u);
        expect(output).not.toContain("\ntouch");
        expect(output).toContain("# try it");
      }
    }
  });

  test.each(["--config=/tmp/curlrc", "file:///etc/passwd", "javascript:alert(1)", "", "-"])(
    "cannot give %j as an address",
    async (url) => {
      expect(await printed({ url, path: "/x" })).toContain("SERVER_NOT_FOUND");
    },
  );
});
