// Services that a script names itself, as PocketCI's scripts do: each message is a request like that of `fetch`.

import { isHeaderName, isHeaderValue } from "../../core/header-field.ts";
import { fetchPrepared } from "./fetch.ts";
import { stringifyJson } from "./host.ts";
import { readToken, type Secret } from "./secret-text.ts";

export type Backend =
  | { readonly type: "slack"; readonly token: Secret; readonly channels: readonly string[] }
  | { readonly type: "discord"; readonly token: Secret; readonly channels: readonly string[] }
  | { readonly type: "teams"; readonly webhook: Secret }
  | {
      readonly type: "http";
      readonly url: Secret;
      readonly method: string;
      readonly headers: Readonly<Record<string, Secret>>;
    }
  /** Sent by the target of its name in runner.toml: scripts open no connections. */
  | { readonly type: "smtp" };

const subject = "Pipeline Notification";
const types = ["slack", "teams", "http", "discord", "smtp"];

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @throws {TypeError} naming the backend. */
export function readBackends(configs: unknown): Map<string, Backend> {
  if (!isFields(configs)) throw new TypeError('notify: backends must be an object, like { ops: { type: "slack", … } }');
  return new Map(
    Object.entries(configs).map(([name, config]) => [name, readBackend(`notify: backend ${name}`, config)]),
  );
}

function readBackend(caller: string, config: unknown): Backend {
  if (!isFields(config)) throw new TypeError(`${caller} must be an object`);
  const { type, token, webhook, url, method = "POST", headers = {} } = config;
  switch (type) {
    case "slack":
      return { type, token: readToken(caller, token, "Bearer "), channels: readReceivers(caller, config) };
    case "discord":
      return { type, token: readToken(caller, token, "Bot "), channels: readReceivers(caller, config) };
    case "teams":
      return { type, webhook: readToken(caller, webhook, "") };
    case "http":
      return {
        type,
        url: readToken(caller, url, ""),
        method: String(method).toUpperCase(),
        headers: readHeaders(caller, headers),
      };
    case "smtp":
      return { type };
    default:
      throw new TypeError(
        `${caller}: type must be one of ${types.join(", ")}, not ${stringifyJson(type) ?? typeof type}`,
      );
  }
}

function readReceivers(caller: string, { channels = [], recipients = [] }: Fields): readonly string[] {
  const all: readonly unknown[] = [channels, recipients].flat();
  const isName = (name: unknown): name is string => typeof name === "string" && name !== "";
  if (all.length > 0 && all.every(isName)) return all;
  throw new TypeError(`${caller}: channels must be a list of names or ids`);
}

function readHeaders(caller: string, headers: unknown): Readonly<Record<string, Secret>> {
  if (!isFields(headers)) throw new TypeError(`${caller}: headers must be an object`);
  const pairs = Object.entries(headers).map(([name, value]): [string, Secret] => {
    if (!isHeaderName(name) || typeof value !== "string" || !isHeaderValue(value)) {
      throw new TypeError(`${caller}: header ${stringifyJson(name)} cannot be sent`);
    }
    return [name.toLowerCase(), readToken(caller, value, "")];
  });
  return Object.fromEntries(pairs);
}

/** @throws {Error} where a service did not take it. */
export async function sendToBackend(
  backend: Exclude<Backend, { readonly type: "smtp" }>,
  message: string,
): Promise<void> {
  const text = `${subject}\n${message}`;
  if (backend.type === "slack") {
    for (const channel of backend.channels) {
      const answer = await post(
        "https://slack.com/api/chat.postMessage",
        { channel, text },
        { authorization: backend.token },
      );
      const { ok, error } = answer.json() as { readonly ok?: boolean; readonly error?: string };
      if (ok !== true) throw new Error(`notify: Slack refused the message to ${channel}: ${error}`);
    }
  } else if (backend.type === "discord") {
    const body = { content: text.slice(0, 2000).toWellFormed(), allowed_mentions: { parse: [] } };
    for (const channel of backend.channels) {
      const url = `https://discord.com/api/v10/channels/${encodeURIComponent(channel)}/messages`;
      await post(url, body, { authorization: backend.token });
    }
  } else if (backend.type === "teams") {
    const card = { "@type": "MessageCard", "@context": "https://schema.org/extensions", title: subject, text: message };
    await post(backend.webhook, card, {});
  } else await post(backend.url, { subject, message }, backend.headers, backend.method);
}

async function post(
  url: string | Secret,
  body: object,
  headers: Readonly<Record<string, Secret>>,
  method = "POST",
): ReturnType<typeof fetchPrepared> {
  const answer = await fetchPrepared({
    url,
    method,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
    body: stringifyJson(body),
    timeout: undefined,
    redirect: "manual",
    retry: { attempts: 3 },
    onInterrupt: "retry",
  });
  if (answer.ok) return answer;
  const said = answer.text().slice(0, 200);
  throw Object.assign(new Error(`notify: the message was not taken: HTTP ${answer.status} ${said}`), {
    code: "FETCH_FAILED",
  });
}
