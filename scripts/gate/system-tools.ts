// The programs of the machine that tests use, installed where that is possible.

import { engineAnswers } from "./container-engine.ts";
import { execute } from "./run-command.ts";

interface SystemTool {
  readonly program: string;
  /** Packages of Debian and its relatives. */
  readonly packages: readonly string[];
  readonly neededFor: string;
  /** Absent: where the program is on the PATH. */
  readonly isThere?: () => boolean;
}

function isThere({ program, isThere: asked }: SystemTool): boolean {
  return asked?.() ?? Bun.which(program) !== null;
}

const tools: readonly SystemTool[] = [
  { program: "openssl", packages: ["openssl"], neededFor: "signatures made outside this code base" },
  { program: "curl", packages: ["curl", "ca-certificates"], neededFor: "requests as the README shows them" },
  { program: "chromium", packages: ["chromium"], neededFor: "pages as a browser shows them" },
  {
    program: "dockerd",
    packages: ["docker.io", "cgroupfs-mount"],
    neededFor: "container steps",
    isThere: () => Bun.which("dockerd") !== null || engineAnswers(),
  },
  { program: "busybox", packages: ["busybox-static"], neededFor: "the images of container steps" },
  { program: "gcc", packages: ["gcc", "libc6-dev"], neededFor: "the library that makes fsync slow" },
  { program: "strace", packages: ["strace"], neededFor: "the order of the server's system calls" },
  { program: "nginx", packages: ["nginx"], neededFor: "a server behind it" },
  { program: "caddy", packages: ["caddy"], neededFor: "a server behind it" },
  { program: "zsh", packages: ["zsh"], neededFor: "completion in it" },
  { program: "fish", packages: ["fish"], neededFor: "completion in it" },
];

export interface MissingTool {
  readonly program: string;
  readonly neededFor: string;
  readonly reason: string;
}

/** Installs what is missing, as root on Debian and its relatives; returns what is missing still. */
export async function installMissing(cwd: string): Promise<readonly MissingTool[]> {
  const missing = tools.filter((tool) => !isThere(tool));
  if (missing.length === 0) return [];
  const reason = await installPackages(
    missing.flatMap((tool) => tool.packages),
    cwd,
  );
  return missing
    .filter((tool) => !isThere(tool))
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
  const apt = async (...words: readonly string[]): Promise<string | null> => {
    const { ok, output } = await execute({ command: ["apt-get", ...words], env, cwd, timeoutMs: 300_000 });
    return ok ? null : `apt-get ${words[0] ?? ""} failed: ${output.trim().split("\n").at(-1) ?? ""}`;
  };
  const install = ["install", "--yes", "--no-install-recommends"];
  const failure = (await apt("update")) ?? (await apt(...install, ...packages));
  if (failure === null) return null;
  // A package that this release does not have must not keep the others away.
  for (const name of packages) await apt(...install, name);
  return failure;
}

export function describeMissing(missing: readonly MissingTool[]): string[] {
  return missing.map(({ program, neededFor, reason }) => `${program} is missing (${neededFor}): ${reason}`);
}
