// Sandbox processes killed while many runs are under way, at moments nobody chose.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { findSandboxProcesses } from "../fixtures/harness/sandbox-processes.ts";

const rounds = 5;
const runsPerRound = 16;
const stepsPerRun = 6;
const killsPerRound = 5;

// Everything a replay must answer alike: steps one by one and together, output callbacks, values, timers, the clock.
const busy = `
export const config = { params: { name: { type: "string", required: true }, file: { type: "string", required: true } } };
const step = (name: string, number: number) => {
  let heard = "";
  return runtime
    .run({
      name: \`step \${number}\`,
      command: 'echo "$NAME $NUMBER" >> "$FILE"; echo one; sleep 0.0' + (number % 4) + '; echo $((NUMBER * 10))',
      env: { NAME: name, NUMBER: String(number), FILE: pipelineContext.params.file },
      onOutput: (_stream, text) => { heard += text; },
    })
    .then(({ stdout }) => {
      if (heard !== stdout) throw new Error(\`heard \${JSON.stringify(heard)}, got \${JSON.stringify(stdout)}\`);
      return Number(stdout.split("\\n")[1]);
    });
};
export const pipeline = async () => {
  const { name } = pipelineContext.params;
  const key = "sum of " + name;
  const drawn = [crypto.randomUUID(), Date.now(), Math.random()];
  let sum = 0;
  for (let number = 1; number <= 3; number++) {
    sum += await step(name, number);
    await storage.set(key, sum);
    assert.equal(storage.get(key), sum);
    await sleep("20ms");
    console.log("after step", number);
  }
  const rest = await Promise.all([4, 5, 6].map((number) => step(name, number)));
  for (const each of rest) sum += each;
  await storage.set("drawn of " + name, drawn);
  assert.equal(JSON.stringify(storage.get("drawn of " + name)), JSON.stringify(drawn));
  return sum;
};
`;

let server: BinaryServer;

beforeAll(async () => {
  server = await BinaryServer.start({ pipelines: { "busy.ts": busy }, args: ["--max-concurrent-steps=16"] });
});
afterAll(async () => {
  await server.remove();
});

/** Kills sandbox processes one after another, each at a moment drawn by lot. */
async function killSandboxes(): Promise<void> {
  for (let kill = 0; kill < killsPerRound; kill++) {
    await Bun.sleep(Math.random() * 200);
    const pids = findSandboxProcesses(server.pid);
    const pid = pids[Math.floor(Math.random() * pids.length)];
    if (pid !== undefined) process.kill(pid, "SIGKILL");
  }
}

test.each(Array.from({ length: rounds }, (_, round) => round))(
  "no run is lost and no step is started twice when sandbox processes are killed, round %d",
  async (round) => {
    const names = Array.from({ length: runsPerRound }, (_, index) => `r${String(round)}-${String(index)}`);
    const file = server.workspace.path(`starts-${String(round)}`);
    const [runs] = await Promise.all([
      Promise.all(names.map((name) => server.run("busy", { name, file }))),
      killSandboxes(),
    ]);

    expect(runs.map(({ status, result, error }) => ({ status, result, error }))).toEqual(
      names.map(() => ({ status: "succeeded", result: 210, error: null })),
    );
    const expected = names.flatMap((name) => Array.from({ length: stepsPerRun }, (_, n) => `${name} ${String(n + 1)}`));
    expect(server.workspace.lines(`starts-${String(round)}`).toSorted()).toEqual(expected.toSorted());
    for (const { id, steps } of runs) {
      expect(steps.map(({ status, attempts }) => `${status} ${String(attempts)}`)).toEqual(
        Array.from({ length: stepsPerRun }, () => "succeeded 1"),
      );
      const printed = (await server.logLines(id)).filter(({ source }) => source === "console");
      expect(printed.map(({ text }) => text)).toEqual(["after step 1", "after step 2", "after step 3"]);
    }
    expect(server.isAlive).toBe(true);
    expect(server.output.stderr).toContain("was ended by signal SIGKILL");
  },
  60_000,
);
