// Where settings come from, which source wins, and what is said about bad ones.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  configTable,
  loadConfig,
  settings,
  type ConfigProblem,
  type LoadedConfig,
  type Setting,
} from "../../../src/config.ts";
import { AppError } from "../../../src/core/app-error.ts";

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "runner-config-"));
});

afterEach(() => rm(cwd, { recursive: true, force: true }));

interface Sources {
  readonly flags?: Readonly<Record<string, string | boolean>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly configFile?: string;
  readonly cores?: number;
}

const load = ({ flags = {}, env = {}, configFile, cores = 2 }: Sources = {}): Promise<LoadedConfig> =>
  loadConfig({ flags, environment: env, configFile, cwd, cores });

const writeToml = (text: string): Promise<void> => writeFile(join(cwd, "runner.toml"), text);

/** The problems as "where: message (hint)". */
async function problemsOf(sources: Sources): Promise<readonly string[]> {
  const error: unknown = await load(sources).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AppError)) throw new Error("the configuration was accepted");
  expect([error.code, error.class.exitCode]).toEqual(["CONFIG_INVALID", 78]);
  const problems = error.details["problems"] as readonly ConfigProblem[];
  return problems.map(({ where, message, hint }) => `${where}: ${message}${hint ? ` (${hint})` : ""}`);
}

test("without any source every setting has its default", async () => {
  const { config, origins, file, warnings } = await load();
  expect(config).toEqual({
    pipelines: join(cwd, "pipelines"),
    host: "127.0.0.1",
    port: 8080,
    dataDir: join(cwd, "data"),
    storage: { type: "sqlite", file: join(cwd, "data/runner.db") },
    webhookTimeout: 5000,
    maxCallers: 1000,
    maxConcurrentRuns: 64,
    maxQueuedRuns: 10_000,
    maxConcurrentSteps: 4,
    sandboxProcesses: 2,
    maxStepOutput: 1024 ** 3,
    maxArtifactSize: 1024 ** 3,
    minFreeSpace: 64 * 1024 ** 2,
    retention: 90 * 24 * 3_600_000,
    retentionRuns: 100_000,
    disableAfter: 5 * 24 * 3_600_000,
    retentionEvents: 100_000,
    containerEngine: "auto",
    secretKeyFile: null,
    publicUrl: null,
    trustedProxies: { networks: [], unix: false, text: "" },
    outboundDenyPrivate: false,
    outboundAllowHttp: false,
    socket: null,
    tlsCert: null,
    tlsKey: null,
    stopSteps: false,
    logFormat: "pretty",
    logLevel: "info",
    token: null,
    targets: [],
    webhooks: [],
    vars: {},
    metadata: {},
  });
  expect(new Set(Object.values(origins).map(({ source }) => source))).toEqual(new Set(["default"]));
  expect([file, warnings]).toEqual([null, []]);
  expect(Object.isFrozen(config)).toBe(true);
});

test("a flag beats the environment, the environment beats runner.toml, runner.toml beats the default", async () => {
  await writeToml('port = 1\nhost = "a"\nlog_level = "warn"\n');
  const { config, origins } = await load({ flags: { port: "3" }, env: { RUNNER_PORT: "2", RUNNER_HOST: "b" } });
  expect([config.port, config.host, config.logLevel, config.logFormat]).toEqual([3, "b", "warn", "pretty"]);
  expect(origins).toMatchObject({
    port: { source: "flag", name: "--port" },
    host: { source: "environment", name: "RUNNER_HOST" },
    logLevel: { source: "file", name: "runner.toml:3" },
    logFormat: { source: "default", name: "default" },
  });
});

test("every setting but the token can be given by flag, variable and key, and means the same", async () => {
  const given: Readonly<Record<string, string>> = {
    pipelines: "p",
    host: "::1",
    port: "0",
    dataDir: "d",
    storage: "sqlite://x/y.db",
    webhookTimeout: "1m30s",
    maxCallers: "6",
    maxConcurrentRuns: "7",
    maxQueuedRuns: "8",
    maxConcurrentSteps: "8",
    sandboxProcesses: "9",
    maxStepOutput: "10MiB",
    maxArtifactSize: "11MiB",
    minFreeSpace: "12MiB",
    retention: "13d",
    retentionRuns: "14",
    retentionEvents: "15",
    disableAfter: "16d",
    containerEngine: "podman",
    secretKeyFile: "/etc/secrets.key",
    publicUrl: "https://example.org/runner",
    trustedProxies: "127.0.0.1, fd00::/8, unix",
    outboundDenyPrivate: "true",
    outboundAllowHttp: "true",
    socket: "/run/runner.sock",
    tlsCert: "/etc/cert.pem",
    tlsKey: "/etc/key.pem",
    stopSteps: "true",
    logFormat: "json",
    logLevel: "debug",
  };
  const rows = configTable.filter(({ secret }) => !secret);
  expect(rows.map(({ key }) => key).sort()).toEqual(Object.keys(given).sort() as never);
  const byFlag = await load({ flags: given });
  const byEnv = await load({ env: Object.fromEntries(rows.map(({ key, env }) => [env, given[key] ?? ""])) });
  await writeToml(rows.map(({ key, toml }) => `${toml} = ${JSON.stringify(given[key])}`).join("\n"));
  const byToml = await load();
  expect(byFlag.config).toEqual(byEnv.config);
  expect(byToml.config).toEqual(byEnv.config);
  expect(byToml.config).toMatchObject({
    webhookTimeout: 90_000,
    storage: { file: join(cwd, "x/y.db") },
    stopSteps: true,
  });
});

test("no free space need be left, but a retention of nothing is refused: it could mean for ever as well", async () => {
  for (const minFreeSpace of ["0", "0B"]) expect((await load({ flags: { minFreeSpace } })).config.minFreeSpace).toBe(0);
  await writeToml("min_free_space = 0");
  const { config } = await load();
  expect(config.minFreeSpace).toBe(0);
  const { format, parse } = settings.minFreeSpace;
  expect(parse(format(0))).toBe(0);
  expect(await problemsOf({ flags: { retention: "0s" } })).toEqual([
    expect.stringContaining("a duration from 1s to 3650d"),
  ]);
});

test("every effective value is printed in a form that is accepted as input", async () => {
  const { config } = await load({ flags: { webhookTimeout: "1500ms", maxStepOutput: "1000" } });
  for (const { key, secret } of configTable.filter((row) => !row.secret)) {
    const { format, parse } = settings[key] as Setting<unknown>;
    expect(parse(format(config[key]), cwd)).toEqual(config[key]);
    expect(secret).toBe(false);
  }
});

test("keys of runner.toml may be written with dashes and as numbers and booleans", async () => {
  await writeToml("data-dir = 'd'\nport = 9000\nstop-steps = true\nmax_step_output = 4096\n");
  const { config } = await load();
  expect(config).toMatchObject({ dataDir: join(cwd, "d"), port: 9000, stopSteps: true, maxStepOutput: 4096 });
});

test("relative paths in a file named by --config are relative to that file", async () => {
  await mkdir(join(cwd, "etc"));
  await writeFile(join(cwd, "etc/my.toml"), 'pipelines = "../scripts"\ndata_dir = "state"\n');
  const { config, file, origins } = await load({ configFile: "etc/my.toml" });
  expect(config).toMatchObject({
    pipelines: join(cwd, "scripts"),
    dataDir: join(cwd, "etc/state"),
    storage: { file: join(cwd, "etc/state/runner.db") },
  });
  expect([file, origins.pipelines.name]).toEqual([join(cwd, "etc/my.toml"), "etc/my.toml:1"]);
});

test("--config beats RUNNER_CONFIG, and RUNNER_CONFIG beats ./runner.toml", async () => {
  await writeToml("port = 1");
  await writeFile(join(cwd, "two.toml"), "port = 2");
  await writeFile(join(cwd, "three.toml"), "port = 3");
  const env = { RUNNER_CONFIG: "two.toml" };
  expect((await load({ env })).config.port).toBe(2);
  expect((await load({ env, configFile: "three.toml" })).config.port).toBe(3);
});

test("a configuration file that was named must exist and be a file", async () => {
  expect(await problemsOf({ configFile: "no.toml" })).toEqual([`--config: the file ${cwd}/no.toml does not exist`]);
  expect(await problemsOf({ env: { RUNNER_CONFIG: "no.toml" } })).toEqual([
    `RUNNER_CONFIG: the file ${cwd}/no.toml does not exist`,
  ]);
  expect((await problemsOf({ configFile: "." }))[0]).toContain("cannot be read");
});

test("all problems of all sources come at once, also of values that another source overrides", async () => {
  await writeToml('port = 70000\nlog_format = "xml"\n');
  const problems = await problemsOf({
    flags: { port: "8080", host: "localhost:80" },
    env: { RUNNER_WEBHOOK_TIMEOUT: "5", RUNNER_LOG_FORMT: "json" },
  });
  expect(problems).toEqual([
    "RUNNER_LOG_FORMT: unknown variable (did you mean RUNNER_LOG_FORMAT?)",
    '--host: "localhost:80" is not a host name or an IP address (the port is a setting of its own: "port")',
    "runner.toml:1: 70000 is not a whole number from 0 to 65535",
    expect.stringContaining('RUNNER_WEBHOOK_TIMEOUT: "5" is not a duration'),
    'runner.toml:2: "xml" is not one of pretty, json',
  ]);
});

test("an IPv6 address may have the brackets of a URL", async () => {
  expect((await load({ flags: { host: "[::1]" } })).config.host).toBe("::1");
});

test("an unknown key is a problem with its line and the nearest known key", async () => {
  await writeToml('# first\nwebhook_timout = "5s"\n\n[server]\nport = 1\n');
  expect(await problemsOf({})).toEqual([
    'runner.toml:2: unknown key "webhook_timout" (did you mean "webhook_timeout"?)',
    'runner.toml:4: unknown key "server" (`runner config` lists every key)',
  ]);
});

test("the token is refused in runner.toml, since it is a secret", async () => {
  await writeToml('token = "abc"');
  expect((await problemsOf({}))[0]).toContain("set RUNNER_TOKEN in the environment");
});

test("a token that no header can carry is refused without being repeated", async () => {
  const [problem = ""] = await problemsOf({ env: { RUNNER_TOKEN: "two words" } });
  expect(problem).toStartWith("RUNNER_TOKEN: the token is not usable in a header");
  expect(problem).not.toContain("two words");
});

test.each([
  ["port = 1\nhost = = 3\nport = 2\n", "runner.toml:2: "],
  ['port = 1\n\nhost = "open\n', "runner.toml:3: "],
  ["port = 1\nport = 2\n", "runner.toml:2: Cannot redefine key 'port'"],
  ["data_dir = 'a'\ndata-dir = 'b'\n", "runner.toml:2: data_dir is set twice"],
  ["port = [1]", "runner.toml:1: port is a table, a list or a date"],
  ["__proto__ = 1", 'runner.toml:1: unknown key "__proto__"'],
  ["host = 5", "runner.toml:1: 5 is not a host name"],
  ["port = 1.5", "runner.toml:1: 1.5 is not a whole number"],
  ["webhook_timeout = 5", 'runner.toml:1: "5" is not a duration'],
])("runner.toml %j is refused with %j", async (text, expected) => {
  await writeToml(text);
  const problems = await problemsOf({});
  expect(problems).toHaveLength(1);
  expect(problems[0]).toStartWith(expected);
});

test.each([
  ["port", "0x50"],
  ["port", "-1"],
  ["port", ""],
  ["maxConcurrentRuns", "0"],
  ["sandboxProcesses", "65"],
  ["webhookTimeout", "11m"],
  ["maxStepOutput", "-1GiB"],
  ["storage", "postgres://x"],
  ["storage", "sqlite://"],
  ["storage", "sqlite://:memory:"],
  ["storage", "sqlite:///var/lib/"],
  ["pipelines", " "],
  ["stopSteps", "maybe"],
])("%s = %j is refused", async (key, value) => {
  expect(await problemsOf({ flags: { [key]: value } })).toHaveLength(1);
});

test("an empty variable counts as not set", async () => {
  const { config } = await load({ env: { RUNNER_TOKEN: "", RUNNER_PORT: "", RUNNER_CONFIG: "" } });
  expect([config.token, config.port]).toEqual([null, 8080]);
});

test("variables that our own steps and other runners set are nobody's concern", async () => {
  const env = { RUNNER_RUN_ID: "r", RUNNER_STEP_ID: "s", RUNNER_PIPELINE: "p", RUNNER_SERVER: "x", RUNNER_OS: "Linux" };
  expect((await load({ env })).warnings).toEqual([]);
});

test("RUNNER_PIPELINE outside a step is a mistyped RUNNER_PIPELINES", async () => {
  expect(await problemsOf({ env: { RUNNER_PIPELINE: "./p" } })).toEqual([
    "RUNNER_PIPELINE: unknown variable (did you mean RUNNER_PIPELINES?)",
  ]);
});

test("there are two sandbox processes on any machine, so that an idle server stays small", async () => {
  const counts = await Promise.all([1, 3, 16].map(async (cores) => (await load({ cores })).config));
  expect(counts.map(({ sandboxProcesses }) => sandboxProcesses)).toEqual([2, 2, 2]);
  expect(counts.map(({ maxConcurrentSteps }) => maxConcurrentSteps)).toEqual([4, 6, 32]);
});

test("the variable that names the binary of this project's tests is no setting and no mistake", async () => {
  expect((await load({ env: { RUNNER_BINARY: "/dist/runner" } })).warnings).toEqual([]);
});
