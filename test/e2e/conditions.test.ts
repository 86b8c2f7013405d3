// Conditions by the binary: `webhook.when` before a run, `webhookTrigger` within it, and `runner eval` to try one.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { runBinary } from "../fixtures/harness/run-binary.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";

let workspace: Workspace;
let server: BinaryServer;

const when = (condition: string): string =>
  `export const config = {\n  webhook: {\n    when: ${JSON.stringify(condition)},\n  },\n};\nexport const pipeline = () => "ran";\n`;

const schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  required: ["ref"],
  properties: { ref: { pattern: "^refs/", format: "uri-reference" } },
};

beforeAll(async () => {
  workspace = new Workspace({
    "main.ts": when('payload?.ref | trimPrefix("refs/heads/") in ["main", "release"]'),
    "broken.ts": when('payload.ref = "refs/heads/main"'),
    "fits.ts": `export const config = { webhook: { schema: ${JSON.stringify(schema)} } };
export const pipeline = () => webhookParams({ ref: "payload.ref" });`,
    "unfit.ts": `export const config = {\n  webhook: {\n    schema: { items: { format: "odd" } },\n  },\n};\nexport const pipeline = () => 1;`,
    "asks.ts": `export const pipeline = () => [
      webhookTrigger('any(payload.commits, {.message startsWith "fix: "})'),
      webhookTrigger('payload.missing.deeper == 1'),
      webhookTrigger('now().Year() > 2020 and now() <= now()'),
    ];`,
  });
  server = await BinaryServer.start({ workspace });
});
afterAll(async () => {
  await server.remove();
});

async function send(pipeline: string, payload: unknown): Promise<readonly [number, unknown]> {
  const response = await server.webhook(pipeline, { body: JSON.stringify(payload) });
  return [response.status, await response.json()];
}

describe("webhook.when", () => {
  test("answers 202 with { skipped: true } and starts no run where it does not hold", async () => {
    expect(await send("main", { ref: "refs/heads/topic" })).toEqual([202, { skipped: true }]);
    expect(await send("main", {})).toEqual([202, { skipped: true }]);
    expect(await server.listRuns("pipeline=main")).toEqual([]);
  });

  test("starts a run where it holds", async () => {
    const [status, answer] = await send("main", { ref: "refs/heads/main" });
    expect(status).toBe(202);
    const run = await server.waitForEnd((answer as { run_id: string }).run_id);
    expect(run).toMatchObject({ status: "succeeded", result: "ran" });
  });

  test("that is no condition breaks its pipeline, at its line", async () => {
    const { code, stdout } = await runBinary(workspace, ["check"]);
    expect(code).toBe(65);
    expect(stdout).toContain(
      'pipelines/broken.ts:3:5 config.webhook.when is no condition: unexpected "="; write "==" to compare (column 13)',
    );
    expect((await send("broken", {}))[0]).toBe(409);
  });
});

describe("webhook.schema", () => {
  test("lets a payload through that fits, and tells another where it does not, with 422 and no run", async () => {
    const [status, answer] = await send("fits", { ref: "refs/heads/main" });
    expect(status).toBe(202);
    const run = await server.waitForEnd((answer as { run_id: string }).run_id);
    expect(run).toMatchObject({ status: "succeeded", result: { ref: "refs/heads/main" } });
    expect(await send("fits", { ref: "hunter2" })).toEqual([
      422,
      expect.objectContaining({
        code: "PAYLOAD_INVALID",
        details: { errors: [{ path: "/ref", message: 'must match pattern "^refs/"' }] },
      }),
    ]);
    expect(await server.listRuns("pipeline=fits")).toHaveLength(1);
  });

  test("that is none breaks its pipeline, at its line", async () => {
    expect((await runBinary(workspace, ["check"])).stdout).toContain(
      "pipelines/unfit.ts:3:24 config.webhook.schema.items.format is not known here",
    );
  });
});

test("webhookTrigger() knows the language, and an error is in the run's log with a caret at its place", async () => {
  const [, answer] = await send("asks", { commits: [{ message: "fix: x" }] });
  const { id, result } = await server.waitForEnd((answer as { run_id: string }).run_id);
  expect(result).toEqual([true, false, true]);
  expect(await server.logText(id)).toBe(
    'webhookTrigger: cannot read "deeper" of nil; "?." reads of nil too (column 17)\n' +
      "  payload.missing.deeper == 1\n                  ^\n",
  );
});

describe("runner eval", () => {
  const evaluate = async (...args: readonly string[]) => await runBinary(workspace, ["eval", ...args]);

  test("prints what an expression comes to on a request of a file", async () => {
    const request = { headers: { "X-GitHub-Event": "push" }, query: { env: "prod" }, body: { ref: "refs/heads/main" } };
    writeFileSync(workspace.path("push.json"), JSON.stringify(request));
    const expression = '[provider, eventType, method, payload.ref, query.env, headers["x-github-event"], len(body)]';
    const { code, stdout } = await evaluate(expression, "--request", "push.json");
    expect([code, JSON.parse(stdout)]).toEqual([0, ["github", "push", "POST", "refs/heads/main", "prod", "push", 25]]);
  });

  test("needs no request", async () => {
    expect(await evaluate("1..3 | map(# * 2)")).toMatchObject({ code: 0, stdout: "[2,4,6]\n" });
  });

  test("shows the place of an error, and exits with 65", async () => {
    const { code, stdout, stderr } = await evaluate("1 +* 2");
    expect([code, stdout]).toEqual([65, ""]);
    expect(stderr).toContain('unexpected "*" (column 4) (EXPRESSION_INVALID)\n  1 +* 2\n     ^\n');
  });

  test("says what is wrong with the request", async () => {
    writeFileSync(workspace.path("odd.json"), '{"haeders": {}}');
    const odd = await evaluate("true", "--request", "odd.json");
    expect(odd.code).toBe(65);
    expect(odd.stderr).toContain("did you mean headers?");
    writeFileSync(workspace.path("cut.json"), '{"headers": ');
    expect(await evaluate("true", "--request", "cut.json")).toMatchObject({ code: 2 });
    const missing = await evaluate("true", "--request", "missing.json");
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain("missing.json cannot be read");
  });
});
