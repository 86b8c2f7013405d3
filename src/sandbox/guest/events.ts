// `events.emit`: what a script announces to whoever follows or subscribes.

import { checkEventType, maxEventDataBytes } from "../../core/event.ts";
import { call } from "./calls.ts";
import { defineGlobal, parseJson, stringifyJson } from "./host.ts";
import { findNoJson } from "./no-json.ts";
import { utf8Length } from "./text-encoding.ts";

const caller = "events.emit";

async function emit(type: unknown, data: unknown = {}): Promise<unknown> {
  const problem = typeof type === "string" ? checkEventType(type) : "must be a text";
  if (problem !== null) throw new TypeError(`${caller}: the type ${problem}`);
  return await call("event", type as string, { data: readData(data) });
}

/** As it is read from JSON again, so that what is looked at is what is sent. */
function readData(data: unknown): object {
  const noJson = findNoJson(data);
  if (noJson !== null) throw new TypeError(`${caller}: the data: ${noJson}`);
  const text = stringifyJson(data) as string | undefined;
  const value = text === undefined ? null : (parseJson(text) as unknown);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(
      `${caller}: the data must be an object like { host: "nas" }, not ${(text ?? typeof data).slice(0, 80)}`,
    );
  }
  const bytes = utf8Length(text ?? "");
  if (bytes <= maxEventDataBytes) return value;
  throw new TypeError(
    `${caller}: the data has ${bytes} bytes as JSON; at most ${maxEventDataBytes} are taken: keep it as an artifact and name that`,
  );
}

export function installEvents(): void {
  defineGlobal("events", { emit });
}
