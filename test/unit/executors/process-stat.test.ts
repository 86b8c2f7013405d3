// Reading processes from /proc: odd names, zombies, numbers given again.

import { describe, expect, test } from "bun:test";
import {
  findProcessIdentity,
  isIdentityLive,
  isLive,
  parseIdentity,
  parseProcessStat,
  readProcessStat,
} from "../../../src/executors/process/process-stat.ts";
import { until } from "../../conformance/executors/step-runner.ts";

const tail = "S 1 77 66 0 -1 4194304 79 0 0 0 0 0 0 0 20 0 1 0 163639 2703360 283";

describe("parseProcessStat()", () => {
  test.each(["cat", "a b", "a) S 9 9 9", "((", ")"])("is not misled by a program called %j", (name) => {
    expect(parseProcessStat(`42 (${name}) ${tail}`)).toEqual({
      pid: 42,
      state: "S",
      groupId: 77,
      sessionId: 66,
      startTicks: 163_639,
    });
  });

  test.each(["", "42", "42 (cat", "42 (cat) S", "x (cat) S 1 2 3"])("finds nothing in %j", (text) => {
    expect(parseProcessStat(text)).toBeNull();
  });
});

describe("a process", () => {
  test("is alive until it is a zombie, though it still has its number", async () => {
    // The shell does not ask for its child's end while it reads, so the child stays a zombie.
    const parent = Bun.spawn(["sh", "-c", "sleep 0.05 & echo $!; exec sleep 30"]);
    const { value } = await parent.stdout.getReader().read();
    const pid = Number(new TextDecoder().decode(value));
    const identity = findProcessIdentity(pid);
    if (!identity) throw new Error("no such process");
    expect(isIdentityLive(identity)).toBe(true);
    await until("it is a zombie", () => readProcessStat(pid)?.state === "Z");
    const stat = readProcessStat(pid);
    expect(stat && isLive(stat)).toBe(false);
    expect(isIdentityLive(identity)).toBe(false);
    parent.kill("SIGKILL");
    await parent.exited;
  });

  test("is not the one noted where start or boot differ", () => {
    const identity = findProcessIdentity(process.pid);
    if (!identity) throw new Error("no such process");
    expect(isIdentityLive(identity)).toBe(true);
    expect(isIdentityLive({ ...identity, startTicks: identity.startTicks + 1 })).toBe(false);
    expect(isIdentityLive({ ...identity, bootId: "another" })).toBe(false);
    expect(findProcessIdentity(2 ** 22 + 1)).toBeNull();
  });
});

describe("parseIdentity()", () => {
  test("reads what was written", () => {
    const identity = { pid: 12, startTicks: 34, bootId: "b" };
    expect(parseIdentity(`${JSON.stringify(identity)}\n`)).toEqual(identity);
  });

  test.each([
    "",
    "{",
    "null",
    "[]",
    '{"pid":1,"startTicks":1,"bootId":"b"}',
    '{"pid":-5,"startTicks":1,"bootId":"b"}',
    '{"pid":12,"startTicks":"1","bootId":"b"}',
    '{"pid":12,"startTicks":1}',
  ])("finds none in %j", (text) => {
    expect(parseIdentity(text)).toBeNull();
  });
});
