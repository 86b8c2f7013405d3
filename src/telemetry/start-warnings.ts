// What the operator should know about the box and the settings when the server has started: one line each, with what
// to do about it.

import type { BoxFacts } from "./box-facts.ts";

/** What of the settings is looked at. */
export interface ServerFacts {
  /** Address that is listened on; null: a unix socket. */
  readonly host: string | null;
  readonly port: number;
  /** The server itself speaks TLS. */
  readonly tls: boolean;
  readonly publicUrl: string | null;
  /** As written; "" for none. */
  readonly trustedProxies: { readonly text: string };
  /** Pipelines whose webhook takes requests without a secret, from any address. */
  readonly unsigned: readonly string[];
  readonly dataDir: string;
  readonly maxConcurrentSteps: number;
  readonly maxConcurrentRuns: number;
  /** When the newest run was created. */
  readonly newestRunMs: number | null;
}

export interface StartWarning {
  readonly message: string;
  readonly fields?: Readonly<Record<string, string | number>>;
}

type Finding = StartWarning | null;

export function findStartWarnings(server: ServerFacts, box: BoxFacts): readonly StartWarning[] {
  const found: readonly Finding[] = [
    findRoot(box),
    findUnsigned(server),
    findUntrustedProxy(server),
    findPlainHttp(server),
    ...findWrongClock(server, box),
    findKillMode(box),
    findFileSystem(server, box),
    findLowLimit(server, box),
  ];
  return found.filter((finding) => finding !== null);
}

/** In a container root is the usual user, and what it may do is decided outside. */
function findRoot({ uid, inContainer }: BoxFacts): Finding {
  if (uid !== 0 || inContainer) return null;
  return {
    message:
      "the server runs as root, and so does every step: give it a user of its own (useradd --system runner, and User=runner in its unit)",
  };
}

function findUnsigned(server: ServerFacts): Finding {
  if (server.unsigned.length === 0) return null;
  const fields = { pipelines: shortList(server.unsigned) };
  const place = findOpenPlace(server);
  const message =
    place === null
      ? "anybody who reaches this server can trigger the pipelines whose webhook has no secret"
      : `EVERYBODY on the network can trigger these pipelines at ${place}: give their webhooks a secret, or listen on 127.0.0.1 behind a proxy`;
  return { message, fields };
}

/** Whoever others reach by another address than where it listens is behind a proxy. */
function findUntrustedProxy(server: ServerFacts): Finding {
  const { publicUrl, trustedProxies, host, unsigned } = server;
  if (publicUrl === null || trustedProxies.text !== "" || unsigned.length === 0) return null;
  if (findOpenPlace(server) !== null) return null;
  return {
    message: `all who come through the proxy of ${publicUrl} count as this machine, so no rate by address holds for pipelines without a secret: set --trusted-proxies=${host === null ? "unix" : "127.0.0.1,::1"}`,
  };
}

function findPlainHttp(server: ServerFacts): Finding {
  const place = findOpenPlace(server);
  if (place === null || server.tls || server.publicUrl?.startsWith("https:") === true) return null;
  return {
    message: `the API token and all webhooks cross the network in the clear at ${place}: set --tls-cert and --tls-key, or put a proxy with TLS in front and say so by --public-url https://…`,
  };
}

const toleratedMs = 5 * 60 * 1000;

/** Timestamps, time-outs of signatures and the removal of old runs go by this clock. */
function findWrongClock({ newestRunMs }: ServerFacts, { nowMs, executableMs }: BoxFacts): readonly Finding[] {
  const clock = new Date(nowMs).toISOString();
  const hint = "set the clock (timedatectl set-ntp true)";
  const isBefore = (ms: number | null): ms is number => ms !== null && nowMs < ms - toleratedMs;
  const message = (what: string, ms: number): string =>
    `the clock says ${clock}, but ${what} is of ${new Date(ms).toISOString()}: ${hint}, or signed webhooks are refused and runs are out of order`;
  return [
    isBefore(executableMs) ? { message: message("this executable", executableMs) } : null,
    isBefore(newestRunMs) ? { message: message("the newest run", newestRunMs) } : null,
  ];
}

/** A step is in a session of its own, but systemd goes by the control group (systemd.kill(5)). */
const sparing = ["process", "none"];

function findKillMode({ unit }: BoxFacts): Finding {
  if (unit === null || sparing.includes(unit.killMode)) return null;
  return {
    message: `systemd will end running steps together with the server: set KillMode=process in ${unit.name} (systemctl edit ${unit.name})`,
    fields: { kill_mode: unit.killMode },
  };
}

const fileSystems: Readonly<Record<string, string>> = {
  memory: "is kept in memory: all runs are lost when this machine ends; name a folder on a disk with --data-dir",
  network:
    "is on a network file system, on which SQLite's locks cannot be relied on and a write may be lost: name a folder on a local disk with --data-dir",
  layer: "is in the container's own layer, which goes away with it: mount a volume there, or name one with --data-dir",
};

function findFileSystem({ dataDir }: ServerFacts, { fileSystem, inContainer }: BoxFacts): Finding {
  if (fileSystem === null || (fileSystem.kind === "layer" && !inContainer)) return null;
  return { message: `the data folder ${dataDir} ${fileSystems[fileSystem.kind]}`, fields: { type: fileSystem.name } };
}

/** A step has its output files, its exit status and a pipe; a run its callers. */
function findLowLimit({ maxConcurrentSteps, maxConcurrentRuns }: ServerFacts, { maxOpenFiles }: BoxFacts): Finding {
  const wanted = 512 + 16 * maxConcurrentSteps + 4 * maxConcurrentRuns;
  if (maxOpenFiles === null || maxOpenFiles >= wanted) return null;
  return {
    message: `only ${maxOpenFiles} files can be open at once, and this server may need ${wanted}: raise the limit (ulimit -n, LimitNOFILE= in its unit)`,
  };
}

/** Where others than this machine reach the server; null: nowhere. */
function findOpenPlace({ host, port }: ServerFacts): string | null {
  if (host === null || isLoopback(host)) return null;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function isLoopback(host: string): boolean {
  // The URL standard writes every spelling of an address in one way.
  const name = URL.parse(`http://${host.includes(":") ? `[${host}]` : host}`)?.hostname ?? host;
  return name === "localhost" || name === "[::1]" || /^127\.[\d.]+$/.test(name);
}

function shortList(names: readonly string[]): string {
  const shown = names.slice(0, 12).join(", ");
  return names.length > 12 ? `${shown} and ${names.length - 12} more` : shown;
}
