// What every executor promises by its contract, tried with real commands as processes and in containers.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { answers, prepareImages } from "../../fixtures/images/images.ts";
import { openContainerRunner, openStepRunner, type StepRunner, until } from "./step-runner.ts";

const subjects: readonly [string, () => StepRunner, boolean, number][] = [
  ["a process", openStepRunner, false, 200],
  ["a container", openContainerRunner, !answers("docker"), 8],
];

describe.each(subjects)("%s:", (kind, open, isMissing, many) => {
  describe.skipIf(isMissing)("executor", () => {
    contract(kind, open, many);
  });
});

function contract(kind: string, open: () => StepRunner, many: number): void {
  let runner: StepRunner;
  beforeAll(async () => {
    if (kind === "a container") await prepareImages();
    runner = open();
  });
  afterAll(async () => await runner.close());

  describe("the outcome of a step", () => {
    test.each([0, 1, 3, 126, 127, 200, 255])("has the exact exit status %d", async (status) => {
      const { end, code, message } = await runner.run({ command: `exit ${status}` });
      expect({ end, code, message }).toEqual({ end: "exited", code: status, message: null });
    });

    test.each([
      ["KILL", 137],
      ["TERM", 143],
      ["INT", 130],
      ["HUP", 129],
      ["SEGV", 139],
      ["PIPE", 141],
      ["USR1", 138],
    ])("names SIG%s when that ended the command", async (signal, code) => {
      // In a container the kernel keeps a signal from the first process, so it is for a child there.
      const killed = `ulimit -c 0; kill -${signal} $$; sleep 5`;
      const command = kind === "a container" ? `sh -c '${killed}' 2>/dev/null; exit $?` : killed;
      const outcome = await runner.run({ command });
      expect(outcome).toMatchObject({ end: "signalled", code, stderr: "" });
      expect(outcome.message).toContain(`SIG${signal}`);
    });

    test("comes after a command that closed its output", async () => {
      expect(await runner.run({ command: { path: "close-output", args: [] } })).toMatchObject({
        end: "exited",
        code: 4,
        stdout: "before\n",
      });
    });
  });

  describe("the output of a step", () => {
    test("arrives stream by stream, in order and complete, with the offset of each piece", async () => {
      const script = 'i=0; while [ $i -lt 10000 ]; do echo "out $i"; echo "err $i" >&2; i=$((i+1)); done';
      const { stdout, stderr, pieces } = await runner.run({ command: script });
      const lines = (word: string): string => Array.from({ length: 10_000 }, (_, i) => `${word} ${i}\n`).join("");
      expect(stdout).toBe(lines("out"));
      expect(stderr).toBe(lines("err"));
      for (const stream of ["stdout", "stderr"]) {
        let offset = 0;
        for (const piece of pieces.filter((each) => each.stream === stream)) {
          expect(piece.offset).toBe(offset);
          offset += piece.bytes.length;
        }
      }
    });

    test("comes in pieces of at most 64 KiB, byte for byte", async () => {
      const { pieces } = await runner.run({
        command: "head -c 3000000 /dev/zero | tr '\\0' '\\377'; printf '\\000\\200'",
      });
      const bytes = Buffer.concat(pieces.map((piece) => piece.bytes));
      expect(bytes.length).toBe(3_000_002);
      expect(bytes.subarray(0, -2).every((byte) => byte === 255)).toBe(true);
      expect([...bytes.subarray(-2)]).toEqual([0, 128]);
      expect(Math.max(...pieces.map((piece) => piece.bytes.length))).toBeLessThanOrEqual(65_536);
    });

    test("is not repaired where a piece ends inside a character", async () => {
      const text = "é".repeat(200_001);
      const { stdout } = await runner.run({ command: "printf x; cat", stdin: text });
      expect(stdout).toBe(`x${text}`);
    });

    test("arrives while the command goes on", async () => {
      const { stdout, step, finished } = await runner.start({ command: "echo soon; exec sleep 30" });
      await until("the first line came", () => stdout() === "soon\n");
      step.cancel();
      expect((await finished).end).toBe("cancelled");
    });

    test("waits for a slow reader, and the outcome waits for the output", async () => {
      let readers = 0;
      let most = 0;
      const { finished } = await runner.start({ command: "head -c 300000 /dev/zero; echo end >&2" }, async () => {
        most = Math.max(most, ++readers);
        await Bun.sleep(10);
        readers--;
      });
      const { stdout, stderr } = await finished;
      expect([stdout.length, stderr, most, readers]).toEqual([300_000, "end\n", 1, 0]);
    });
  });

  describe("what a step is given", () => {
    test("is its stdin, however long", async () => {
      const stdin = "line of stdin\n".repeat(400_000);
      const { stdout } = await runner.run({ command: "cat", stdin });
      expect(stdout === stdin).toBe(true);
    });

    test("is an empty stdin where it has none", async () => {
      expect(await runner.run({ command: "cat; echo done" })).toMatchObject({ code: 0, stdout: "done\n" });
      expect(await runner.run({ command: "cat; echo done", stdin: "" })).toMatchObject({ code: 0, stdout: "done\n" });
    });

    test("are its arguments exactly, whatever is in them", async () => {
      const args = [
        "",
        " ",
        "a b",
        "new\nline\n",
        `'"\\\`$(exit 1)$HOME*?[x]{a,b}~#!&|;<>`,
        "-n",
        "--",
        "é😀",
        "\t\u0001\u007F",
      ];
      const { stdout } = await runner.run({ command: { path: "print-args", args } });
      expect(stdout.split("\0").slice(0, -1)).toEqual(args);
    });

    test("is its text for sh -c", async () => {
      const { stdout } = await runner.run({ command: 'for word in one "two  words"; do\n  echo "$word"\ndone' });
      expect(stdout).toBe("one\ntwo  words\n");
    });
  });

  describe("a step that is ended", () => {
    test("by its time limit keeps its output and has status 124", async () => {
      const timeoutMs = kind === "a container" ? 2000 : 200;
      const outcome = await runner.run({ command: "echo partial; exec sleep 30", timeoutMs });
      expect(outcome).toMatchObject({ end: "timed_out", code: 124, stdout: "partial\n" });
      expect(outcome.message).toContain(`${timeoutMs === 200 ? "200 ms" : "2.0 s"}`);
    });

    test("by cancelling as soon as it is started has the status of SIGTERM", async () => {
      const { step, finished } = await runner.start({ command: "sleep 30" });
      step.cancel();
      step.cancel();
      const outcome = await finished;
      expect(outcome).toMatchObject({ end: "cancelled", code: 143 });
      expect(outcome.message).toStartWith("cancelled");
    });

    test.each([
      [0, 143],
      [5, 5],
    ])("by cancelling and exits with %d has status %d", async (status, code) => {
      const { step, stdout, finished } = await runner.start({ command: { path: "exit-on-term", args: [`${status}`] } });
      await until("it is ready", () => stdout() === "ready\n");
      step.cancel();
      expect(await finished).toMatchObject({ end: "cancelled", code, stdout: "ready\ntold\n" });
    });

    test("though deaf to SIGTERM has the status of SIGKILL", async () => {
      const { step, stdout, finished } = await runner.start({ command: { path: "ignore-term", args: [] } });
      await until("it is ready", () => stdout() === "ready\n");
      step.cancel();
      const outcome = await finished;
      expect(outcome).toMatchObject({ end: "cancelled", code: 137 });
      expect(outcome.message).toContain("killed");
    });

    test("after it ended by itself is not cancelled any more", async () => {
      const { step, finished } = await runner.start({ command: "exit 7" });
      const { end, code } = await finished;
      step.cancel();
      expect({ end, code }).toEqual({ end: "exited", code: 7 });
    });
  });

  describe(`${many} steps at once`, () => {
    test("each have their own output and status", async () => {
      const outcomes = await Promise.all(
        Array.from({ length: many }, (_, i) => runner.run({ command: `echo "step ${i}"; exit ${i}` })),
      );
      expect(outcomes.map(({ stdout, code }) => [stdout, code])).toEqual(
        Array.from({ length: many }, (_, i) => [`step ${i}\n`, i]),
      );
    });
  });
}
