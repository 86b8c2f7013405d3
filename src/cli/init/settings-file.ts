// runner.toml with every setting as a comment, made from the table of settings, and its tables with an example of each.

import { configTable, settings, type Setting, type SettingNames } from "../../config.ts";

const head = `# Settings of \`runner serve\`. Each line is commented out and shows its default; tables, which have none, come last.
# A flag (--webhook-timeout 5s) or a variable (RUNNER_WEBHOOK_TIMEOUT=5s) wins over this file; \`runner config\` prints
# what is in force. Relative paths are relative to this file. Secrets do not belong here.
`;

/** Behind the settings, for what follows a table's name belongs to it. */
const tables = `# What every event tells, as texts.
#[metadata]
#instance = "nas"

# Where notify.send() and config.notify write: ntfy, gotify, slack, discord, matrix, telegram, email, webhook.
#[targets.ops]
#type = "ntfy"
#topic = "env:NTFY_TOPIC"

# An endpoint that events are sent to; one table for each.
#[[webhooks]]
#name = "ci"
#url = "https://example.org/hook"
#events = ["run.failed", "approval.*"]
#secret = "env:CI_HOOK_SECRET"
`;

/** Every line that is commented out is accepted as it is once its \`#\` is gone. */
export function renderSettingsFile(cores: number): string {
  const entries = configTable.map((names) => describe(names, cores)).filter((entry) => entry !== "");
  return [head, ...entries, tables].join("\n");
}

function describe({ key, toml, description, placeholder, defaultText, choices }: SettingNames, cores: number): string {
  if (toml === null) return "";
  const setting = settings[key] as Setting<unknown>;
  // Relative, as one would write it.
  const value = setting.defaultValue({ cwd: ".", cores, dataDir: "data" });
  const text = placeholder === "DIR" ? defaultText : setting.format(value);
  const isPlain = typeof value === "boolean" || (typeof value === "number" && String(value) === text);
  const literal = isPlain ? text : JSON.stringify(text);
  const remark = defaultText === text ? "" : ` (default: ${defaultText})`;
  const words = choices === null ? "" : `: ${choices.join(", ")}`;
  return `# ${description}${words}${remark}\n#${toml} = ${literal}\n`;
}
