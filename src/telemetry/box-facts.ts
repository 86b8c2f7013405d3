// What this process can find out about the machine it runs on, for the warnings at start. What cannot be found out is
// null: a warning must be right.

import { readFile, stat, statfs } from "node:fs/promises";
import { findServiceUnit, type ServiceUnit } from "./service-unit.ts";

export interface BoxFacts {
  readonly uid: number;
  readonly inContainer: boolean;
  readonly nowMs: number;
  /** When the running executable was put where it is. */
  readonly executableMs: number | null;
  /** The unit of systemd that this process is a part of. */
  readonly unit: ServiceUnit | null;
  /** Of the data folder, where it is one that loses data. */
  readonly fileSystem: { readonly name: string; readonly kind: "memory" | "network" | "layer" } | null;
  readonly maxOpenFiles: number | null;
}

export interface BoxFactsOptions {
  readonly dataDir: string;
  /** Of this process. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly nowMs: number;
}

export async function readBoxFacts({ dataDir, env, nowMs }: BoxFactsOptions): Promise<BoxFacts> {
  const [inContainer, executableMs, unit, fileSystem, maxOpenFiles] = await Promise.all([
    isInContainer(env),
    readable(async () => (await stat(process.execPath)).mtimeMs),
    readable(async () => await findServiceUnit(env)),
    readable(async () => lossyFileSystems.get((await statfs(dataDir)).type) ?? null),
    readable(async () => parseOpenFiles(await readFile("/proc/self/limits", "utf8"))),
  ]);
  const uid = process.getuid?.() ?? -1;
  return { uid, inContainer, nowMs, executableMs, unit, fileSystem, maxOpenFiles };
}

async function readable<T>(read: () => Promise<T | null>): Promise<T | null> {
  try {
    return await read();
  } catch {
    return null;
  }
}

/** Docker and podman leave these files, systemd-nspawn and LXC the variable, Kubernetes its service's address. */
async function isInContainer(env: BoxFactsOptions["env"]): Promise<boolean> {
  if (env["container"] || env["KUBERNETES_SERVICE_HOST"]) return true;
  const marks = await Promise.all(
    ["/.dockerenv", "/run/.containerenv"].map(async (path) => await readable(async () => await stat(path))),
  );
  return marks.some((mark) => mark !== null);
}

/** By the magic numbers of statfs(2). */
const lossyFileSystems: ReadonlyMap<number, NonNullable<BoxFacts["fileSystem"]>> = new Map([
  [0x01021994, { name: "tmpfs", kind: "memory" }],
  [0x858458f6, { name: "ramfs", kind: "memory" }],
  [0x6969, { name: "nfs", kind: "network" }],
  [0x517b, { name: "smb", kind: "network" }],
  [0xfe534d42, { name: "smb2", kind: "network" }],
  [0xff534d42, { name: "cifs", kind: "network" }],
  [0x00c36400, { name: "ceph", kind: "network" }],
  [0x794c7630, { name: "overlay", kind: "layer" }],
]);

function parseOpenFiles(limits: string): number | null {
  const soft = /^Max open files +(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? null : Number(soft);
}
