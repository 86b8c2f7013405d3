// `notify`: messages to targets of runner.toml, which the host delivers; and PocketCI's way, where the script itself
// names the services (https://github.com/jtarchie/pocketci, docs/runtime/notify.md).

import { isLink, isTargetName, maxNotification, notificationLevels } from "../../core/notification.ts";
import { call } from "./calls.ts";
import { defineGlobal, stringifyJson } from "./host.ts";
import { readOptions, readText } from "./known-options.ts";
import { type Backend, readBackends, sendToBackend } from "./notify-backends.ts";
import { fillGoTemplate } from "./notify-template.ts";

interface Result {
  readonly success: true;
}

const maxTargets = 20;

let backends = new Map<string, Backend>();
/** Null until the script sets one: then messages are templates. */
let context: Readonly<Record<string, unknown>> | null = null;

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readNames(caller: string, given: unknown): readonly string[] {
  const names: readonly unknown[] = Array.isArray(given) ? given : [given];
  const isName = (name: unknown): name is string =>
    typeof name === "string" && (backends.has(name) || isTargetName(name));
  if (names.length > 0 && names.length <= maxTargets && names.every(isName)) return names;
  throw new TypeError(`${caller}: to is the name of a target, or a list of at most ${maxTargets}, like to: "ops"`);
}

function readMessage(caller: string, value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`${caller}: message must be a text, not ${typeof value}`);
  const message = context === null ? value : fillGoTemplate(value, context);
  if (message.trim() === "") throw new TypeError(`${caller}: message is empty`);
  return message.length <= maxNotification.message
    ? message
    : `${message.slice(0, maxNotification.message - 1)}…`.toWellFormed();
}

function readLevel(caller: string, level: unknown): string {
  if (level === undefined || level === null) return "info";
  const known = notificationLevels.find((each) => each === level);
  if (known !== undefined) return known;
  throw new TypeError(`${caller}: level must be one of ${notificationLevels.join(", ")}, not ${stringifyJson(level)}`);
}

function readLink(caller: string, value: unknown): string | undefined {
  const link = readText(caller, "link", value, maxNotification.link);
  if (link === undefined || isLink(link)) return link;
  throw new TypeError(`${caller}: link must be an address of http or https, as "https://ci.example.org/"`);
}

interface Message {
  readonly message: string;
  readonly title: string | undefined;
  readonly level: string;
  readonly link: string | undefined;
}

async function sendTo(name: string, message: Message): Promise<void> {
  const backend = backends.get(name);
  if (backend !== undefined && backend.type !== "smtp") return await sendToBackend(backend, message.message);
  await call("notify", name, message);
}

/** Of several each is tried, whatever became of the others. */
async function sendToAll(
  caller: string,
  names: readonly string[],
  message: Message,
  isAsync: boolean,
): Promise<Result> {
  const all = Promise.allSettled(names.map((name) => sendTo(name, message))).then((ends) => {
    const failed = ends.flatMap((end) => (end.status === "rejected" ? [end.reason as Error] : []));
    const [first] = failed;
    if (first === undefined) return;
    const text = failed.length === 1 ? first.message : `${failed.length} notifications failed: ${first.message}`;
    // As PocketCI's result, which it rejects with.
    const { code, hint } = first as { readonly code?: unknown; readonly hint?: unknown };
    throw Object.assign(new Error(text), { code, hint, success: false, error: text });
  });
  // oxlint-disable-next-line no-console -- the script's own, whose lines are its log
  if (isAsync) all.catch((thrown: Error) => console.warn(`${caller}: ${thrown.message}`));
  else await all;
  return { success: true };
}

async function send(given: unknown): Promise<Result> {
  const caller = "notify.send";
  const example = '{ to: "ops", message: "deployed" }';
  const known = ["to", "name", "message", "title", "level", "link", "async"] as const;
  const options = readOptions(caller, given, known, example);
  const message = {
    message: readMessage(caller, options.message),
    title: readText(caller, "title", options.title, maxNotification.title),
    level: readLevel(caller, options.level),
    link: readLink(caller, options.link),
  };
  return await sendToAll(caller, readNames(caller, options.to ?? options.name), message, options.async === true);
}

async function sendMultiple(given: unknown, message?: unknown, isAsync?: unknown): Promise<Result> {
  const caller = "notify.sendMultiple";
  // Its older form has three arguments.
  const fields = Array.isArray(given) ? { names: given, message, async: isAsync } : given;
  const options = readOptions(caller, fields, ["names", "message", "async"] as const, '{ names: ["a"], message: "…" }');
  const whole = { message: readMessage(caller, options.message), title: undefined, level: "info", link: undefined };
  return await sendToAll(caller, readNames(caller, options.names), whole, options.async === true);
}

function setConfigs(configs: unknown): void {
  backends = readBackends(configs);
}

function setContext(given: unknown): void {
  if (!isFields(given)) throw new TypeError("notify: the context must be an object");
  context = given;
}

/** Fields that are empty leave what there was. */
function updateContext(given: unknown): void {
  if (!isFields(given)) throw new TypeError("notify.updateContext: takes an object");
  const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== "";
  context = { ...context, ...Object.fromEntries(Object.entries(given).filter(([, value]) => isGiven(value))) };
}

function configure(given: unknown): void {
  const known = ["backends", "context"] as const;
  const { backends: configs, context: fields } = readOptions("notify.configure", given, known, "{ backends: {…} }");
  if (configs !== undefined && configs !== null) setConfigs(configs);
  if (fields !== undefined && fields !== null) setContext(fields);
}

export function installNotify(): void {
  defineGlobal("notify", {
    send,
    sendMultiple,
    configure,
    setConfigs,
    setContext,
    updateContext,
    updateStatus: (status: unknown) => updateContext({ status }),
    updateJobName: (jobName: unknown) => updateContext({ jobName }),
  });
}
