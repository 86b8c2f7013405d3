// The test build dies where it is told to; the binary that is released knows nothing of that.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { faultBoundaries } from "../../src/core/fault-point.ts";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { faultsBinary } from "../fixtures/harness/faults-binary.ts";
import { runnerBinary } from "../fixtures/harness/runner-binary.ts";

/** Those of the texts that are in the binary. */
function textsIn(binary: string, texts: readonly string[]): readonly string[] {
  const bytes = readFileSync(binary);
  return texts.filter((text) => bytes.includes(text));
}

test("no fault point is in the released binary", () => {
  const names = faultBoundaries.filter((name) => name.includes(" "));
  const whole = ["RUNNER_FAULT", "before spawn of wrapper", "after write batch"];
  expect(textsIn(faultsBinary, [...names, ...whole])).toEqual([...names, ...whole]);
  expect(textsIn(runnerBinary, [...names, ...whole])).toEqual([]);
});

test.each([
  ["the test build", faultsBinary, "SIGKILL"],
  ["the released binary", runnerBinary, null],
] as const)("RUNNER_FAULT in the environment of %s ends it with %p", async (_, program, signal) => {
  const server = await BinaryServer.start({
    program,
    env: { RUNNER_FAULT: "before answer trigger:2" },
    pipelines: { "a.ts": "export const pipeline = () => 1;" },
  });
  try {
    expect((await server.run("a")).result).toBe(1);
    const second = await server.run("a").catch(() => null);
    if (signal !== null) await server.exited;
    expect({ answered: second !== null, signal: server.signalCode }).toEqual({ answered: signal === null, signal });
  } finally {
    await server.remove();
  }
});
