// Starting steps: what is refused and how it is said, and what the command finds around it.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../../../src/core/app-error.ts";
import { fixturesDir, openStepRunner, type SpecPart } from "../../conformance/executors/step-runner.ts";

const runner = openStepRunner();
const place = (name: string): string => join(runner.dir, name);
const write = (name: string, text: string, mode: number): void => {
  writeFileSync(place(name), text);
  chmodSync(place(name), mode);
};

beforeAll(() => {
  write("plain", "#!/bin/sh\necho no\n", 0o644);
  write("works", "#!/bin/sh\necho works\n", 0o755);
  write("no-first-line", "echo run by sh\n", 0o755);
  write("windows", "#!/bin/sh\r\necho no\r\n", 0o755);
  write("no-interpreter", "#! /no/such/interpreter -x\n", 0o755);
  mkdirSync(place("folder"));
  mkdirSync(place("shadow/works"), { recursive: true });
  symlinkSync(place("works"), place("link"));
  symlinkSync("nowhere", place("dangling"));
});
afterAll(() => runner.close());

async function refusal(spec: SpecPart): Promise<{ message: string; hint: string | undefined }> {
  const thrown: unknown = await runner.start(spec).catch((error: unknown) => error);
  if (!(thrown instanceof AppError)) throw new Error(`not refused with an AppError: ${String(thrown)}`);
  expect(thrown.code).toBe("STEP_NOT_STARTED");
  return { message: thrown.message, hint: thrown.hint };
}

const codeOf = (refused: Promise<unknown>): Promise<unknown> =>
  refused.then(
    () => "not refused",
    (error: unknown) => error instanceof AppError && error.code,
  );

const program = (path: string, ...args: string[]): SpecPart => ({ command: { path, args } });

describe("a command", () => {
  test("that is not on the step's PATH is refused with its name and that PATH", async () => {
    const { message } = await refusal({ ...program("no-such-command"), env: { PATH: "/bin:/opt/x" } });
    expect(message).toContain('"no-such-command"');
    expect(message).toContain('"/bin:/opt/x"');
  });

  test("on the server's PATH alone is not found", async () => {
    const { message } = await refusal({ ...program("sh"), env: { PATH: "" } });
    expect(message).toContain('"sh" was not found');
  });

  test.each([
    ["no/such", "does not exist"],
    ["dangling", "does not exist"],
    ["folder", "is a folder"],
    ["plain", "is not executable"],
    ["no-interpreter", '"/no/such/interpreter"'],
    ["windows", '"/bin/sh\\r"'],
  ])("at the path %s is refused, as it %s", async (name, why) => {
    const { message } = await refusal(program(place(name)));
    expect(message).toContain(why);
    expect(message).toContain(place(name));
  });

  test("that is a special file is refused", async () => {
    expect((await refusal(program("/dev/null"))).message).toContain("not an ordinary file");
  });

  test.each(["", "a\0b"])("called %j is refused", async (path) => {
    expect((await refusal(program(path))).message).toMatch(/empty|NUL/);
  });

  test("hint says what to do about a file that is not executable", async () => {
    expect((await refusal(program(place("plain")))).hint).toBe(`run chmod +x ${place("plain")}`);
  });

  test("found on PATH without permission to execute says so rather than that there is none", async () => {
    const { message } = await refusal({ ...program("plain"), env: { PATH: `/bin:${runner.dir}` } });
    expect(message).toContain(`"plain" (${place("plain")}) is not executable`);
  });

  test("is looked for behind a folder of its name earlier on PATH", async () => {
    const { stdout } = await runner.run({ ...program("works"), env: { PATH: `${place("shadow")}:${runner.dir}` } });
    expect(stdout).toBe("works\n");
  });

  test("with a relative path is found from the workDir", async () => {
    expect((await runner.run({ ...program("./works"), workDir: runner.dir })).stdout).toBe("works\n");
    expect((await refusal(program("./works"))).message).toContain("does not exist");
  });

  test("may be a symbolic link, or a script without a first line", async () => {
    expect((await runner.run(program(place("link")))).stdout).toBe("works\n");
    expect((await runner.run(program(place("no-first-line")))).stdout).toBe("run by sh\n");
  });

  test("named like a shell's builtin is the program on PATH", async () => {
    write("echo", "#!/bin/sh\nprintf own\n", 0o755);
    expect((await runner.run({ ...program("echo"), env: { PATH: `${runner.dir}:/bin` } })).stdout).toBe("own");
  });

  test("with a NUL in an argument is refused, naming which", async () => {
    expect((await refusal(program("true", "fine", "not\0fine"))).message).toContain("argument 2");
  });

  test("as text with a NUL is refused", async () => {
    expect((await refusal({ command: "echo a\0b" })).message).toContain("NUL");
  });

  test("too long for the system is refused, each way", async () => {
    expect((await refusal({ command: `: ${"x".repeat(131_072)}` })).message).toContain("too long");
    expect((await refusal(program("true", "é".repeat(70_000)))).message).toContain("argument 1");
    const many = Array.from({ length: 200 }, () => "x".repeat(100_000));
    expect((await refusal(program("true", ...many))).message).toContain("too long for the system");
  });
});

describe("a workDir", () => {
  test.each([
    ["/no/such/folder", "does not exist"],
    ["/etc/passwd", "is not a folder"],
    ["../outside", "leads out of the step's own folder"],
    ["a/../../outside", "leads out of the step's own folder"],
    ["/tmp/a\0b", "does not exist"],
    ["/etc/passwd/below", "does not exist"],
  ])("%j is refused", async (workDir, why) => {
    expect((await refusal({ command: "true", workDir })).message).toMatch(new RegExp(`workDir .*${why}|cannot be`));
  });
});

describe("a shell that is not there", () => {
  test("is said, and leaves no folder behind", async () => {
    const other = openStepRunner({ sh: "/no/such/sh" });
    const thrown: unknown = await other.start({ command: "true" }).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: "STEP_NOT_STARTED", message: expect.stringContaining("/no/such/sh") });
    expect(readdirSync(other.spoolDir)).toEqual([]);
    await other.close();
  });
});

describe("a spool folder that cannot be made", () => {
  test("is said with its path", async () => {
    const other = openStepRunner({ spoolDir: "/proc/no-spool" });
    const thrown: unknown = await other.start({ command: "true" }).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: "STEP_NOT_STARTED", message: expect.stringContaining("/proc/no-spool/") });
    await other.close();
  });
});

describe("a step id", () => {
  const uuid = "0190a6c8-3b2e-7c1d-9f00-1234567890ab";
  test.each([
    "",
    ".",
    "..",
    "../escape.1",
    `${uuid}`,
    `${uuid}.`,
    `${uuid}.0`,
    `${uuid}.x`,
    `${uuid}.1/..`,
    `${uuid}.1\n`,
    `/${uuid}.1`,
    `${uuid.toUpperCase()}.1`,
    `${uuid}.-1`,
    `${uuid}.1.1`,
  ])("of the shape %j is refused everywhere", async (stepId) => {
    expect(await codeOf(runner.start({ stepId, command: "true" }))).toBe("INTERNAL");
    expect(await codeOf(runner.executor.discard(stepId))).toBe("INTERNAL");
  });

  test("cannot be started twice at once, nor discarded while it runs", async () => {
    const { stepId, step, finished } = await runner.start({ command: "sleep 20" });
    expect(await codeOf(runner.start({ stepId, command: "true" }))).toBe("INTERNAL");
    expect(await codeOf(runner.executor.discard(stepId))).toBe("INTERNAL");
    step.cancel();
    await finished;
  });
});

describe("the environment of a step", () => {
  test("is exactly ours and the step's own", async () => {
    const { stdout, stepId } = await runner.run({
      ...program("env"),
      pipeline: "home/backup",
      env: { MINE: "two\nlines = yes", EMPTY: "" },
    });
    const runId = stepId.slice(0, -2);
    const lines = [
      `PATH=${fixturesDir}:/usr/local/bin:/usr/bin:/bin`,
      "HOME=/home/of/steps",
      "LANG=C.UTF-8",
      `TMPDIR=${join(runner.spoolDir, stepId, "tmp")}`,
      `RUNNER_RUN_ID=${runId}`,
      `RUNNER_STEP_ID=${stepId}`,
      "RUNNER_PIPELINE=home/backup",
      "MINE=two",
      "lines = yes",
      "EMPTY=",
    ];
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .filter((line) => !line.startsWith("_="))
        .sort(),
    ).toEqual(lines.sort());
  });

  test("may set other PATH, HOME, LANG and TMPDIR, but not who it is", async () => {
    const env = {
      PATH: "/usr/bin:/bin",
      HOME: "/h",
      LANG: "xx",
      TMPDIR: "/t",
      RUNNER_STEP_ID: "x",
      RUNNER_RUN_ID: "x",
      RUNNER_PIPELINE: "x",
      RUNNER_TOKEN: "kept",
    };
    const { stdout, stepId } = await runner.run({ ...program("env"), env });
    const found = Object.fromEntries(stdout.split("\n").map((line) => line.split("=", 2)));
    expect(found).toMatchObject({ PATH: "/usr/bin:/bin", HOME: "/h", LANG: "xx", TMPDIR: "/t", RUNNER_TOKEN: "kept" });
    expect(found).toMatchObject({ RUNNER_STEP_ID: stepId, RUNNER_PIPELINE: "test" });
  });

  test.each(["", "A=B", "a.b", "1A", "A B", "ü", "A\0"])("refuses the name %j", async (name) => {
    expect((await refusal({ command: "true", env: { [name]: "1" } })).message).toContain("not a name");
  });

  test("refuses a NUL, and a value longer than the system takes", async () => {
    expect((await refusal({ command: "true", env: { A: "b\0c" } })).message).toContain("A contains a NUL");
    expect((await refusal({ command: "true", env: { A: "x".repeat(131_072) } })).message).toContain("A is too long");
  });

  test("takes the longest values, and says when they are too much together", async () => {
    const long = "x".repeat(131_000);
    expect((await runner.run({ command: "echo ${#A}", env: { A: long } })).stdout).toBe("131000\n");
    const env = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`A${i}`, long]));
    expect((await refusal({ command: "true", env })).message).toContain("too long for the system");
  });

  test("has a TMPDIR that is there, empty and the step's own", async () => {
    const { stdout, stepId } = await runner.run({ command: 'ls -A "$TMPDIR"; f=$(mktemp); echo "${f%/*}"' });
    expect(stdout).toBe(`${join(runner.spoolDir, stepId, "tmp")}\n`);
  });
});

describe("the process of a step", () => {
  test("has stdin, stdout and stderr open and nothing else", async () => {
    const others = await Promise.all([1, 2, 3].map(() => runner.start({ command: "exec sleep 20" })));
    const { stdout } = await runner.run({ ...program("ls", "/proc/self/fd") });
    expect(stdout.trim().split("\n")).toEqual(["0", "1", "2", "3"]); // 3 is the folder that ls reads
    for (const { step } of others) step.cancel();
    await Promise.all(others.map(({ finished }) => finished));
  });

  test("ignores and blocks no signal", async () => {
    const { stdout } = await runner.run({ ...program("grep", "-E", "Sig(Ign|Blk)", "/proc/self/status") });
    expect(stdout).toMatch(/^SigBlk:\t0+\nSigIgn:\t0+\n$/);
  });

  test("is in a session of its own, led by the step's pid, without a terminal", async () => {
    const { step, finished } = await runner.start({ command: "cat /proc/self/stat" });
    const fields = (await finished).stdout.replace(/^.*\) /, "").split(" ");
    expect(fields.slice(2, 5)).toEqual([String(step.pid), String(step.pid), "0"]);
  });

  test("keeps its files in a folder that only the server's user may enter", async () => {
    const { stepId } = await runner.run({ command: "true", stdin: "secret" });
    const folder = join(runner.spoolDir, stepId);
    expect(statSync(runner.spoolDir).mode & 0o777).toBe(0o700);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of ["stdin", "stdout", "stderr", "status"]) {
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    }
  });
});
