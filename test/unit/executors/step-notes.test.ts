// What is written down about a step for a later life of the server.

import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StepNotes } from "../../../src/executors/process/step-notes.ts";

const dirs: string[] = [];
afterAll(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true });
});

function open(): { readonly notes: StepNotes; readonly write: (name: string, text: string) => void } {
  const dir = mkdtempSync(join(tmpdir(), "runner-notes-"));
  dirs.push(dir);
  return { notes: new StepNotes(dir), write: (name, text) => writeFileSync(join(dir, name), text) };
}

describe("notes", () => {
  test("that were never written say nothing", () => {
    const { notes } = open();
    expect([notes.findIdentity(), notes.findEnding(), notes.findEngine()]).toEqual([null, null, ""]);
    expect([notes.findEmptied("stdout"), notes.findEmptied("stderr")]).toEqual([0, 0]);
  });

  test("are read as they were written, the last of each", () => {
    const { notes } = open();
    const identity = { pid: 4711, startTicks: 17, bootId: "boot" };
    notes.writeIdentity(identity);
    notes.writeEnding("timed_out");
    notes.writeEngine("podman");
    notes.writeEmptied("stderr", 2 ** 53 - 1);
    expect([notes.findEmptied("stdout"), notes.findEmptied("stderr")]).toEqual([0, 2 ** 53 - 1]);
    notes.writeEmptied("stdout", 5);
    notes.writeEmptied("stderr", 7);
    expect([notes.findIdentity(), notes.findEnding(), notes.findEngine()]).toEqual([identity, "timed_out", "podman"]);
    expect([notes.findEmptied("stdout"), notes.findEmptied("stderr")]).toEqual([5, 7]);
  });

  test("that were cut short by the death of a server say nothing", () => {
    const { notes, write } = open();
    write("process", '{"pid": 47');
    write("ending", "timed");
    write("emptied", "");
    expect([notes.findIdentity(), notes.findEnding(), notes.findEmptied("stdout")]).toEqual([null, null, 0]);
  });
});
