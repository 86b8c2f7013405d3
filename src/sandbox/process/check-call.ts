// Whether a host call has the shape its kind demands. A script can tamper with whatever the guest's own checks use
// (`Object.prototype.toJSON`, `Array.prototype.map`), so the side that it cannot reach checks again.

import type { CallKind } from "../protocol.ts";

type Fields = Readonly<Record<string, unknown>>;

const maxNameLength = 512;
const isText = (value: unknown): value is string => typeof value === "string";
const isOptionalText = (value: unknown): boolean => value === undefined || isText(value);
const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isTextMap = (value: unknown): boolean => isFields(value) && Object.values(value).every(isText);

function isCommand(command: unknown): boolean {
  if (isText(command)) return true;
  return (
    isFields(command) && isText(command["path"]) && Array.isArray(command["args"]) && command["args"].every(isText)
  );
}

const shapes: Readonly<Record<CallKind, (args: Fields, name: string) => boolean>> = {
  step: (args) =>
    isCommand(args["command"]) &&
    isTextMap(args["env"]) &&
    isOptionalText(args["workDir"]) &&
    isOptionalText(args["stdin"]) &&
    typeof args["output"] === "boolean",
  timer: (args) => isNumber(args["delayMs"]) || args["duration"] !== undefined,
  clear_timer: (args) => isNumber(args["call"]),
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
  hmac: (args) => isText(args["algorithm"]) && isText(args["secret"]) && isText(args["message"]),
  fetch: (args) =>
    isText(args["url"]) && isText(args["method"]) && isTextMap(args["headers"]) && isOptionalText(args["body"]),
  volume: (args, name) =>
    name === "volumes.create"
      ? isOptionalText(args["name"])
      : name === "volumes.readFiles" && isText(args["volume"]) && isTextList(args["paths"]),
  artifact: (args) => isText(args["name"]) && (isText(args["text"]) || isText(args["path"])),
};

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
