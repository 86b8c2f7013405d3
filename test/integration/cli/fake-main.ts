// src/main.ts with an app that answers from the environment instead of opening a store and a server.

import { openTerminal, runCommandLine, type AppVerbs } from "../../../src/cli/cli.ts";
import type * as Replay from "../../../src/app/replay-journal.ts";
import { compileFile } from "../../../src/app/compile-file.ts";
import { tryExpression } from "../../../src/engine/engine.ts";
import type { Pipeline, Problem } from "../../../src/pipelines/pipelines.ts";
import { startFakeServer } from "./fake-server.ts";

const problems = JSON.parse(process.env["FAKE_PROBLEMS"] ?? "[]") as readonly Problem[];

const app: AppVerbs = {
  async startServer(config) {
    const server = startFakeServer(config.port);
    const stop = async (): Promise<void> => {
      await Bun.sleep(Number(process.env["FAKE_STOP_MS"] ?? 0));
      await server.stop();
    };
    return {
      url: server.url,
      token: server.token,
      tokenPath: `${config.dataDir}/runner.token`,
      reload: async () => {},
      stop,
    };
  },
  compileFile,
  checkPipelines: () =>
    Promise.resolve({
      pipelines: [{ id: "deploy", file: "deploy.ts", state: "ok", version: null, problems } satisfies Pipeline],
    }),
  async runOnce(config, { target, params, args, database, onEntry, signal }) {
    const entry = { seq: 1, at: 1, level: "info", stepId: null, stepName: null } as const;
    await onEntry({
      ...entry,
      source: "console",
      text: JSON.stringify({ target, params, args, database: database ?? null }),
    });
    void onEntry({ ...entry, source: "stdout", stepId: "r.1", stepName: "build", text: "half a line" });
    void onEntry({ ...entry, source: "system", text: `pipelines ${config.pipelines}` });
    if (target === "slow") await new Promise((resolve) => signal.addEventListener("abort", resolve));
    const failed = target === "failing";
    const lastText = process.env["FAKE_LAST_ENTRY"];
    if (lastText) await onEntry({ ...entry, source: "system", level: "error", text: lastText });
    return {
      id: "r",
      pipeline: target,
      trigger: "manual",
      status: signal.aborted ? "cancelled" : failed ? "failed" : "succeeded",
      createdAt: 0,
      startedAt: 0,
      finishedAt: 1500,
      result: failed ? null : { n: 1 },
      rerunOf: null,
      triggeredBy: "manual",
      parent: null,
      after: null,
      scheduledAt: null,
      wakeAt: null,
      error: failed ? { code: "SCRIPT_ERROR", message: "boom", hint: "fix it", file: "a.ts", line: 3 } : null,
      steps: [],
      jobs: [],
      artifacts: [],
    };
  },
  replayJournal: async (...given) => await (await loadReplay()).replayJournal(...given),
  tryExpression,
  testPipelines: async (...given) => {
    const { testPipelines } = await import("../../../src/app/test-pipelines.ts");
    await testPipelines(...given);
  },
  async *readStoredJournal(...given) {
    yield* (await loadReplay()).readStoredJournal(...given);
  },
};

/** The real one: it needs no server of ours. Loaded late, since most commands do without. */
function loadReplay(): Promise<typeof Replay> {
  return import("../../../src/app/replay-journal.ts");
}

process.exit(
  await runCommandLine(process.argv.slice(2), {
    terminal: openTerminal(process.env),
    environment: process.env,
    cwd: process.cwd(),
    cores: 2,
    program: { startedAs: ["dist/runner"], file: process.execPath },
    fetch,
    now: Date.now,
    loadApp: () => Promise.resolve(app),
  }),
);
