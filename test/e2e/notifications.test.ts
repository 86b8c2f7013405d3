// Targets of the compiled binary: tried from the command line, told of a failed run, changed while the server runs.

import { afterEach, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { runBinary } from "../fixtures/harness/run-binary.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";
import { SmtpServer } from "../fixtures/mail/smtp-server.ts";

const pipelines = {
  "deploy.ts": `export const config = { notify: { on: "failed", to: ["ops", "mail"] } };
    export const pipeline = () => { throw new Error("no space left"); };`,
};

let server: BinaryServer;
let smtp: SmtpServer;
const received: { readonly path: string; readonly body: string }[] = [];
const receiver = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: async (request) => {
    received.push({ path: new URL(request.url).pathname, body: await request.text() });
    return new Response("ok");
  },
});

afterEach(async () => {
  await server.remove();
  smtp.close();
  await receiver.stop(true);
});

test("targets are told and tried, and changes of runner.toml and SIGHUP are taken over and said", async () => {
  smtp = await SmtpServer.open();
  const workspace = new Workspace(pipelines);
  const toml = (path: string): string =>
    `[targets.ops]\ntype = "webhook"\nurl = "http://127.0.0.1:${receiver.port}/${path}"\n` +
    `[targets.mail]\ntype = "email"\nhost = "127.0.0.1"\nport = ${smtp.port}\nsecurity = "none"\nfrom = "runner@example.org"\nto = "me@example.org"\n` +
    `[metadata]\ninstance = "e2e"\n`;
  const write = async (text: string): Promise<void> => await writeFile(join(workspace.dir, "runner.toml"), text);
  await write(toml("first"));
  server = await BinaryServer.start({ workspace });
  const notify = async (...args: readonly string[]): ReturnType<typeof runBinary> =>
    await runBinary(workspace, ["notify", ...args, "--server", server.url], { env: { RUNNER_TOKEN: server.token } });

  const tried = await notify("test", "ops");
  expect([tried.code, tried.stdout]).toMatchObject([0, expect.stringContaining("ops has taken it (200") as string]);
  expect(received.map(({ path }) => path)).toEqual(["/first"]);
  const mailed = await notify("test", "mail", "--json");
  expect(JSON.parse(mailed.stdout)).toMatchObject({ target: "mail", delivered: true, status: 250 });

  await server.trigger("deploy");
  await eventually("the failure", () => received.length === 2 && smtp.mails.length === 2);
  expect(JSON.parse(received[1]?.body ?? "")).toMatchObject({
    title: "deploy failed",
    event: { type: "run.failed", metadata: { instance: "e2e" } },
  });
  expect(smtp.mails[1]?.data).toContain("Subject: deploy failed");

  await write(toml("second"));
  await eventually("the change", () => server.output.stderr.includes("in force now"));
  await notify("test", "ops");
  expect(received.at(-1)?.path).toBe("/second");

  await write(`port = 1\n${toml("third")}[targets.x]\ntype = "nothing"\n`);
  await eventually("the refusal", () => server.output.stderr.includes('type "nothing" is unknown'));
  server.signal("SIGHUP");
  await eventually("the second refusal", () => server.output.stderr.split('type "nothing" is unknown').length === 3);
  await notify("test", "ops");
  expect(received.at(-1)?.path).toBe("/second");

  const listed = await notify("list");
  expect(listed.stdout).toContain("ops   webhook");
  const unknown = await notify("test", "opps");
  expect([unknown.code, unknown.stderr]).toMatchObject([66, expect.stringContaining('did you mean "ops"?') as string]);
}, 60_000);
