// A unit of systemd that starts this program for a folder.

import { quote } from "../program-name.ts";

export interface UnitOptions {
  /** The words before `serve`, absolute. */
  readonly program: readonly string[];
  /** Absolute path of the folder that holds pipelines/ and data/. */
  readonly folder: string;
}

export function renderUnitFile({ program, folder }: UnitOptions): string {
  const start = program.map(unitWord).join(" ");
  const [shellFolder, shellProgram] = [quote(folder), program.map(quote).join(" ")];
  return `# 1. Save this as /etc/systemd/system/runner.service
# 2. sudo useradd --system --home-dir ${shellFolder} --shell /usr/sbin/nologin runner
# 3. cd ${shellFolder} && sudo mkdir -p data && sudo chown runner: . && sudo chown -R runner: pipelines data
# 4. sudo systemctl enable --now runner
# Commands then find the server as its user: cd ${shellFolder} && sudo -u runner -H ${shellProgram} trigger hello

[Unit]
Description=runner: scripts on webhooks
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
User=runner
WorkingDirectory=${unitValue(folder)}
ExecStart=${start} serve
# Takes over what of runner.toml can be; a change of the file does it too.
ExecReload=kill -HUP $MAINPID
# Secrets that scripts name as "env:NAME", one NAME=value a line; owned by root, mode 0600.
EnvironmentFile=-/etc/runner.env

Restart=always
RestartSec=2
# Wrong usage, a file without permission, a wrong configuration: starting again does not help.
RestartPreventExitStatus=2 77 78
# Running steps are left alone when the server stops; it takes at most 15 s itself.
KillMode=process
TimeoutStopSec=15

# Remove these two where a step uses sudo, or podman without root. No PrivateTmp: it is emptied while steps still run.
NoNewPrivileges=yes
ProtectSystem=full
# For steps in containers. Whoever may use Docker may do everything on this machine.
#SupplementaryGroups=docker

[Install]
WantedBy=multi-user.target
`;
}

/** One word of a command line: quoted, with systemd's own signs made plain. systemd.service(5), "Command lines". */
function unitWord(word: string): string {
  const plain = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[\w@%+=:,./$-]+$/.test(plain) ? plain : `"${plain.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** A whole value takes spaces as they are; only specifiers mean something. */
function unitValue(text: string): string {
  return text.replaceAll("%", "%%");
}
