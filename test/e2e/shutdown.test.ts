// SIGTERM: what is finished, what is left running, and how long it takes.

import { afterEach, expect, test } from "bun:test";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { runBinary } from "../fixtures/harness/run-binary.ts";

const pipelines = {
  "slow-answer.ts": `export const pipeline = async () => {
    await runtime.run({ name: "work", command: "sleep 1.5" });
    http.respond({ status: 201, body: "done in time" });
  };`,
  "long.ts": `export const pipeline = async () => {
    console.log("begun");
    await runtime.run({ name: "long", command: "echo started; sleep 300; :" });
  };`,
  "stubborn.ts": `export const pipeline = async () => {
    await runtime.run({ name: "stubborn", command: "trap '' TERM; while :; do sleep 1; done" });
  };`,
};

let server: BinaryServer;
afterEach(async () => {
  await server.remove();
});

/** The processes of a running step: its wrapper, its command, and what that has started. */
const stepProcesses = async (): Promise<readonly number[]> =>
  await eventually("running step", () => {
    const found = server.workspace.findStepProcesses();
    return found.length >= 3 ? found : null;
  });

test("SIGTERM lets an answer in flight finish, refuses new connections, and exits with 0", async () => {
  server = await BinaryServer.start({ pipelines });
  const answer = server.webhook("slow-answer");
  await eventually("run", async () => (await server.listRuns("status=running")).length === 1);
  server.signal("SIGTERM");
  await eventually(
    "refusal",
    async () =>
      await fetch(`${server.url}/healthz`).then(
        () => false,
        () => true,
      ),
  );

  const response = await answer;
  expect([response.status, await response.text()]).toEqual([201, "done in time"]);
  expect(await server.exited).toBe(0);
}, 30_000);

test("SIGTERM leaves running steps running and exits within 15 s", async () => {
  server = await BinaryServer.start({ pipelines });
  await server.trigger("long");
  const steps = await stepProcesses();
  const stoppedAt = performance.now();
  expect(await server.stop()).toBe(0);
  expect(performance.now() - stoppedAt).toBeLessThan(15_000);
  expect(server.workspace.findStepProcesses()).toEqual(steps);
}, 30_000);

test("with --stop-steps, SIGTERM ends running steps, and their runs are cancelled", async () => {
  server = await BinaryServer.start({ pipelines, args: ["--stop-steps"] });
  const id = await server.trigger("long");
  await stepProcesses();
  expect(await server.stop()).toBe(0);
  expect(server.workspace.findStepProcesses()).toEqual([]);

  const next = await BinaryServer.start({ workspace: server.workspace });
  expect((await next.getRun(id)).status).toBe("cancelled");
  await next.stop();
}, 30_000);

test("with --stop-steps, a step that ignores SIGTERM is killed and the server still exits within 15 s", async () => {
  server = await BinaryServer.start({ pipelines, args: ["--stop-steps"] });
  await server.trigger("stubborn");
  await stepProcesses();
  const stoppedAt = performance.now();
  await server.stop();
  expect(performance.now() - stoppedAt).toBeLessThan(15_000);
  await eventually("end of the step", () => server.workspace.findStepProcesses().length === 0);
}, 30_000);

test("whoever follows a run when its server stops is told so with exit code 75 and the run's id", async () => {
  server = await BinaryServer.start({ pipelines });
  const seen = Promise.withResolvers<void>();
  const following = runBinary(server.workspace, ["trigger", "long"], {
    onOutput: (stdout) => {
      if (stdout.includes("started")) seen.resolve();
    },
  });
  await seen.promise;
  const [run] = await server.listRuns();
  await server.stop();

  const { code, stdout, stderr } = await following;
  expect(code).toBe(75);
  expect(stdout).toBe("begun\nstarted\n");
  expect(stderr).toContain(run?.id ?? "no run");
  expect(stderr).toContain("goes on");
}, 40_000);
