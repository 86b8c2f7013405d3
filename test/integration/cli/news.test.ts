// `approve`, `deny` and `signal` as processes, and what `runs RUN` shows of a run that waits.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { StepJson } from "../../../src/core/run-json.ts";
import { fakeRun, runId, startFakeServer, type FakeServer } from "./fake-server.ts";
import { makeHome, runCli, type SpawnOptions } from "./spawn-cli.ts";

let home: Awaited<ReturnType<typeof makeHome>>;
let server: FakeServer;
let options: SpawnOptions;

beforeEach(async () => {
  home = await makeHome();
  server = startFakeServer();
  options = { cwd: home.dir, env: { RUNNER_SERVER: server.url, RUNNER_TOKEN: server.token, USER: "ada" } };
});

afterEach(async () => {
  await server.stop();
  await home.remove();
});

function step(number: number, changes: Partial<StepJson>): StepJson {
  return {
    id: `${runId}.${number}`,
    name: "go-live",
    kind: "approval",
    status: "waiting",
    code: null,
    attempts: 1,
    started_at: "2026-01-02T03:04:05.000Z",
    finished_at: null,
    message: null,
    until: null,
    run_id: null,
    job: null,
    ...changes,
  };
}

function addRun(...steps: readonly StepJson[]): void {
  const run = fakeRun({ status: "waiting", finished_at: null, result: null, steps });
  server.runs.set(runId, { run, log: async function* () {} });
}

const posted = () => server.requests.filter(({ method }) => method === "POST");

describe("a decision", () => {
  test.each([
    ["approve", true, "approved"],
    ["deny", false, "denied"],
  ] as const)("%s NAME is sent with the name of the user", async (command, approved, said) => {
    addRun();
    const { code, stdout } = await runCli([command, runId, "go live", "--comment", "as agreed"], options);
    expect([code, stdout]).toEqual([0, `${said} "go live" of run ${runId}\n`]);
    const path = `/api/runs/${runId}/approvals/go%20live`;
    expect(posted()).toEqual([{ method: "POST", path, body: { approved, by: "ada", comment: "as agreed" } }]);
  });

  test("needs no NAME where one approval is open, and prints the run with --json", async () => {
    addRun(step(1, { name: "old", status: "succeeded" }), step(2, { kind: "signal" }), step(3, {}));
    const { stdout } = await runCli(["approve", runId, "--by", "bob", "--json"], options);
    expect(JSON.parse(stdout)).toMatchObject({ id: runId });
    expect(posted()).toMatchObject([{ path: `/api/runs/${runId}/approvals/go-live`, body: { by: "bob" } }]);
  });

  test("without NAME is refused where several approvals are open, or none", async () => {
    addRun(step(1, {}), step(2, { name: "other" }));
    const several = await runCli(["approve", runId], options);
    expect([several.code, several.stderr]).toEqual([
      2,
      expect.stringContaining('"go-live", "other"') as unknown as string,
    ]);
    addRun(step(1, { status: "succeeded" }));
    const none = await runCli(["deny", runId], options);
    expect([none.code, none.stderr]).toEqual([
      66,
      expect.stringContaining("waits for no approval") as unknown as string,
    ]);
    expect(posted()).toEqual([]);
  });

  test("that comes second exits with 65 and says what was decided", async () => {
    addRun(step(1, {}));
    const detail = "the approval is decided: approved by eve";
    server.problems.set("approvals", { status: 409, code: "APPROVAL_DECIDED", detail, hint: "none" });
    const { code, stderr } = await runCli(["approve", runId, "go-live"], options);
    expect([code, stderr]).toEqual([65, `error: ${detail} (APPROVAL_DECIDED)\nhint: none\n`]);
  });
});

describe("a signal", () => {
  test.each([
    [[], null],
    [["--data", '{"build":17}'], { build: 17 }],
    [["--data", "null"], null],
    [["--data", '"go"'], "go"],
  ])("with %p sends its JSON", async (args, body) => {
    addRun();
    const { code, stdout } = await runCli(["signal", runId, "ready", ...args], options);
    expect([code, stdout]).toEqual([0, `sent "ready" to run ${runId}\n`]);
    const [request] = posted();
    expect([request?.path, request?.body]).toEqual([`/api/runs/${runId}/signals/ready`, body]);
  });

  test("is read from standard input with --data -", async () => {
    addRun();
    const shell = `printf '{"a":\\n1}' | ${process.execPath} ${require.resolve("../../../src/main.ts")} signal ${runId} ready --data -`;
    const child = Bun.spawn(["sh", "-c", shell], {
      cwd: home.dir,
      env: { ...options.env, HOME: home.dir, PATH: "/usr/bin:/bin" },
    });
    expect(await child.exited).toBe(0);
    expect(posted()[0]?.body).toEqual({ a: 1 });
  });

  test("that is no JSON is a usage error that says how to quote", async () => {
    addRun();
    const { code, stderr } = await runCli(["signal", runId, "ready", "--data", "go"], options);
    expect(code).toBe(2);
    expect(stderr).toContain(`--data '"go"'`);
    expect(posted()).toEqual([]);
  });
});

test("runs RUN shows what each step waits for and until when, what was decided, and the runs above and below", async () => {
  addRun(
    step(1, {
      name: "review",
      status: "succeeded",
      finished_at: "2026-01-02T03:04:06.000Z",
      message: "approved by \u001Beve",
    }),
    step(2, { message: "Deploy 1.2.3?", until: "2026-01-02T07:04:05.000Z" }),
    step(3, { name: "home/backup", kind: "pipeline", run_id: "0198c0de-0000-7000-8000-00000000000b" }),
  );
  const found = server.runs.get(runId);
  if (found) found.run = { ...found.run, parent: { run_id: "0198c0de-0000-7000-8000-00000000000a", step_id: "x.1" } };
  const { stdout } = await runCli(["runs", runId], { ...options, env: { ...options.env, TZ: "Asia/Kolkata" } });
  expect(stdout).toContain("parent    0198c0de-0000-7000-8000-00000000000a\n");
  expect(stdout).toMatch(/├─ ✓ review .* succeeded +approved by \uFFFDeve\n/);
  expect(stdout).toMatch(/├─ … go-live .* waiting +Deploy 1\.2\.3\?, until 2026-01-02 12:34:05\n/);
  expect(stdout).toMatch(/└─ … home\/backup .* waiting +run 0198c0de-0000-7000-8000-00000000000b\n/);
});
