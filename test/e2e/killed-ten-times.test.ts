// A pipeline of three processes and a container whose server is killed at ten random moments: as if nothing had happened.

import { afterAll, beforeAll, expect, test } from "bun:test";
import type { RunJson } from "../../src/core/run-json.ts";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";
import { prepareImages } from "../fixtures/images/images.ts";

const kills = 10;
const steps = ["fetch sources", "build", "publish", "clean up"] as const;

/** Marks its beginning and its end, and says on both streams what it does, for about a second. */
const slow = (name: string): string =>
  [
    `echo "$RUN ${name} begins" >> "$MARKS/marks"`,
    `for i in 1 2 3 4 5 6 7 8 9 10; do echo "${name}: line $i"; echo "${name}: note $i" >&2; sleep 0.1; done`,
    `echo "$RUN ${name} ends" >> "$MARKS/marks"`,
  ].join("; ");

const workspace = new Workspace();
workspace.save(
  "deploy.ts",
  `const folder = ${JSON.stringify(workspace.dir)};
const step = async (name: string, options: object = {}) => {
  console.log("before", name);
  const { code, stdout } = await runtime.run({
    name, env: { RUN: pipelineContext.runID, MARKS: folder }, command: commands[name], ...options,
  });
  console.log("after", name, code, stdout.split("\\n").length);
};
const commands = ${JSON.stringify(Object.fromEntries(steps.map((name) => [name, slow(name)])))};
export const pipeline = async () => {
  http.respond({ status: 200, body: "deploying" });
  await step("fetch sources");
  await step("build", {
    image: "busybox", mounts: { "/marks": folder }, env: { RUN: pipelineContext.runID, MARKS: "/marks" },
  });
  await step("publish");
  await step("clean up");
  return "deployed";
};`,
);

interface Ended {
  readonly run: RunJson;
  readonly text: string;
  readonly streams: Readonly<Record<string, string>>;
}

async function readEnd(server: BinaryServer, id: string): Promise<Ended> {
  const run = await server.waitForEnd(id, 60_000);
  const streams: Record<string, string> = {};
  for (const { source, text } of await server.logLines(id)) {
    streams[source] = (streams[source] ?? "") + text + (source === "console" ? "\n" : "");
  }
  return { run, text: await server.logText(id), streams };
}

const marksOf = (id: string): readonly string[] =>
  workspace
    .lines("marks")
    .filter((line) => line.startsWith(id))
    .map((line) => line.slice(id.length + 1));

let server: BinaryServer;
let undisturbed: Ended;
let disturbed: Ended;

beforeAll(async () => {
  await prepareImages();
  server = await BinaryServer.start({ workspace });
  const webhook = await server.webhook("deploy", { body: "{}" });
  expect([webhook.status, await webhook.text()]).toEqual([200, "deploying"]);
  const twin = await server.trigger("deploy");
  const id = (await server.listRuns()).find(({ trigger }) => trigger === "webhook")?.id ?? "";
  undisturbed = await readEnd(server, twin);
  expect((await server.waitForEnd(id)).status).toBe("succeeded");

  const killed = await server.trigger("deploy");
  for (let kill = 0; kill < kills; kill++) {
    await Bun.sleep(Math.random() * 350);
    await server.kill();
    server = await BinaryServer.start({ workspace });
  }
  disturbed = await readEnd(server, killed);
}, 120_000);
afterAll(async () => {
  await server.remove();
});

test("the run ends as one that nobody disturbed", () => {
  const view = ({ run }: Ended): unknown => ({
    status: run.status,
    result: run.result,
    error: run.error,
    steps: run.steps.map(({ name, kind, status, code, attempts }) => ({ name, kind, status, code, attempts })),
  });
  expect(view(disturbed)).toEqual(view(undisturbed));
  expect(disturbed.run.status).toBe("succeeded");
});

test("each side effect was made once, in order", () => {
  const expected = steps.flatMap((name) => [`${name} begins`, `${name} ends`]);
  expect(marksOf(disturbed.run.id)).toEqual(expected);
  expect(marksOf(undisturbed.run.id)).toEqual(expected);
});

test("the log reads as if nothing had happened", () => {
  expect(disturbed.streams).toEqual(undisturbed.streams);
  // Lines of the two streams of a step may come in another order; nothing is between them that does not belong there.
  const linesOf = ({ text }: Ended): readonly string[] => text.split("\n").toSorted();
  expect(linesOf(disturbed)).toEqual(linesOf(undisturbed));
});

test("nothing of it is left behind", async () => {
  expect(workspace.findStepProcesses()).toEqual([]);
  expect(workspace.findContainers()).toEqual([]);
});
