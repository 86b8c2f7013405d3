// `init`: what it writes, what it leaves alone, and that what it writes is right.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loadConfig } from "../../../src/config.ts";
import { fakeMain, makeHome, runCli, type CliResult } from "./spawn-cli.ts";

const shipped = join(import.meta.dir, "../../../pipelines");
let home: Awaited<ReturnType<typeof makeHome>>;

beforeEach(async () => {
  home = await makeHome();
});

afterEach(() => home.remove());

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliResult> =>
  runCli(["init", ...args], { cwd: home.dir, env, main: fakeMain });
/** Bun keeps a cache in HOME. */
const visible = async (): Promise<readonly string[]> =>
  (await readdir(home.dir)).filter((name) => name !== ".bun").sort();
const read = (file: string): Promise<string> => readFile(join(home.dir, file), "utf8");

describe("in an empty folder", () => {
  test("it writes the four files, says so, and names the next two commands", async () => {
    const { code, stdout, stderr } = await run([]);
    expect(stdout).toBe(
      [
        "written  pipelines/hello.ts",
        "written  pipelines/runner.d.ts",
        "written  pipelines/tsconfig.json",
        "written  runner.toml",
        "",
        "next  dist/runner serve",
        "then  dist/runner trigger hello  (in another terminal)",
        "",
      ].join("\n"),
    );
    expect([code, stderr]).toEqual([0, ""]);
    for (const name of ["hello.ts", "runner.d.ts", "tsconfig.json"]) {
      expect(await read(`pipelines/${name}`)).toBe(await readFile(join(shipped, name), "utf8"));
    }
  });

  test("a folder may be named, with spaces too, and the commands lead there", async () => {
    const { stdout } = await run(["my box"]);
    expect(await readdir(join(home.dir, "my box"))).toEqual(expect.arrayContaining(["pipelines", "runner.toml"]));
    expect(stdout).toContain("written  my box/pipelines/hello.ts\n");
    expect(stdout).toContain(`next  cd 'my box' && ${process.execPath} serve\n`);
  });
});

describe("runner.toml", () => {
  const sources = () => ({
    flags: {},
    configFile: undefined,
    environment: {},
    cwd: home.dir,
    cores: navigator.hardwareConcurrency,
  });
  /** The lines that are settings, as they are without their mark, and those of tables, which come behind them. */
  function partsOf(text: string): readonly [string, string] {
    const plain = text.replaceAll(/^#(?=[a-z_]+ = |\[)/gm, "");
    const start = plain.search(/^\[/m);
    return [plain.slice(0, start), plain.slice(start)];
  }

  test("as it is it sets nothing", async () => {
    await run([]);
    expect(Bun.TOML.parse(await read("runner.toml"))).toEqual({});
  });

  test("every line of it, uncommented, is the default", async () => {
    const { config: defaults } = await loadConfig(sources());
    await runCli(["init"], { cwd: home.dir });
    const [settings] = partsOf(await read("runner.toml"));
    await writeFile(join(home.dir, "runner.toml"), settings);
    const { config, origins } = await loadConfig(sources());
    expect(config).toEqual(defaults);
    const unnamed = Object.entries(origins).filter(([key, { source }]) => source !== "file" && key !== "token");
    expect(unnamed).toEqual([]);
  });

  test("its tables, uncommented, are an example of each", async () => {
    await run([]);
    const [, tables] = partsOf(await read("runner.toml"));
    await writeFile(join(home.dir, "runner.toml"), tables);
    expect((await loadConfig(sources())).config).toMatchObject({
      metadata: { instance: "nas" },
      targets: [{ name: "ops", type: "ntfy" }],
      webhooks: [{ name: "ci", fields: { events: ["run.failed", "approval.*"] } }],
    });
  });
});

describe("where something is already", () => {
  test("a second time nothing changes", async () => {
    await run([]);
    await writeFile(join(home.dir, "pipelines/hello.ts"), "// mine");
    await writeFile(join(home.dir, "runner.toml"), "port = 1\n");
    const { code, stdout } = await run([]);
    expect(stdout.match(/^\w+/gm)?.slice(0, 4)).toEqual(["kept", "kept", "kept", "kept"]);
    expect([code, await read("pipelines/hello.ts"), await read("runner.toml")]).toEqual([0, "// mine", "port = 1\n"]);
  });

  test("types that were generated are brought up to date, types of one's own are kept", async () => {
    await mkdir(join(home.dir, "pipelines"));
    const file = join(home.dir, "pipelines/runner.d.ts");
    await writeFile(file, "// Written by `runner init`, which also …\ndeclare const old: 1;\n");
    expect((await run([])).stdout).toContain("updated  pipelines/runner.d.ts\n");
    expect(await read("pipelines/runner.d.ts")).toBe(await readFile(join(shipped, "runner.d.ts"), "utf8"));
    await writeFile(file, "declare const mine: 1;\n");
    expect((await run([])).stdout).toContain("kept     pipelines/runner.d.ts\n");
    expect(await read("pipelines/runner.d.ts")).toBe("declare const mine: 1;\n");
  });

  test("a folder that has pipelines gets no hello, whose webhook is open", async () => {
    await mkdir(join(home.dir, "pipelines"));
    await writeFile(join(home.dir, "pipelines/hello.js"), "export const pipeline = () => 1;");
    const { stdout } = await run([]);
    expect(stdout).not.toContain("hello");
    expect(stdout).toContain("then  dist/runner check\n");
    expect(await readdir(join(home.dir, "pipelines"))).not.toContain("hello.ts");
  });

  test("a symlink is not followed to write a file somewhere else", async () => {
    await mkdir(join(home.dir, "pipelines"));
    await symlink(join(home.dir, "elsewhere.json"), join(home.dir, "pipelines/tsconfig.json"));
    expect((await run([])).stdout).toContain("kept     pipelines/tsconfig.json\n");
    expect(await readdir(home.dir)).not.toContain("elsewhere.json");
  });

  test("what is no file in the place of the types is left alone, and nobody waits for it", async () => {
    await mkdir(join(home.dir, "pipelines"));
    Bun.spawnSync(["mkfifo", join(home.dir, "pipelines/runner.d.ts")]);
    const { code, stdout } = await run([]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("kept     pipelines/runner.d.ts")]);
  }, 10_000);

  test("files go where runner.toml says that pipelines are", async () => {
    await writeFile(join(home.dir, "runner.toml"), 'pipelines = "scripts"\n');
    expect((await run([])).stdout).toContain("written  scripts/hello.ts\n");
    expect(await visible()).toEqual(["runner.toml", "scripts"]);
  });

  test("where a file is in the way of the folder it says which, and exits with 2", async () => {
    await writeFile(join(home.dir, "pipelines"), "");
    const { code, stderr } = await run([]);
    expect(code).toBe(2);
    expect(stderr).toContain(`${home.dir}/pipelines`);
  });
});

describe("--systemd", () => {
  test("prints a unit with absolute paths and writes nothing", async () => {
    const { code, stdout } = await run(["--systemd", "my box"]);
    expect(code).toBe(0);
    expect(stdout).toContain(`\nWorkingDirectory=${home.dir}/my box\n`);
    expect(stdout).toContain(`\nExecStart=${process.execPath} serve\n`);
    expect(stdout).toContain("\nKillMode=process\n");
    expect(await visible()).toEqual([]);
  });

  test("a line break in the path cannot add a setting of its own", async () => {
    const { code, stdout, stderr } = await run(["--systemd", "box\nExecStartPre=/bin/false"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("control characters");
  });

  const verifier = Bun.which("systemd-analyze");
  test.skipIf(verifier === null)("systemd takes it as it is, odd paths too", async () => {
    for (const dir of [".", "100% of $HOME 'n\" more"]) {
      await mkdir(join(home.dir, dir), { recursive: true });
      const file = join(home.dir, "runner.service");
      await writeFile(file, (await run(["--systemd", dir])).stdout);
      const { stdout, stderr, exitCode } = Bun.spawnSync([verifier ?? "", "verify", "--man=no", file]);
      const complaints = `${stdout.toString()}${stderr.toString()}`.split("\n").filter((line) => line.includes(file));
      expect([exitCode, complaints]).toEqual([0, []]);
    }
  });
});
