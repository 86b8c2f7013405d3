// The unit of systemd that this process belongs to, and what becomes of its steps when that is stopped.

import { readFile } from "node:fs/promises";

export interface ServiceUnit {
  readonly name: string;
  /** As in systemd.kill(5). */
  readonly killMode: string;
}

const answerMs = 2000;

/** Null where this process is not a service of systemd, or systemd does not say. */
export async function findServiceUnit(
  env: Readonly<Record<string, string | undefined>>,
  cgroupFile = "/proc/self/cgroup",
): Promise<ServiceUnit | null> {
  // Set for services, and for whatever they start.
  if (!env["INVOCATION_ID"]) return null;
  const found = parseUnit(await readFile(cgroupFile, "utf8"));
  if (found === null) return null;
  const killMode = await askKillMode(found, env);
  return killMode === null ? null : { name: found.name, killMode };
}

interface FoundUnit {
  readonly name: string;
  /** Of the manager of a user, not of the machine. */
  readonly ofUser: boolean;
}

/** The innermost service in the control group's path: `0::/system.slice/runner.service` (cgroups(7)). */
export function parseUnit(cgroups: string): FoundUnit | null {
  for (const line of cgroups.split("\n")) {
    const path = /^(?:0:|\d+:name=systemd):(\/.*)$/.exec(line)?.[1];
    const units = path?.split("/").filter((part) => part.endsWith(".service")) ?? [];
    const name = units.at(-1);
    if (name !== undefined) return { name, ofUser: units.length > 1 && /^user@\d+\.service$/.test(units[0] ?? "") };
  }
  return null;
}

async function askKillMode(
  { name, ofUser }: FoundUnit,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  const manager = ofUser ? ["--user"] : [];
  const child = Bun.spawn(["systemctl", ...manager, "show", "--property=KillMode,LoadState", "--", name], {
    env: { PATH: env["PATH"] ?? "/usr/bin:/bin", XDG_RUNTIME_DIR: env["XDG_RUNTIME_DIR"] ?? "" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
    timeout: answerMs,
    killSignal: "SIGKILL",
  });
  const answer = await new Response(child.stdout).text();
  if ((await child.exited) !== 0 || !/^LoadState=loaded$/m.test(answer)) return null;
  return /^KillMode=(\S+)$/m.exec(answer)?.[1] ?? null;
}
