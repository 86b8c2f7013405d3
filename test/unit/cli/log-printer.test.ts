import { expect, test } from "bun:test";
import { createLogPrinter, type PrintableEntry } from "../../../src/cli/log-printer.ts";
import type { OutputStream, Terminal } from "../../../src/cli/terminal.ts";

interface Screen extends Terminal {
  /** What was written to both streams, in order. */
  readonly written: () => string;
}

function openScreen(isTerminal: boolean): Screen {
  let written = "";
  const stream = (mark: string): OutputStream => ({
    write: (content) => {
      const text = String(content);
      written += isTerminal ? text : text.replaceAll(/^(?=.|\n)/gm, mark);
      return Promise.resolve();
    },
    line: () => Promise.reject(new Error("the printer writes whole texts")),
    paint: (_, text) => text,
    isTerminal,
    hasColours: false,
    columns: 80,
    closed: false,
  });
  return { out: stream("1>"), err: stream("2>"), written: () => written };
}

const entry = (source: PrintableEntry["source"], text: string, step = "build"): PrintableEntry => {
  const isOutput = source === "stdout" || source === "stderr";
  return { source, level: "info", step_id: isOutput ? step : null, step_name: isOutput ? step : null, text };
};

async function print(isTerminal: boolean, ...entries: readonly PrintableEntry[]): Promise<string> {
  const screen = openScreen(isTerminal);
  const printer = createLogPrinter(screen);
  // Not awaited one by one: they must not overtake each other.
  await Promise.all(entries.map((each) => printer.print(each)));
  await printer.finish();
  return screen.written();
}

test("on a terminal every line of a step carries the step's name, also across chunks", async () => {
  const text = await print(true, entry("stdout", "on"), entry("stdout", "e\ntwo\n"), entry("stdout", "three\n"));
  expect(text).toBe("build │ one\nbuild │ two\nbuild │ three\n");
});

test("on a terminal an unfinished line is ended before another writer's text", async () => {
  const text = await print(
    true,
    entry("stdout", "half"),
    entry("stderr", "oops\n"),
    entry("stdout", "x", "test"),
    entry("console", "c"),
  );
  expect(text).toBe("build │ half\nbuild │ oops\ntest │ x\nc\n");
});

test("elsewhere a step's bytes are passed on as they are", async () => {
  expect(await print(false, entry("stdout", "\u001B[2Jhal"), entry("stdout", "f\n"))).toBe("1>\u001B[2Jhal1>f\n");
});

test("elsewhere the other stream does not end an unfinished line", async () => {
  expect(await print(false, entry("stdout", "half"), entry("stderr", "e\n"), entry("stdout", "line\n"))).toBe(
    "1>half2>e\n1>line\n",
  );
});

test("a step's name cannot bring control characters or replacement patterns to the terminal", async () => {
  expect(await print(true, entry("stdout", "a\nb\n", "\u001B[2J$&"))).toBe("\uFFFD[2J$& │ a\n\uFFFD[2J$& │ b\n");
});

test("console and system lines are made printable on a terminal", async () => {
  expect(await print(true, entry("console", "a\u001B]0;t\u0007"), entry("system", "b\u001Bc"))).toBe(
    "a\uFFFD]0;t\uFFFD\nb\uFFFDc\n",
  );
});

const lastWord = (text: string): PrintableEntry => ({ ...entry("system", text), level: "error" });

async function printEnd(told: string | undefined, ...entries: readonly PrintableEntry[]): Promise<string> {
  const screen = openScreen(true);
  const printer = createLogPrinter(screen);
  for (const each of entries) await printer.print(each);
  await printer.finish(told);
  return screen.written();
}

test("finish() leaves out the last entry that tells what the caller tells", async () => {
  expect(await printEnd("boom\nat line 3", entry("console", "a"), lastWord("failed: boom (a.ts:3)"))).toBe("a\n");
  expect(await printEnd("boom", entry("console", "a"), entry("system", "boom"))).toBe("a\nboom\n");
  expect(await printEnd(undefined, lastWord("failed: boom"))).toBe("failed: boom\n");
});

test("an error of the system that is not the last entry is printed in its place", async () => {
  expect(await printEnd("boom", lastWord("boom 1"), lastWord("boom 2"), entry("console", "b"))).toBe(
    "boom 1\nboom 2\nb\n",
  );
});
