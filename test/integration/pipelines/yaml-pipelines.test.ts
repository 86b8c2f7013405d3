// YAML files in the pipelines folder take the road of scripts: listed, inspected in the sandbox, broken with all their
// problems while the last good version stays in force, and uploaded.

import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkPipelines } from "../../../src/app.ts";
import { configChecks } from "../../../src/app/config-checks.ts";
import { loadConfig } from "../../../src/config.ts";
import {
  type Bundle,
  type Catalog,
  openCatalog,
  type Pipeline,
  type ReadExports,
} from "../../../src/pipelines/pipelines.ts";

setDefaultTimeout(60_000);

let cwd: string;
let catalog: Catalog | undefined;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "runner-yaml-"));
  await mkdir(join(cwd, "pipelines/home"), { recursive: true });
});
afterEach(async () => {
  await catalog?.close();
  catalog = undefined;
  await rm(cwd, { recursive: true, force: true });
});

const job = (name: string, more = ""): string =>
  `  - name: ${name}\n    plan: [{ task: t, config: { platform: linux, run: { path: echo, args: [${name}] } } }]\n${more}`;
const write = async (name: string, text: string): Promise<void> => writeFile(join(cwd, "pipelines", name), text);

async function check(): Promise<readonly Pipeline[]> {
  const { config } = await loadConfig({ flags: {}, environment: {}, configFile: undefined, cwd, cores: 2 });
  return (await checkPipelines(config)).pipelines;
}

/** Stands for the sandbox: compiled pipelines do nothing before they run. */
const readExports: ReadExports = async (bundle) => {
  const url = `data:text/javascript;base64,${Buffer.from(bundle.code).toString("base64")}`;
  const module = (await import(url)) as Record<string, unknown>;
  const names = Object.keys(module);
  return { ok: true, exports: { pipeline: typeof module["pipeline"], config: module["config"], names } };
};

async function open(): Promise<Catalog> {
  const bundles = new Map<string, Bundle>();
  catalog = await openCatalog({
    root: join(cwd, "pipelines"),
    readExports,
    checks: configChecks,
    checkVar: ({ name }) => (name === "known" ? null : `nobody has ((${name}))`),
    lastGood: [],
    saveVersion: async (_version, bundle) => void bundles.set(bundle.hash, bundle),
    removeVersion: async () => {},
    findBundle: async (hash) => bundles.get(hash),
    onChange: () => {},
    onError: () => {},
    rescanMs: 60_000,
  });
  return catalog;
}

async function until(look: () => boolean): Promise<void> {
  const endsAt = performance.now() + 20_000;
  while (!look()) {
    if (performance.now() > endsAt) throw new Error(`nothing came of ${look.toString()}`);
    await Bun.sleep(5);
  }
}

test("a YAML file is inspected in the sandbox and has the graph of its jobs in its config", async () => {
  await write("ci.yml", `config: { timeout: 5m, webhook: false }\njobs:\n${job("build")}${job("test")}`);
  await write("home/nightly.yaml", `jobs:\n${job("only")}`);
  const pipelines = await check();
  expect(pipelines.map(({ id, file, state, problems }) => [id, file, state, problems])).toEqual([
    ["ci", "ci.yml", "ok", []],
    ["home/nightly", "home/nightly.yaml", "ok", []],
  ]);
  expect(pipelines[0]?.version?.config).toMatchObject({
    timeoutMs: 300_000,
    webhook: false,
    jobs: [{ name: "build" }, { name: "test" }],
  });
});

test("a script and a YAML file of one name are the same pipeline twice", async () => {
  await write("ci.yml", `jobs:\n${job("a")}`);
  await write("ci.ts", "export const pipeline = () => 1;\n");
  const [pipeline, ...others] = await check();
  expect(others).toEqual([]);
  expect(pipeline).toMatchObject({ id: "ci", state: "broken" });
  expect(pipeline?.problems.map(({ message }) => message)).toContain('ci.ts and ci.yml are the same pipeline "ci"');
});

test("a broken file tells all its problems at once, and its last good version stays in force", async () => {
  await write("ci.yml", `jobs:\n${job("good")}`);
  const opened = await open();
  const good = opened.get("ci")?.version;
  expect(good).not.toBeNull();
  await write("ci.yml", `config: { timeout: soon }\njobs:\n${job("a", "    sreial: true\n")}${job("a")}`);
  await until(() => opened.get("ci")?.state === "broken");
  const broken = opened.get("ci");
  expect(broken?.version).toEqual(good ?? null);
  expect(broken?.problems.map(({ line, message }) => [line, message.replace(/ (is|must|names) .*/, "")])).toEqual([
    [1, "config.timeout"],
    [5, "jobs[0].sreial"],
    [6, "jobs[1].name"],
  ]);
  await write("ci.yml", `jobs:\n${job("better")}`);
  await until(() => opened.get("ci")?.state === "ok");
  expect(opened.get("ci")?.version?.config.jobs).toMatchObject([{ name: "better" }]);
});

test("a comment that moves the lines makes a new version, whose plan has the lines as they are", async () => {
  await write("ci.yml", `jobs:\n${job("a")}`);
  const opened = await open();
  const before = opened.get("ci")?.version?.bundle.hash;
  await write("ci.yml", `# moved\njobs:\n${job("a")}`);
  await until(() => opened.get("ci")?.version?.bundle.hash !== before);
  expect(opened.get("ci")?.version?.bundle.sourceMap).toContain("# moved");
});

test("a var that nobody has is a warning at its line, and one with a default is none", async () => {
  const asking = job("a").replace("[a]", '["((nobody)) ((known)) ((given))"]');
  await write("ci.yml", `config: { params: { given: { default: 1 } } }\njobs:\n${asking}`);
  const opened = await open();
  expect(opened.get("ci")).toMatchObject({
    state: "ok",
    problems: [{ severity: "warning", line: 4, message: "nobody has ((nobody))" }],
  });
  expect(Object.keys(opened.get("ci")?.version?.config.params ?? {}).toSorted()).toEqual(["given", "known", "nobody"]);
});

test("what a file names of the server and what is not there is a warning at its line", async () => {
  const asking = job("a").replace("[a]", '["((env:NOT_SET)) ((secret:nothing))"]');
  const notify = "    on_failure: { notify: [opps, ((who))], message: m }\n";
  await write("ci.yml", `jobs:\n${asking}${notify}`);
  await writeFile(
    join(cwd, "runner.toml"),
    '[targets.ops]\ntype = "ntfy"\ntopic = "t"\n[vars]\nNOT_SET = "a var is no variable of the environment"\nwho = "ops"\n',
  );
  const [pipeline] = await check();
  expect(pipeline?.problems.map(({ severity, line, message }) => [severity, line, message])).toEqual([
    ["warning", 4, 'notify: runner.toml has no target "opps": did you mean "ops"?'],
    ["warning", 3, "((env:NOT_SET)): the environment variable NOT_SET is not set"],
  ]);
});

test("an upload of YAML takes the place of a script, and is removed as one", async () => {
  await write("ci.ts", "export const pipeline = () => 1;\n");
  const opened = await open();
  const steps = { before: async () => {}, undo: async () => {}, after: async () => {} };
  const bad = opened.upload({ id: "ci", source: "jobs: 3\n", extension: ".yml" }, steps);
  expect(await bad.catch((thrown: unknown) => thrown)).toMatchObject({ code: "LOAD_FAILED" });
  expect(existsSync(join(cwd, "pipelines/ci.ts"))).toBe(true);
  const source = `jobs:\n${job("a")}`;
  expect(await opened.check({ id: "ci", source, extension: ".yaml" })).toEqual([]);
  expect(await opened.upload({ id: "ci", source, extension: ".yml" }, steps)).toEqual({ change: "updated" });
  expect([existsSync(join(cwd, "pipelines/ci.ts")), opened.get("ci")?.file]).toEqual([false, "ci.yml"]);
  await opened.remove("ci", { after: async () => {} });
  expect([existsSync(join(cwd, "pipelines/ci.yml")), opened.get("ci")]).toEqual([false, undefined]);
});
