// What `serve` prints when it is up: where it is, what it runs, and two commands to try.

import { relative } from "node:path";
import type { Config } from "../config.ts";
import { createApiClient } from "./api-client.ts";
import type { PipelineSummary } from "./pipeline-verbs.ts";
import type { RunningServer } from "../app.ts";
import type { CommandContext } from "./command-context.ts";
import { curlFor } from "./curl-for.ts";
import { printable } from "./printable.ts";
import { findProgramName, quote } from "./program-name.ts";
import { formatTable } from "./table.ts";
import { version } from "./version.ts";

/** `url` works on this machine. */
export async function printWelcome(
  context: CommandContext,
  config: Config,
  server: RunningServer,
  url: string,
): Promise<void> {
  const { out } = context.terminal;
  const near = (path: string): string => {
    const way = relative(context.cwd, path);
    return way.startsWith("../") || way === "" ? path : way;
  };
  const { tlsCert, publicUrl } = config;
  const address = { url, token: server.token, tokenFrom: "note", tlsCert } as const;
  // The server is up: that its own list cannot be had must not end it.
  const pipelines = await createApiClient({ address, fetch: context.fetch })
    .listPipelines()
    .catch(() => []);
  const names = pipelines.map(
    ({ id, state }) => printable(id) + (state === "broken" ? out.paint("red", " (broken)") : ""),
  );
  const shown = names.length > 12 ? [...names.slice(0, 12), `and ${names.length - 12} more`] : names;
  const rows = [
    ["address", url + (config.socket === null ? describeReach(config.host) : "")],
    ...(publicUrl === null ? [] : [["public", publicUrl]]),
    ...loginAddress(publicUrl ?? url, server.token, out.isTerminal).map((link) => ["log in", link]),
    ["token", server.tokenPath === null ? "from RUNNER_TOKEN" : near(server.tokenPath)],
    ["pipelines", shown.length > 0 ? shown.join(", ") : `none yet: save a script in ${near(config.pipelines)}`],
  ];
  const program = await findProgramName(context.program, context.environment);
  const examples = findExamples(pipelines, program, url, server.tokenPath);
  rows.push(...examples.map((example, index) => [index === 0 ? "try" : "", example]));
  await out.line(`${out.paint("bold", "runner")} ${version}`);
  await out.line(formatTable(rows.map(([name = "", value = ""]) => [out.paint("dim", name), value])).join("\n"));
}

/** A link that logs a browser in by itself; in a service's journal, which others read, without the token. */
function loginAddress(url: string, token: string, isTerminal: boolean): readonly string[] {
  if (url.startsWith("unix:")) return [];
  // Browsers keep the fragment to themselves.
  return [`${url}/login${isTerminal ? `#token=${encodeURIComponent(token)}` : ""}`];
}

/** Who else than this machine reaches an address that was listened on. */
function describeReach(host: string): string {
  // The URL standard writes every spelling of an address in one way.
  const name = URL.parse(`http://${host.includes(":") ? `[${host}]` : host}`)?.hostname ?? host;
  if (name === "0.0.0.0" || name === "[::]") return " (all interfaces: others on the network reach it too)";
  if (name === "localhost" || name === "[::1]" || /^127\.[\d.]+$/.test(name)) return "";
  return " (others on the network reach it too)";
}

/** Two commands that work as they are when pasted into a shell; none where no pipeline would run. */
function findExamples(
  pipelines: readonly PipelineSummary[],
  program: string,
  url: string,
  tokenPath: string | null,
): readonly string[] {
  const ready = pipelines.filter(({ id, state }) => state === "ok" && /^[\w./-]+$/.test(id));
  const open = ready.find(({ config }) => config?.webhook?.signed === false) ?? ready[0];
  if (!open) return [];
  const webhook = open.config?.webhook;
  const token =
    tokenPath === null ? '"Authorization: Bearer $RUNNER_TOKEN"' : `"Authorization: Bearer $(cat ${quote(tokenPath)})"`;
  const { command, base } = curlFor(url);
  const curl =
    webhook?.signed === false
      ? `${command} -X POST ${quote(base + webhook.path)}`
      : `${command} -X POST -H ${token} ${quote(`${base}/api/pipelines/${encodeURIComponent(open.id)}/trigger`)}`;
  return [`${program} trigger ${open.id}`, curl];
}
