// Whether a host call has the shape its kind demands. A script can tamper with whatever the guest's own checks use
// (`Object.prototype.toJSON`, `Array.prototype.map`), so the side that it cannot reach checks again.

import { type DeclaredJob, isJobEnd, isJobName, maxJobMessage, maxJobs } from "../../core/job.ts";
import { checkEventType, maxEventDataBytes } from "../../core/event.ts";
import { isLink, isTargetName, maxNotification, notificationLevels } from "../../core/notification.ts";
import { isLockLimit } from "../../core/lock.ts";
import { isNewsName, maxNewsText } from "../../core/news-name.ts";
import { isResourceVersion, maxVersions } from "../../core/resource-version.ts";
import type { CallKind } from "../protocol.ts";

type Fields = Readonly<Record<string, unknown>>;

const maxNameLength = 512;
const isText = (value: unknown): value is string => typeof value === "string";
const isOptionalText = (value: unknown, maxLength = Number.POSITIVE_INFINITY): boolean =>
  value === undefined || (isText(value) && value.length <= maxLength);
const isOptionalTime = (value: unknown): boolean => value === undefined || isText(value) || isNumber(value);
const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isAbsolute = (value: unknown): boolean => isText(value) && value.startsWith("/");
const isTextMap = (value: unknown): boolean => isFields(value) && Object.values(value).every(isText);

const isSecret = (value: unknown): boolean =>
  isFields(value) && isText(value["secret"]) && isOptionalText(value["prefix"]);

function isTextOrSecret(value: unknown): boolean {
  if (isText(value) || isSecret(value)) return true;
  const parts = isFields(value) ? value["parts"] : undefined;
  return Array.isArray(parts) && parts.every((part) => isText(part) || isSecret(part));
}

const isTextOrSecretMap = (value: unknown): boolean => isFields(value) && Object.values(value).every(isTextOrSecret);

function isCommand(command: unknown): boolean {
  if (isText(command)) return true;
  return (
    isFields(command) &&
    isText(command["path"]) &&
    Array.isArray(command["args"]) &&
    command["args"].every(isTextOrSecret)
  );
}

function isMounts(mounts: unknown): boolean {
  if (mounts === undefined) return true;
  const isMount = (mount: unknown): boolean =>
    isFields(mount) &&
    isText(mount["target"]) &&
    isAbsolute(mount["source"]) &&
    typeof mount["readOnly"] === "boolean" &&
    (mount["move"] === undefined || mount["move"] === true);
  return Array.isArray(mounts) && mounts.every(isMount);
}

/** Where a step runs: absent, as a process. */
function isPlace(place: unknown): boolean {
  if (place === undefined) return true;
  if (!isFields(place) || !isOptionalText(place["user"])) return false;
  const { type, image, pull, privileged, cpu, memory, sandbox } = place;
  if (type === "inside") return isText(sandbox);
  return (
    (type === "own" || type === "open") &&
    isText(image) &&
    ["always", "missing", "never"].some((policy) => policy === pull) &&
    typeof privileged === "boolean" &&
    (cpu === undefined || (isNumber(cpu) && cpu >= 0)) &&
    (memory === undefined || isText(memory) || isNumber(memory))
  );
}

/** What they mean is the host's to read. */
function isRepeatable({ retry, onInterrupt }: Fields): boolean {
  const isRetry = retry === undefined || isNumber(retry) || isFields(retry);
  return isRetry && (onInterrupt === undefined || onInterrupt === "fail" || onInterrupt === "retry");
}

function isJobs(jobs: unknown): jobs is readonly DeclaredJob[] {
  const isJob = (job: unknown): boolean => isFields(job) && isJobName(job["name"]) && isTextList(job["needs"]);
  return Array.isArray(jobs) && jobs.length <= maxJobs && jobs.every(isJob);
}

const shapes: Readonly<Record<CallKind, (args: Fields, name: string) => boolean>> = {
  step: (args) =>
    isCommand(args["command"]) &&
    isTextOrSecretMap(args["env"]) &&
    isOptionalText(args["workDir"]) &&
    (args["stdin"] === undefined || isTextOrSecret(args["stdin"])) &&
    isMounts(args["mounts"]) &&
    isPlace(args["container"]) &&
    typeof args["output"] === "boolean" &&
    isRepeatable(args),
  timer: (args) => isNumber(args["delayMs"]) || isNumber(args["until"]) || args["duration"] !== undefined,
  clear_timer: (args) => isNumber(args["call"]),
  abort: (args) => isNumber(args["call"]),
  respond: (args) =>
    Number.isInteger(args["status"]) &&
    Number(args["status"]) >= 200 &&
    Number(args["status"]) <= 599 &&
    isTextMap(args["headers"]) &&
    isText(args["body"]),
  storage: (args, name) =>
    name === "list"
      ? isText(args["prefix"])
      : ["get", "set", "delete"].includes(name) &&
        isText(args["key"]) &&
        (name !== "set" || args["value"] !== undefined),
  dedupe: (args) => isText(args["expression"]) && args["value"] !== undefined,
  hmac: (args) => isText(args["algorithm"]) && isText(args["secret"]) && isText(args["message"]),
  fetch: (args) =>
    isTextOrSecret(args["url"]) &&
    isText(args["method"]) &&
    isFields(args["headers"]) &&
    Object.values(args["headers"]).every(isTextOrSecret) &&
    isOptionalText(args["body"]) &&
    isOptionalText(args["bytes"]) &&
    ["follow", "manual", "error"].some((redirect) => redirect === args["redirect"]) &&
    isRepeatable(args),
  volume: (args, name) =>
    name === "volumes.create"
      ? isText(args["name"]) !== isText(args["cache"]) && isOptionalText(args["cache"], 512)
      : name === "volumes.readFiles" && isText(args["volume"]) && isTextList(args["paths"]),
  artifact: (args) =>
    isText(args["name"]) &&
    (isText(args["text"])
      ? args["path"] === undefined && args["volume"] === undefined
      : isText(args["path"]) && isOptionalText(args["volume"])),
  sandbox: (args, name) => name === "sandbox.close" && isText(args["sandbox"]),
  block: (args) => isNumber(args["attempts"]),
  block_note: (args) =>
    isNumber(args["block"]) &&
    (args["delayMs"] === undefined || (isNumber(args["delayMs"]) && args["delayMs"] >= 0 && isText(args["reason"]))),
  block_end: (args) =>
    isNumber(args["block"]) &&
    (args["status"] === "succeeded" ||
      ((args["status"] === "failed" || args["status"] === "cancelled") && isText(args["reason"]))),
  approval: (args, name) =>
    isNewsName(name) &&
    isOptionalText(args["message"], maxNewsText) &&
    isOptionalTime(args["timeout"]) &&
    ["deny", "approve", "fail"].some((outcome) => outcome === args["onTimeout"]),
  signal: (args, name) => isNewsName(name) && isOptionalTime(args["timeout"]),
  lock: (args, name) => isNewsName(name) && isLockLimit(args["limit"]),
  set_pipeline: (args) =>
    isText(args["source"]) &&
    isFields(args["vars"]) &&
    (args["instanceVars"] === undefined || isFields(args["instanceVars"])),
  unlock: (_, name) => isNewsName(name),
  child: (args) => isFields(args["params"]) && isTextList(args["args"]) && typeof args["wait"] === "boolean",
  resource: isResourceCall,
  event: (args, name) =>
    checkEventType(name) === null &&
    isFields(args["data"]) &&
    Buffer.byteLength(JSON.stringify(args["data"])) <= maxEventDataBytes,
  notify: (args, name) =>
    isTargetName(name) &&
    isText(args["message"]) &&
    args["message"].length <= maxNotification.message &&
    isOptionalText(args["title"], maxNotification.title) &&
    (args["link"] === undefined || (isText(args["link"]) && isLink(args["link"]))) &&
    notificationLevels.some((level) => level === args["level"]),
  var: (args) => isTextList(args["names"]),
  job: (args, name) => {
    if (name === "jobs.declare") return isJobs(args["jobs"]);
    if (name === "jobs.begin") return isJobName(args["name"]);
    return (
      name === "jobs.end" &&
      isJobName(args["name"]) &&
      isJobEnd(args["status"]) &&
      isOptionalText(args["message"], maxJobMessage)
    );
  },
};

const isVersions = (value: unknown): boolean =>
  Array.isArray(value) && value.length <= maxVersions && value.every(isResourceVersion);
const isResourceName = (value: unknown): boolean => isText(value) && value.length > 0 && value.length <= 200;
const isScope = (value: unknown): boolean => isText(value) && value.length <= 1024 * 1024;

function isResourceCall({ type, resource, scope, job, jobs, version, versions, from, passed }: Fields): boolean {
  if (type === "newest") return isResourceName(resource) && isScope(scope);
  if (type === "found") {
    const isSince = from === undefined || from === null || isResourceVersion(from);
    return isSince && isResourceName(resource) && isScope(scope) && isVersions(versions);
  }
  if (type === "take") {
    return isResourceName(resource) && isScope(scope) && isResourceVersion(version) && isTextList(jobs);
  }
  if (type === "choose") {
    const isMode = version === "latest" || version === "every";
    return isMode && isResourceName(resource) && isScope(scope) && isResourceName(job) && isTextList(passed);
  }
  const isUse = (use: unknown): boolean =>
    isFields(use) && isResourceName(use["resource"]) && isScope(use["scope"]) && isResourceVersion(use["version"]);
  return type === "passed" && isResourceName(job) && Array.isArray(versions) && versions.every(isUse);
}

/** A call as the guest made it, unchecked. */
export interface RawCall {
  readonly kind: unknown;
  readonly name: unknown;
  readonly args: unknown;
}

/** @throws {TypeError} when the call could not have been made by an untampered guest. */
export function checkCall({ kind, name, args }: RawCall): void {
  const known = isText(kind) && Object.hasOwn(shapes, kind) ? shapes[kind as CallKind] : undefined;
  if (known !== undefined && isText(name) && name.length <= maxNameLength && isFields(args) && known(args, name))
    return;
  throw new TypeError(`the host call ${JSON.stringify(kind)} is malformed`);
}
