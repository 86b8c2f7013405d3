// The configuration of a running server: what is taken over, what waits, and what is said of both.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Apply, ConfigReload } from "../../../src/app/reload-config.ts";
import { FileWatch } from "../../../src/app/watch-file.ts";
import { type Config, loadConfig } from "../../../src/config.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { createLogger } from "../../../src/telemetry/telemetry.ts";
import { until } from "../../fixtures/harness/engine-harness.ts";

let folder: string;
let file: string;
let logged: string[];
let applied: [string, unknown][];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "runner-reload-"));
  file = join(folder, "runner.toml");
  [logged, applied] = [[], []];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const load = async (): Promise<Config> =>
  (await loadConfig({ flags: {}, environment: {}, configFile: undefined, cwd: folder, cores: 2 })).config;

async function begin(text: string, fail: () => void = () => undefined): Promise<ConfigReload> {
  await writeFile(file, text);
  const note =
    (key: "logLevel" | "targets" | "metadata"): Apply =>
    (config) => {
      fail();
      applied.push([key, config[key]]);
    };
  return new ConfigReload({
    config: await load(),
    source: { file, load },
    logger: createLogger({
      format: "json",
      level: "debug",
      colour: false,
      write: (line) => logged.push(line),
      now: Date.now,
    }),
    live: { logLevel: note("logLevel"), targets: note("targets"), metadata: note("metadata") },
  });
}

function said(): readonly string[] {
  return logged.splice(0).map((line) => {
    const { level, message, keys } = JSON.parse(line) as Readonly<Record<string, string>>;
    return `${level} ${message?.replace(file, "FILE")}${keys === undefined ? "" : `: ${keys}`}`;
  });
}

const target = '[targets.ops]\ntype = "ntfy"\ntopic = "t"\n';

describe("a reload", () => {
  test("takes over what it can, and says what waits for a restart", async () => {
    const reload = await begin('log_level = "info"\nport = 1\n');
    await writeFile(file, `log_level = "debug"\nport = 2\nmax_callers = 5\n[metadata]\ninstance = "nas"\n${target}`);
    await reload.reload(false);
    expect(applied.map(([key]) => key).toSorted()).toEqual(["logLevel", "metadata", "targets"]);
    expect(said()).toEqual([
      "info FILE was read again: in force now: log_level, targets, metadata",
      "warn FILE was read again: some changes need a restart of the server: port, max_callers",
    ]);
  });

  test("says once what waits, again where somebody asks, and that nothing waits any more", async () => {
    const reload = await begin("port = 1\n");
    await writeFile(file, "port = 2\n");
    await reload.reload(false);
    expect(said()).toHaveLength(1);
    await reload.reload(false);
    expect(said()).toEqual([]);
    await reload.reload(true);
    expect(said()).toEqual(["warn FILE was read again: some changes need a restart of the server: port"]);
    await writeFile(file, "port = 1\n");
    await reload.reload(false);
    expect(said()).toEqual(["info FILE was read again: all of it is in force"]);
    await reload.reload(false);
    expect(said()).toEqual([]);
    await reload.reload(true);
    expect(said()).toEqual(["info FILE was read again: all of it is in force"]);
  });

  test("of a broken file changes nothing, and says where it is broken", async () => {
    const reload = await begin(target);
    await writeFile(file, `${target}\n[targets.x]\ntype = "none"\n`);
    await reload.reload(false);
    expect(applied).toEqual([]);
    const [line] = said();
    expect(line).toStartWith("error FILE is not taken over, all stays as it was: ");
    expect(line).toContain('runner.toml:6: targets.x: type "none" is unknown (known are ntfy, ');
    await writeFile(file, 'log_level = "debug"\n[targets.ops\n');
    await reload.reload(false);
    expect(said()[0]).toContain("runner.toml:2: ");
    expect(applied).toEqual([]);
    await writeFile(file, target);
    await reload.reload(false);
    expect(said()).toEqual(["info FILE was read again: all of it is in force"]);
  });

  test("whose taking over fails tries it again the next time", async () => {
    let isFailing = true;
    const reload = await begin("", () => {
      if (isFailing) throw new Error("the disk is full");
    });
    await writeFile(file, target);
    await reload.reload(false);
    expect(said()).toEqual(["error a change of the configuration could not be taken over"]);
    isFailing = false;
    await reload.reload(false);
    expect(said()).toEqual(["info FILE was read again: in force now: targets"]);
  });

  test("of a file that is gone goes by the defaults", async () => {
    const reload = await begin('log_level = "debug"\n');
    await rm(file);
    await reload.reload(false);
    expect(applied).toEqual([["logLevel", "info"]]);
  });
});

describe("a watch on a file", () => {
  let changes: number;
  let isThere: boolean;
  let watch: FileWatch;
  beforeEach(() => void (changes = 0));
  afterEach(() => watch.close());

  async function watchFile(): Promise<void> {
    const onChange = (found: boolean): void => {
      changes++;
      isThere = found;
    };
    watch = await FileWatch.open({ file, clock: systemClock, onChange });
  }

  test.each<[string, () => Promise<void>, found?: boolean]>([
    ["is written", () => writeFile(file, "b")],
    [
      "is put in its place",
      async () => {
        await writeFile(`${file}.new`, "b");
        await rename(`${file}.new`, file);
      },
    ],
    ["goes", () => rm(file), false],
  ])("tells that it %s", async (_, change, found = true) => {
    await writeFile(file, "a");
    await watchFile();
    await change();
    await until(() => changes === 1);
    expect(isThere).toBe(found);
  });

  test("tells that it comes, and each change after that", async () => {
    await watchFile();
    await writeFile(file, "a");
    await until(() => changes === 1);
    await writeFile(file, "b");
    await until(() => changes === 2);
  });

  test("tells nothing of other files, or where its content is the same", async () => {
    await writeFile(file, "a");
    await watchFile();
    await writeFile(file, "a");
    await writeFile(join(folder, "other.toml"), "x");
    await Bun.sleep(400);
    expect(changes).toBe(0);
  });
});
