// Recorded webhooks against the binary: looking, sending again, and what is on record after a power cut.

import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RedeliveryJson, RequestListJson, WholeRequestJson } from "../../src/core/request-json.ts";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { type BinaryResult, runBinary } from "../fixtures/harness/run-binary.ts";

const pipelines = {
  "open.ts": `export const pipeline = () => http.respond({ status: 201, body: "got " + http.request().body });`,
  "signed.ts": `export const config = { webhook: { provider: "bearer", secret: "env:S" } };
    export const pipeline = () => http.respond({ body: http.request().headers.authorization });`,
};
const env = { S: "a-secret-of-e2e" };

let server: BinaryServer;
beforeAll(async () => {
  server = await BinaryServer.start({ pipelines, env });
});
afterAll(async () => {
  await server.remove();
});

async function run(...words: readonly string[]): Promise<BinaryResult> {
  const asked = { RUNNER_SERVER: server.url, RUNNER_TOKEN: server.token };
  return await runBinary(server.workspace, words, { env: asked });
}

async function list(...words: readonly string[]): Promise<RequestListJson["requests"]> {
  const { stdout } = await run("requests", "--json", ...words);
  return (JSON.parse(stdout) as RequestListJson).requests;
}

describe("requests and redeliver", () => {
  test("a request that was refused is seen with its reason, and sent again by force alone", async () => {
    const headers = { authorization: "Bearer forged-token-of-e2e", cookie: "id=cookie-of-e2e" };
    expect((await server.webhook("signed", { headers, body: "hello" })).status).toBe(401);
    const [refused] = await list("--refused", "--pipeline", "signed");
    expect(refused).toMatchObject({ reason: "signature_mismatch", address: "127.0.0.1", answer: { status: 401 } });
    const id = refused?.id ?? "";

    const shown = await run("requests", id);
    expect(shown.stdout).toContain("authorization: Bearer ********");
    expect(shown.stdout).toEndWith("\nhello\n");
    expect((await run("requests")).stdout).toContain("signature_mismatch");

    const kept = await run("redeliver", id);
    expect([kept.code, kept.stdout]).toEqual([65, ""]);
    expect(kept.stderr).toContain(`--force`);
    const forced = await run("redeliver", id, "--force");
    expect([forced.code, forced.stdout]).toEqual([0, "Bearer ********\n"]);
    const [again] = await list();
    expect(again).toMatchObject({ verdict: "accepted", redelivery_of: id, answer: { status: 200 } });
    expect(forced.stderr).toBe(`run ${again?.run_id ?? ""} began; it answered 200\n`);
    expect((await server.getRun(again?.run_id ?? "")).trigger).toBe("webhook");
  });

  test("one that was accepted is sent again as it was, and a condition is tried on it", async () => {
    await server.webhook("open?a=1", { body: '{"n":41}', headers: { "x-github-event": "push" } });
    const [request] = await list("--pipeline", "open");
    const { stdout } = await run("redeliver", request?.id ?? "", "--json");
    expect(JSON.parse(stdout) as RedeliveryJson).toMatchObject({ status: 201, body: 'got {"n":41}', skipped: false });
    const tried = await run("eval", "[eventType, payload.n + 1, query.a]", "--request", request?.id ?? "");
    expect(tried.stdout).toBe('["push",42,"1"]\n');
    const whole = await server.request("GET", `/api/requests/${request?.id ?? ""}`);
    expect((await whole.json()) as WholeRequestJson).toMatchObject({ body: '{"n":41}', body_bytes: 8 });
  });

  test("no file of the server holds the secrets that were sent in clear", () => {
    const files = ["runner.db", "runner.db-wal"].map((name) => readFileSync(join(server.workspace.dataDir, name)));
    const holds = (text: string): boolean => files.some((bytes) => bytes.includes(text)) || log().includes(text);
    const log = (): string => server.output.stderr + server.output.stdout;
    for (const text of ["forged-token-of-e2e", "cookie-of-e2e", env.S])
      expect([text, holds(text)]).toEqual([text, false]);
    expect(holds("x-github-event")).toBe(true);
  });
});

test("after a power cut every run that was answered has its request, and of refused ones only the last may be missing", async () => {
  const cut = await BinaryServer.start({ pipelines, env });
  try {
    const runs: string[] = [];
    let refused = 0;
    const sending = Array.from({ length: 8 }, async () => {
      for (;;) {
        const answer = await cut.webhook("open", { body: "x" }).catch(() => null);
        if (answer === null) return;
        const said = await cut.webhook("signed").catch(() => null);
        if (said?.status === 401) refused++;
        if (answer.status === 201) runs.push(await answer.text());
      }
    });
    while (runs.length < 300) await Bun.sleep(20);
    // What was refused until now is on disk after two intervals, however much comes meanwhile.
    const before = refused;
    await Bun.sleep(1500);
    await cut.kill();
    await Promise.all(sending);
    const db = new Database(join(cut.workspace.dataDir, "runner.db"));
    const count = (sql: string): number => Number(db.query(sql).values()[0]?.[0]);
    expect(count("SELECT count(*) FROM inbound_requests WHERE verdict = 'accepted'")).toBeGreaterThanOrEqual(
      runs.length,
    );
    expect(count("SELECT count(*) FROM runs WHERE inbound_id NOT IN (SELECT id FROM inbound_requests)")).toBe(0);
    expect(count("SELECT count(*) FROM inbound_requests WHERE verdict = 'refused'")).toBeGreaterThanOrEqual(before);
    expect(
      count("SELECT count(*) FROM inbound_answers WHERE request_id NOT IN (SELECT id FROM inbound_requests)"),
    ).toBe(0);
    db.close();
  } finally {
    await cut.remove();
  }
}, 60_000);
