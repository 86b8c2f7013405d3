// The one table of all settings. Flags, environment variables, keys of runner.toml, defaults, the Config type and the
// table in the README all come from it.

import { join, resolve } from "node:path";
import { durationText } from "../core/duration.ts";
import { noProxies, parseTrustedProxies, type TrustedProxies } from "../core/trusted-proxies.ts";
import {
  durationOrNever,
  durationUpTo,
  durationWithin,
  oneOf,
  parseBoolean,
  parseHost,
  parsePath,
  parsePublicUrl,
  parseSize,
  parseSizeOrNone,
  parseStorage,
  parseToken,
  wholeNumber,
  type SettingInput,
  type StorageLocation,
} from "./setting-parsers.ts";
import { sizeText } from "./setting-texts.ts";

/** What defaults depend on. */
export interface Surroundings {
  readonly cwd: string;
  /** Processors this process may use. */
  readonly cores: number;
  /** The effective data folder, absolute. */
  readonly dataDir: string;
}

export interface Setting<T> {
  readonly description: string;
  /** What the value is called in `--help`; null: a switch without a value. */
  readonly placeholder: string | null;
  /** The default in words. */
  readonly defaultText: string;
  readonly parse: (input: SettingInput, baseDir: string) => T;
  readonly defaultValue: (surroundings: Surroundings) => T;
  readonly format: (value: T) => string;
  /** All values that are accepted, where they are few. */
  readonly choices?: readonly string[];
  /** Only from the environment, and never shown. */
  readonly secret?: true;
}

/** A setting whose text form is `String(value)`. */
function setting<T extends string | number | boolean>(
  description: string,
  placeholder: string | null,
  defaultText: string,
  parse: Setting<T>["parse"],
  defaultValue: Setting<T>["defaultValue"],
): Setting<T> {
  return { description, placeholder, defaultText, parse, defaultValue, format: String };
}

/** A setting that is one of a few words. */
function choice<const T extends string>(
  description: string,
  placeholder: string,
  defaultText: string,
  choices: readonly T[],
  defaultValue: NoInfer<T>,
): Setting<T> {
  return { ...setting(description, placeholder, defaultText, oneOf(...choices), () => defaultValue), choices };
}

const folder = (description: string, path: string): Setting<string> =>
  setting(description, "DIR", path, parsePath, ({ cwd }) => resolve(cwd, path));

const webhookTimeout: Setting<number> = {
  description: "how long a webhook's caller waits for http.respond() before it gets a 202",
  placeholder: "DURATION",
  defaultText: "5s",
  parse: durationUpTo("10m"),
  defaultValue: () => 5000,
  format: durationText,
};

const trustedProxies: Setting<TrustedProxies> = {
  description: "proxies whose X-Forwarded-For is believed; `unix`: whoever connects by the socket",
  placeholder: "CIDR,…",
  defaultText: "none",
  parse: (input) => parseTrustedProxies(String(input)),
  defaultValue: () => noProxies,
  format: ({ text }) => text,
};

const storage: Setting<StorageLocation> = {
  description: "where the database is: sqlite://FILE moves it alone",
  placeholder: "URL",
  defaultText: "sqlite://DATA-DIR/runner.db",
  parse: parseStorage,
  defaultValue: ({ dataDir }) => ({ type: "sqlite", file: join(dataDir, "runner.db") }),
  format: ({ file }) => `sqlite://${file}`,
};

const size = (description: string, defaultText: string, defaultBytes: number): Setting<number> => ({
  description,
  placeholder: "SIZE",
  defaultText,
  parse: parseSize,
  defaultValue: () => defaultBytes,
  format: sizeText,
});

const maxStepOutput = size("a step that writes more than this is ended", "1GiB", 1024 ** 3);

const retention: Setting<number> = {
  description: "finished runs are kept this long, with their logs and artifacts",
  placeholder: "DURATION",
  defaultText: "90d",
  parse: durationWithin("1s", "3650d"),
  defaultValue: () => 90 * 24 * 60 * 60 * 1000,
  format: durationText,
};

const disableAfter: Setting<number | null> = {
  description: "an endpoint that has failed for so long is disabled; `never`: none is",
  placeholder: "DURATION",
  defaultText: "5d",
  parse: durationOrNever("1m", "365d"),
  defaultValue: () => 5 * 24 * 60 * 60 * 1000,
  format: (value) => (value === null ? "never" : durationText(value)),
};

/** A setting that may be absent: null. */
function optional(
  description: string,
  placeholder: string,
  parse: (input: SettingInput, baseDir: string) => string,
): Setting<string | null> {
  return {
    description,
    placeholder,
    defaultText: "none",
    parse: (input, baseDir) => (input === "" ? null : parse(input, baseDir)),
    defaultValue: () => null,
    format: (value) => value ?? "",
  };
}

const optionalFile = (description: string, placeholder: string): Setting<string | null> =>
  optional(description, placeholder, parsePath);

const publicUrl = optional("the address others reach this server by, with its base path", "URL", parsePublicUrl);

const token: Setting<string | null> = {
  description: "the API token, instead of the one in DATA-DIR/runner.token",
  placeholder: "TOKEN",
  defaultText: "made at the first start",
  parse: parseToken,
  defaultValue: () => null,
  format: (value) => (value === null ? "in the data folder" : "********"),
  secret: true,
};

export const settings = {
  pipelines: folder("folder of the pipelines", "./pipelines"),
  host: setting("address to listen on", "HOST", "127.0.0.1", parseHost, () => "127.0.0.1"),
  port: setting("port to listen on, 0 for any free one", "PORT", "8080", wholeNumber(0, 65_535), () => 8080),
  dataDir: folder("folder of the database, the token and running steps", "./data"),
  storage,
  webhookTimeout,
  maxCallers: setting(
    "callers that wait for http.respond(), or by ?wait=; more get their 202 at once",
    "N",
    "1000",
    wholeNumber(1, 100_000),
    () => 1000,
  ),
  maxConcurrentRuns: setting(
    "runs that execute at once, the rest wait in order",
    "N",
    "64",
    wholeNumber(1, 10_000),
    () => 64,
  ),
  maxQueuedRuns: setting(
    "runs that wait for their beginning at most; more are refused with 503",
    "N",
    "10000",
    wholeNumber(1, 1_000_000),
    () => 10_000,
  ),
  maxConcurrentSteps: setting(
    "steps that execute at once, the rest wait in order",
    "N",
    "2 a processor, at least 4",
    wholeNumber(1, 10_000),
    ({ cores }) => Math.max(4, 2 * cores),
  ),
  sandboxProcesses: setting(
    "most processes that execute scripts, beside one that stands by",
    "N",
    "2",
    wholeNumber(1, 64),
    () => 2,
  ),
  maxStepOutput,
  maxArtifactSize: size("an artifact larger than this is refused", "1GiB", 1024 ** 3),
  minFreeSpace: {
    ...size(
      "below this much free space on the data folder's disk no new runs are taken; 0: never",
      "64MiB",
      64 * 1024 ** 2,
    ),
    parse: parseSizeOrNone,
  },
  retention,
  retentionRuns: setting(
    "finished runs that are kept at most, the newest",
    "N",
    "100000",
    wholeNumber(1, 1_000_000_000),
    () => 100_000,
  ),
  disableAfter,
  retentionEvents: setting(
    "events that are kept at most, the newest; none longer than runs",
    "N",
    "100000",
    wholeNumber(1, 1_000_000_000),
    () => 100_000,
  ),
  containerEngine: choice(
    "the command that runs containers",
    "ENGINE",
    "docker or podman, whichever is there",
    ["auto", "docker", "podman"],
    "auto",
  ),
  secretKeyFile: {
    ...optionalFile("file with the key that seals secrets, at least 32 characters", "FILE"),
    defaultText: "DATA-DIR/secrets.key",
  },
  publicUrl,
  trustedProxies,
  outboundDenyPrivate: setting(
    "deliveries to loopback and private addresses are refused",
    null,
    "false",
    parseBoolean,
    () => false,
  ),
  outboundAllowHttp: setting("deliveries to public addresses may use http", null, "false", parseBoolean, () => false),
  socket: optionalFile("a unix socket to listen on instead of host and port", "FILE"),
  tlsCert: optionalFile("certificate chain as PEM: the server speaks HTTPS", "FILE"),
  tlsKey: optionalFile("private key of the certificate as PEM", "FILE"),
  stopSteps: setting("end running steps when the server stops", null, "false", parseBoolean, () => false),
  logFormat: choice("the server's own log", "FORMAT", "pretty", ["pretty", "json"], "pretty"),
  logLevel: choice("least level of the server's own log", "LEVEL", "info", ["debug", "info", "warn", "error"], "info"),
  token,
} as const;

export type SettingKey = keyof typeof settings;

/** Every effective setting. Paths are absolute, durations are milliseconds, sizes are bytes. */
export type Settings = { readonly [Key in SettingKey]: ReturnType<(typeof settings)[Key]["parse"]> };

/** One row of the table of settings, for `--help`, `runner config` and the README. */
export interface SettingNames {
  readonly key: SettingKey;
  /** Null where the setting has no flag and no key in runner.toml. */
  readonly flag: string | null;
  readonly toml: string | null;
  readonly env: string;
  readonly placeholder: string | null;
  readonly defaultText: string;
  readonly description: string;
  /** All values that are accepted, where they are few. */
  readonly choices: readonly string[] | null;
  readonly secret: boolean;
}

export const configTable: readonly SettingNames[] = (Object.keys(settings) as SettingKey[]).map((key) => {
  const { description, placeholder, defaultText, choices = null, secret } = settings[key] as Setting<unknown>;
  const words = key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return {
    key,
    flag: secret ? null : `--${words.replaceAll("_", "-")}`,
    toml: secret ? null : words,
    env: `RUNNER_${words.toUpperCase()}`,
    placeholder,
    defaultText,
    description,
    choices,
    secret: secret ?? false,
  };
});
