// The programs of the machine that tests use, installed where that is possible.

import { execute } from "./run-command.ts";

interface SystemTool {
  readonly program: string;
  /** Packages of Debian and its relatives. */
  readonly packages: readonly string[];
  readonly neededFor: string;
}

const tools: readonly SystemTool[] = [
  { program: "openssl", packages: ["openssl"], neededFor: "signatures made outside this code base" },
  { program: "curl", packages: ["curl", "ca-certificates"], neededFor: "requests as the README shows them" },
  { program: "gcc", packages: ["gcc", "libc6-dev"], neededFor: "the library that makes fsync slow" },
];

export interface MissingTool {
  readonly program: string;
  readonly neededFor: string;
  readonly reason: string;
}

/** Installs what is missing, as root on Debian and its relatives; returns what is missing still. */
export async function installMissing(cwd: string): Promise<readonly MissingTool[]> {
  const missing = tools.filter((tool) => Bun.which(tool.program) === null);
  if (missing.length === 0) return [];
  const reason = await installPackages(
    missing.flatMap((tool) => tool.packages),
    cwd,
  );
  return missing
    .filter((tool) => Bun.which(tool.program) === null)
    .map(({ program, neededFor, packages }) => ({
      program,
      neededFor,
      reason: reason ?? `${packages.join(" ")} did not bring it`,
    }));
}

/** Null when done, else why not. */
async function installPackages(packages: readonly string[], cwd: string): Promise<string | null> {
  if (Bun.which("apt-get") === null) return "there is no apt-get to install it with";
  if (process.getuid?.() !== 0) return `only root may install it: apt-get install ${packages.join(" ")}`;
  console.log(`Installing ${packages.join(" ")}`);
  const env = { ...(Bun.env as Record<string, string>), DEBIAN_FRONTEND: "noninteractive" };
  const install = ["apt-get", "install", "--yes", "--no-install-recommends", ...packages];
  for (const command of [["apt-get", "update"], install]) {
    const { ok, output } = await execute({ command, env, cwd, timeoutMs: 300_000 });
    if (!ok) return `${command.slice(0, 2).join(" ")} failed: ${output.trim().split("\n").at(-1) ?? ""}`;
  }
  return null;
}

export function describeMissing(missing: readonly MissingTool[]): string[] {
  return missing.map(({ program, neededFor, reason }) => `${program} is missing (${neededFor}): ${reason}`);
}
