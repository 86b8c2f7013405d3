// What scripts say about containers and mounts, and what the host is asked for because of it.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { JsonValue } from "../../../src/core/json.ts";
import { type ScriptOptions, ScriptRunner } from "../../fixtures/harness/script-runner.ts";

let runner: ScriptRunner;
beforeAll(async () => {
  runner = new ScriptRunner(1);
  await runner.pool.ready;
});
afterAll(() => runner.close());

const opened: ScriptOptions = {
  answer: ({ kind, name, number }) => ({
    type: "result",
    call: number,
    ok: true,
    value: kind === "step" && name === "box" ? { id: "runner-run-1-1" } : { code: 0 },
  }),
};

/** The calls that the body makes: their kind, name and arguments. */
async function callsOf(body: string): Promise<readonly [string, string, JsonValue][]> {
  const { end, calls } = await runner.run(`export const pipeline = async () => { ${body} };`, opened);
  expect(end).toMatchObject({ type: "returned" });
  return calls.map(({ kind, name, args }) => [kind, name, args]);
}

async function refusal(body: string): Promise<string> {
  const { end, calls } = await runner.run(`export const pipeline = async () => { ${body} };`, opened);
  expect(calls).toEqual([]);
  return end.type === "threw" ? `${end.error.name}: ${end.error.message}` : JSON.stringify(end);
}

describe("runtime.run()", () => {
  test("with an image asks for a container with all its options", async () => {
    const calls = await callsOf(`await runtime.run({
      name: "build", image: "golang:1.22", pull: "always", privileged: true, workDir: "src",
      command: { path: "go", args: ["build", 1], user: 1000 },
      containerLimits: { cpu: 0.5, memory: "512MiB" },
      mounts: { src: { name: "v", path: "/data/v" }, "/etc/x": "/etc/y", ro: { source: { path: "/data/w" }, readOnly: true }, none: null },
    });`);
    expect(calls).toEqual([
      [
        "step",
        "build",
        {
          command: { path: "go", args: ["build", "1"] },
          env: {},
          workDir: "src",
          mounts: [
            { target: "src", source: "/data/v", readOnly: false },
            { target: "/etc/x", source: "/etc/y", readOnly: false },
            { target: "ro", source: "/data/w", readOnly: true },
          ],
          container: {
            type: "own",
            image: "golang:1.22",
            pull: "always",
            privileged: true,
            user: "1000",
            cpu: 0.5,
            memory: "512MiB",
          },
          output: false,
        },
      ],
    ]);
  });

  test("may move a folder into that of a process", async () => {
    for (const workDir of ["workDir", "work_dir"]) {
      const mounts = '{ a: { source: { path: "/v" }, move: true }, b: { source: "/w", move: false } }';
      const [call] = await callsOf(`await runtime.run({ command: "ls", ${workDir}: "/x", mounts: ${mounts} });`);
      expect(call?.[2]).toMatchObject({
        mounts: [
          { target: "a", source: "/v", readOnly: false, move: true },
          { target: "b", source: "/w", readOnly: false },
        ],
      });
    }
  });

  test("takes the names of other servers for the same", async () => {
    const [call] = await callsOf(`await runtime.run({
      name: "n", image: "alpine", command: { path: "ls" }, work_dir: "/x", storage_key: "k", container_limits: { cpu: 512, memory: 1024 },
    });`);
    expect(call?.[2]).toMatchObject({ workDir: "/x", container: { cpu: 512, memory: 1024, pull: "missing" } });
  });

  const mistakes: readonly (readonly [options: string, message: string])[] = [
    ["privileged: true", "privileged has a meaning only for a container"],
    ["containerLimits: {}", "containerLimits has a meaning only for a container"],
    ["container_limits: {}", "container_limits has a meaning only for a container"],
    ["pull: 'never'", "pull has a meaning only for a container"],
    ["user: 'x'", "user has a meaning only for a container"],
    ["mounts: { a: { source: '/a', readOnly: true } }", 'mounts["a"]: readOnly needs an image'],
    ["workDir: 'w', mounts: { a: { source: '/a', move: true } }", 'mounts["a"]: move needs an absolute workDir'],
    ["mounts: { a: { source: '/a', move: true } }", 'mounts["a"]: move needs an absolute workDir'],
    ["image: 'x', workDir: '/w', mounts: { a: { source: '/a', move: true } }", 'mounts["a"]: move is for processes'],
    ["mounts: ['/a']", "mounts must be an object"],
    ["mounts: { a: 'relative' }", 'mounts["a"] must be a volume'],
    ["mounts: { '': '/a' }", 'mounts[""] must be a volume'],
    ["image: ''", "image must be the name of an image"],
    ["image: 'x', pull: 'weekly'", 'pull must be "always", "missing" or "never", not "weekly"'],
    ["image: 'x', containerLimits: { disk: 1 }", 'unknown limit "disk"'],
    ["image: 'x', containerLimits: { cpu: '1' }", "containerLimits.cpu must be"],
    ["image: 'x', containerLimits: { cpu: -1 }", "containerLimits.cpu must be"],
    ["image: 'x', containerLimits: { memory: {} }", "containerLimits.memory must be"],
    ["image: 'x', volumes: {}", 'unknown option "volumes"'],
    ["workdir: '/x'", 'unknown option "workdir"; did you mean "workDir"?'],
    ["env: { A: { b: 1 } }", "env.A must be a text; use JSON.stringify for data"],
    ["mounts: { a: Promise.resolve() }", 'mounts["a"] is a promise: write await volumes.create()'],
  ];
  test.each(mistakes)("with %s is refused in words", async (options, message) => {
    expect(await refusal(`await runtime.run({ command: "true", ${options} });`)).toStartWith(
      `TypeError: runtime.run: ${message}`,
    );
  });
});

describe("runtime.startSandbox()", () => {
  test("gives a handle whose commands run in it until it is closed, once", async () => {
    const calls = await callsOf(`
      const box = await runtime.startSandbox({ name: "box", image: "busybox", env: { A: 1 } });
      await box.exec({ command: { path: "ls", user: "nobody" }, work_dir: "/tmp", stdin: "in", timeout: "5s" });
      await box.close();
      await box.close();
    `);
    expect(calls).toEqual([
      [
        "step",
        "box",
        {
          command: "",
          env: { A: "1" },
          container: { type: "open", image: "busybox", pull: "missing", privileged: false },
          output: false,
        },
      ],
      [
        "step",
        "ls",
        {
          command: { path: "ls", args: [] },
          env: {},
          workDir: "/tmp",
          stdin: "in",
          timeout: "5s",
          container: { type: "inside", sandbox: "runner-run-1-1", user: "nobody" },
          output: false,
        },
      ],
      ["sandbox", "sandbox.close", { sandbox: "runner-run-1-1" }],
    ]);
  });

  test("needs an image, and takes no command", async () => {
    expect(await refusal("await runtime.startSandbox({ name: 'x' });")).toBe(
      "TypeError: runtime.startSandbox: needs an image",
    );
    expect(await refusal("await runtime.startSandbox({ image: 'x', command: 'ls' });")).toContain(
      'unknown option "command"',
    );
    expect(await refusal("await runtime.startSandbox();")).toContain("takes an object");
  });

  test("gives the same handle where the script is executed again", async () => {
    const body = `
      const box = await runtime.startSandbox({ name: "box", image: "busybox" });
      await box.exec({ command: "true" });
      return box.id;
    `;
    const first = await runner.run(`export const pipeline = async () => { ${body} };`, opened);
    const replay = { calls: 2, consoleLines: 0, observations: [], cpuUsedMs: 0 };
    const again = await runner.run(`export const pipeline = async () => { ${body} };`, { ...opened, replay });
    expect(again.end).toEqual(first.end);
    expect(again.calls.map(({ argsHash }) => argsHash)).toEqual(first.calls.map(({ argsHash }) => argsHash));
  });
});
