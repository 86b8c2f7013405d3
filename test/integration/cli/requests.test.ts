// `runner requests`, `runner redeliver` and `runner eval --request ID` as processes, against a server of the test.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { WholeRequestJson } from "../../../src/core/request-json.ts";
import { runId, startFakeServer, type FakeServer } from "./fake-server.ts";
import { makeHome, runCli, type SpawnOptions } from "./spawn-cli.ts";

const id = "0198c0de-0000-7000-8000-0000000000aa";
const escape = "\u001B[2J";

function received(changes: Partial<WholeRequestJson> = {}): WholeRequestJson {
  return {
    id,
    pipeline: "deploy",
    received_at: "2026-01-02T03:04:05.000Z",
    verdict: "refused",
    verified: false,
    reason: "signature_mismatch",
    run_id: null,
    redelivery_of: null,
    delivery_id: null,
    same_body_as: null,
    provider: "github",
    event_type: "push",
    method: "POST",
    url: `/api/webhooks/deploy?env=prod`,
    address: "203.0.113.7",
    body_bytes: 26,
    answer: { status: 401, code: "SIGNATURE_INVALID", duration_ms: 0.4 },
    headers: { "x-github-event": "push", authorization: "Bearer ********" },
    query: { env: "prod" },
    body: `{"ref":"refs/heads/main"}\n`,
    body_base64: null,
    body_truncated: false,
    ...changes,
  };
}

let home: Awaited<ReturnType<typeof makeHome>>;
let server: FakeServer;
let options: SpawnOptions;

beforeEach(async () => {
  home = await makeHome();
  server = startFakeServer();
  options = { cwd: home.dir, env: { RUNNER_SERVER: server.url, RUNNER_TOKEN: server.token } };
  server.received.set(id, received());
});
afterEach(async () => {
  await server.stop();
  await home.remove();
});

describe("requests", () => {
  test("is a table of what came and what became of it", async () => {
    const accepted = received({
      id: "b",
      verdict: "accepted",
      reason: null,
      run_id: runId,
      event_type: "",
      answer: null,
    });
    server.received.set("b", accepted);
    const { code, stdout } = await runCli(["requests"], options);
    const [heads = "", first = "", second = ""] = stdout.split("\n");
    expect(code).toBe(0);
    expect(heads.split(/ +/)).toEqual("AGE ID PIPELINE PROVIDER EVENT VERDICT RUN STATUS MS".split(" "));
    expect(first).toMatch(new RegExp(`^\\d+ d +${id} +deploy +github +push +signature_mismatch +- +401 +0.4$`));
    expect(second).toMatch(new RegExp(`b +deploy +github +- +accepted +${runId} +- +-$`));
    expect(server.requests).toEqual([{ method: "GET", path: "/api/requests?limit=20", body: null }]);
  });

  test("asks for what the options say, and prints the list as it is with --json", async () => {
    const words = ["--pipeline", "home/backup", "--refused", "--reason", "rate_limited", "--run", "r", "--limit", "3"];
    const { stdout } = await runCli(["requests", ...words, "--json"], options);
    expect(JSON.parse(stdout)).toEqual({ requests: [received()], next_cursor: null });
    const query = "limit=3&pipeline=home%2Fbackup&verdict=refused&reason=rate_limited&run=r";
    expect(server.requests[0]?.path).toBe(`/api/requests?${query}`);
  });

  test("says that there are none", async () => {
    server.received.clear();
    expect(await runCli(["requests"], options)).toMatchObject({ code: 0, stdout: "", stderr: "no requests\n" });
  });

  test("with an id shows one in full, whatever is in it", async () => {
    server.received.set(id, received({ body: `a${escape}\n\tb`, redelivery_of: "older", delivery_id: "d-7" }));
    const { stdout } = await runCli(["requests", id], options);
    expect(stdout).toMatch(/^from +203\.0\.113\.7$/m);
    expect(stdout).toMatch(/^verdict +refused: signature_mismatch$/m);
    expect(stdout).toMatch(/^answer +401 SIGNATURE_INVALID after 0\.4 ms$/m);
    expect(stdout).toMatch(/^redelivery of +older$/m);
    expect(stdout).toMatch(/^delivery +d-7$/m);
    expect(stdout).toEndWith(
      `\nPOST /api/webhooks/deploy?env=prod\nx-github-event: push\nauthorization: Bearer ********\n\na\uFFFD[2J\n\tb\n`,
    );
    const json = await runCli(["requests", id, "--json"], options);
    expect(JSON.parse(json.stdout)).toMatchObject({ id, headers: { "x-github-event": "push" } });
  });

  test("of an unknown id exits with 66", async () => {
    expect((await runCli(["requests", "nope"], options)).code).toBe(66);
  });
});

describe("redeliver", () => {
  test("prints the script's answer, and says which run began", async () => {
    Object.assign(server.redelivery, { request_id: "new", run_id: runId, skipped: false, status: 201, body: "done\n" });
    const { code, stdout, stderr } = await runCli(["redeliver", id], options);
    expect([code, stdout, stderr]).toEqual([0, "done\n", `run ${runId} began; it answered 201\n`]);
    expect(server.requests).toEqual([
      { method: "POST", path: `/api/requests/${id}/redeliver`, body: { force: false } },
    ]);
    const json = await runCli(["redeliver", id, "--force", "--json"], options);
    expect([JSON.parse(json.stdout), json.stderr]).toEqual([{ ...server.redelivery }, ""]);
    expect(server.requests.at(-1)?.body).toEqual({ force: true });
  });

  test("says that no run began, and that a run has not answered yet", async () => {
    Object.assign(server.redelivery, { request_id: "new", run_id: null, skipped: true, status: 202, body: null });
    expect((await runCli(["redeliver", id], options)).stderr).toStartWith("no run began: the pipeline's condition");
    Object.assign(server.redelivery, { reason: "condition_invalid" });
    expect((await runCli(["redeliver", id], options)).stderr).toBe(
      "no run began: the pipeline's condition has no value for this request (--force begins one all the same)\n",
    );
    Object.assign(server.redelivery, { run_id: runId, skipped: false, duplicate: true, status: 200 });
    expect((await runCli(["redeliver", id], options)).stderr).toStartWith(
      `no run began: it has come before, and began run ${runId} (--force`,
    );
    Object.assign(server.redelivery, { duplicate: false, status: 202 });
    expect((await runCli(["redeliver", id], options)).stderr).toContain("it has not responded, so the answer was 202");
  });

  test("exits with 65 and the hint where the server refuses, with 66 for an unknown id", async () => {
    const hint = "runner redeliver x --force";
    server.problems.set("redeliver", { status: 409, code: "REQUEST_NOT_VERIFIED", detail: "who knows", hint });
    const { code, stderr } = await runCli(["redeliver", id], options);
    expect([code, stderr]).toEqual([65, `error: who knows (REQUEST_NOT_VERIFIED)\nhint: ${hint}\n`]);
    server.problems.clear();
    expect((await runCli(["redeliver", "nope"], options)).code).toBe(66);
  });
});

describe("eval --request ID", () => {
  const evaluate = async (expression: string, request: string) =>
    await runCli(["eval", expression, "--request", request], options);

  test("is about the request that the server has, with the provider and the event that it had", async () => {
    server.received.set(id, received({ provider: "gitea", event_type: "release" }));
    const fields = '[provider, eventType, method, headers["x-github-event"], query.env, payload.ref]';
    const { code, stdout } = await evaluate(fields, id);
    expect([code, JSON.parse(stdout)]).toEqual([0, ["gitea", "release", "POST", "push", "prod", "refs/heads/main"]]);
  });

  test("says of one that was cut that there may be no payload", async () => {
    server.received.set(id, received({ body: '{"ref":', body_bytes: 5000, body_truncated: true }));
    const { stdout, stderr } = await evaluate("payload == nil", id);
    expect([stdout, stderr]).toEqual(["true\n", expect.stringContaining("of 5000 bytes only the beginning")]);
  });

  test("takes bytes that are no text as scripts do", async () => {
    server.received.set(id, received({ body: null, body_base64: Buffer.from([0x61, 0xff]).toString("base64") }));
    expect((await evaluate("body", id)).stdout).toBe('"a\uFFFD"\n');
  });

  test("prefers a file of that name, and tells what is neither a file nor an id", async () => {
    await writeFile(join(home.dir, id), '{"body":"from the file"}');
    expect((await evaluate("body", id)).stdout).toBe('"from the file"\n');
    expect(server.requests).toEqual([]);
    const { code, stderr } = await evaluate("body", "nope.json");
    expect(code).toBe(2);
    expect(stderr).toContain("nope.json");
    expect(stderr).toContain("the id of a request");
  });

  test("of an unknown id exits with 66, without a server with 69 or 75", async () => {
    const unknown = "0198c0de-0000-7000-8000-0000000000bb";
    expect((await evaluate("1", unknown)).code).toBe(66);
    await server.stop();
    expect((await evaluate("1", id)).code).toBe(75);
  });
});
