// Resources of type time, as https://github.com/concourse/time-resource. Whether it is time is found out where runs begin
// (time-check.ts), since scripts know no time zones; in a run a version is the time now.

import { refuseUnknown } from "./fields.ts";
import type { ResourceType } from "./resource-type.ts";
import { knownParams } from "./known-params.ts";
import { finish } from "./finish.ts";

const writeFiles = `set -eu
cat >folder/input
printf '%s' "$TIME_TIMESTAMP" >folder/timestamp
printf '%s' "$TIME_EPOCH" >folder/epoch`;

/** As the original writes it: "2026-01-02 03:04:05.67 +0000 UTC", and seconds since the Unix epoch. */
function describeTime(text: string): Readonly<Record<string, string>> {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new Error(`version.time is no time: ${JSON.stringify(text)}`);
  const shown = new Date(ms)
    .toISOString()
    .replace("T", " ")
    .replace(/\.?0*Z$/, "");
  return { TIME_TIMESTAMP: `${shown} +0000 UTC`, TIME_EPOCH: String(Math.floor(ms / 1000)) };
}

export const time: ResourceType = {
  check: async ({ now }, from) => {
    const version = { time: new Date(now()).toISOString() };
    return from === null ? [version] : [from, version];
  },

  get: async ({ run, source }, version, params, folder) => {
    refuseUnknown("params", params, knownParams.time.get);
    const stdin = `${JSON.stringify({ source, version })}\n`;
    await finish(run({ command: writeFiles, env: describeTime(version["time"] ?? ""), stdin, mounts: { folder } }));
  },

  put: async ({ now }, params) => {
    refuseUnknown("params", params, knownParams.time.put);
    return { version: { time: new Date(now()).toISOString() } };
  },
};
