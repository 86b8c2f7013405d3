import { expect, test } from "bun:test";
import { fileURLToPath } from "node:url";

async function pass(armed: string): Promise<{ readonly passed: string; readonly signal: unknown }> {
  const program = fileURLToPath(import.meta.resolve("./programs/pass-fault-points.ts"));
  const child = Bun.spawn([process.execPath, program, armed], { stdout: "pipe" });
  const passed = (await new Response(child.stdout).text()).trim().split("\n").join(" ");
  await child.exited;
  return { passed, signal: child.signalCode };
}

test("a process kills itself at the passage of the fault point that it was armed for", async () => {
  expect(await pass("before discard:1")).toEqual({ passed: "", signal: "SIGKILL" });
  expect(await pass("before discard:3")).toEqual({ passed: "1 2", signal: "SIGKILL" });
});

test.each(["", "before discard", "before discard:0", "before discard:4", "after discard:1"])(
  "armed with %p it passes three times",
  async (armed) => {
    expect(await pass(armed)).toEqual({ passed: "1 2 3", signal: null });
  },
);
