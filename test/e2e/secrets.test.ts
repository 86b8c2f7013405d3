// A secret set with `runner secret set` reaches a step and is found nowhere afterwards: by a byte search of the database,
// its write-ahead log, the spool, the server's log and all answers.

import { createHmac } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { type BinaryOptions, type BinaryResult, runBinary } from "../fixtures/harness/run-binary.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";

const value = 'sk-"live"/7f+3a=Ü&x marks the spot';
const base64 = (before: number): string => {
  const text = Buffer.from("p".repeat(before) + value).toString("base64");
  return text.slice(before === 0 ? 0 : 4, -4);
};
/** A third of each form is as bad as all of it. */
const forms = [
  value,
  ...[0, 1, 2].map(base64),
  Buffer.from(value).toString("hex"),
  encodeURIComponent(value),
  JSON.stringify(value).slice(1, -1),
];
const parts = forms.map((form) => form.slice(Math.floor(form.length / 3), Math.floor((form.length * 2) / 3)));
const holdsIt = (bytes: Uint8Array | string): boolean => parts.some((part) => Buffer.from(bytes).includes(part));

/** Says a secret in every form, and in pieces. */
const tell = [
  'printf "%s\\n" "$KEY"',
  'printf "%s" "$KEY" | base64 -w 0; echo',
  'printf "x%s" "$KEY" | base64; printf "xx%s" "$KEY" | base64 -w 0; echo',
  'printf "%s" "$KEY" | od -An -v -tx1 | tr -d " \\n"; echo',
  'printf "%s" "$KEY" | head -c 10; sleep 0.3; printf "%s" "$KEY" | tail -c +11; echo',
  'printf "%s" "$KEY" | head -c 20 >&2; sleep 0.3; printf "%s" "$KEY" | tail -c +21 >&2',
  'cat > "$COPY"',
].join("; ");

const script = (copy: string): string => `
export const config = { webhook: { provider: "generic", secret: "secret:HOOK" } };
export const pipeline = async () => {
  const { stdout, stderr } = await runtime.run({
    name: "tell",
    command: ${JSON.stringify(tell)},
    env: { KEY: "secret:API_KEY", COPY: ${JSON.stringify(copy)} },
    stdin: { secret: "secret:API_KEY" },
  });
  console.log(stdout, encodeURIComponent(stdout), JSON.stringify(stdout));
  http.respond({ status: 200, body: stdout + stderr });
  if (stderr !== "***") throw new Error("stderr: " + stderr);
  await runtime.run({ name: "wait", command: 'while ! test -e "$GO"; do echo "$KEY"; sleep 0.1; done; echo "last $KEY"', env: { KEY: "secret:API_KEY", GO: ${JSON.stringify(`${copy}.go`)} } });
  return { stdout };
};`;

let workspace: Workspace;
let server: BinaryServer;
beforeAll(async () => {
  workspace = new Workspace();
  workspace.save("tell.ts", script(workspace.path("copy")));
  workspace.save(
    "other.ts",
    'export const pipeline = async () => (await runtime.run({ command: "printf %s \\"$KEY\\" | wc -c", env: { KEY: "secret:API_KEY" } })).stdout.trim();',
  );
  server = await BinaryServer.start({ workspace, args: ["--log-level", "debug"] });
});
afterAll(async () => {
  await server.remove();
});

async function runner(args: readonly string[], options: BinaryOptions = {}): Promise<BinaryResult> {
  return await runBinary(workspace, args, options);
}

async function answerOf(path: string): Promise<string> {
  const response = await fetch(server.url + path, { headers: { authorization: `Bearer ${server.token}` } });
  return await response.text();
}

function filesWithIt(): readonly string[] {
  return readdirSync(workspace.dataDir, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(workspace.dataDir, name), { throwIfNoEntry: false })?.isFile() === true)
    .filter((name) => holdsIt(readFileSync(join(workspace.dataDir, name))));
}

describe("runner secret", () => {
  test("sets a secret from standard input, lists it without its value, and takes no value as an argument", async () => {
    expect(await runner(["secret", "set", "API_KEY"], { stdin: `${value}\n` })).toMatchObject({
      code: 0,
      stdout: "secret API_KEY set\n",
    });
    expect(await runner(["secret", "set", "HOOK"], { stdin: "hook-secret" })).toMatchObject({ code: 0 });
    expect(await runner(["secret", "set", "API_KEY", "--pipeline", "other"], { stdin: "six666" })).toMatchObject({
      code: 0,
    });
    const { stdout } = await runner(["secret", "list", "--json"]);
    const { secrets } = JSON.parse(stdout) as { secrets: { name: string; pipeline: string | null }[] };
    expect(secrets.map(({ name, pipeline }) => [name, pipeline])).toEqual([
      ["API_KEY", null],
      ["API_KEY", "other"],
      ["HOOK", null],
    ]);
    expect((await runner(["secret", "list"])).stdout).toContain("(every)");
    expect(await runner(["secret", "set", "API_KEY", "value"])).toMatchObject({ code: 2 });
    expect(await runner(["secret", "set", "API_KEY"])).toMatchObject({ code: 2 });
    expect(statSync(join(workspace.dataDir, "secrets.key")).mode & 0o777).toBe(0o600);
  });
});

test("a secret reaches a step and is found nowhere, over a kill of the server too", async () => {
  const body = JSON.stringify({ note: value, signed: true });
  const signature = createHmac("sha256", "hook-secret").update(body).digest("hex");
  const response = await server.webhook("tell", {
    body,
    headers: { "x-webhook-signature": signature, "x-key": "hook-secret" },
  });
  const answered = await response.text();
  expect([response.status, answered.split("\n")[0]]).toEqual([200, "***"]);
  expect(readFileSync(workspace.path("copy"), "utf8")).toBe(value);
  expect(holdsIt(answered)).toBe(false);

  const runId = (JSON.parse(await answerOf("/api/runs?limit=1")) as { runs: { id: string }[] }).runs[0]?.id ?? "";
  const countMasks = async (): Promise<number> => (await answerOf(`/api/runs/${runId}/logs`)).split("***").length;
  const told = await countMasks();
  await eventually("output of the second step", async () => (await countMasks()) > told + 3);
  const logBefore = server.output.stderr;
  await server.kill();
  server = await BinaryServer.start({ workspace, args: ["--log-level", "debug"] });
  writeFileSync(workspace.path("copy.go"), "");
  expect(await server.waitForEnd(runId)).toMatchObject({ status: "succeeded", error: null });

  const paths = ["", "/logs", "/logs?format=ndjson", "/journal", "/journal?script=1"].map(
    (rest) => `/api/runs/${runId}${rest}`,
  );
  for (const path of [...paths, "/api/secrets", "/api/pipelines", "/api/runs"]) {
    const answer = await answerOf(path);
    expect([path, answer === "", holdsIt(answer)]).toEqual([path, false, false]);
  }
  expect(await answerOf(`/api/runs/${runId}/logs`)).toContain("last ***");
  expect(existsSync(join(workspace.dataDir, "runner.db"))).toBe(true);
  await eventually("data folder without the secret", () => filesWithIt().length === 0);
  expect(holdsIt(logBefore + server.output.stderr)).toBe(false);
});

test("a pipeline's own secret comes before that of every pipeline, until it is removed", async () => {
  const started = async (): Promise<unknown> => {
    const { stdout } = await runner(["trigger", "other", "--json"]);
    return (JSON.parse(stdout) as { result: unknown }).result;
  };
  expect(await started()).toBe("6");
  expect(await runner(["secret", "rm", "API_KEY", "--pipeline", "other"])).toMatchObject({ code: 0 });
  expect(await started()).toBe(String(Buffer.byteLength(value)));
  expect(await runner(["secret", "rm", "API_KEY", "--pipeline", "other"])).toMatchObject({ code: 66 });
});

test("a webhook secret that is given with an upload is found nowhere either, and counts in the next life", async () => {
  const file = workspace.path("uploaded.ts");
  writeFileSync(file, "export const pipeline = () => http.respond({ body: 'in' });");
  const args = ["set-pipeline", file, "--name", "uploaded", "--webhook-secret", "-"];
  expect(await runner(args, { stdin: value })).toMatchObject({ code: 0 });
  const send = async (): Promise<number> => {
    const signature = createHmac("sha256", value).update("{}").digest("hex");
    return (await server.webhook("uploaded", { body: "{}", headers: { "x-webhook-signature": signature } })).status;
  };
  expect(await send()).toBe(200);
  expect(filesWithIt()).toEqual([]);
  await server.kill();
  server = await BinaryServer.start({ workspace, args: ["--log-level", "debug"] });
  expect(await send()).toBe(200);
  expect((await server.webhook("uploaded", { body: "{}" })).status).toBe(401);
  expect(filesWithIt()).toEqual([]);
});
