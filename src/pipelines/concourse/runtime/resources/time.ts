// Resources of type time, as https://github.com/concourse/time-resource. Whether it is time is found out where runs begin
// (time-check.ts), since scripts know no time zones; in a run a version is the time now.

import { refuseUnknown } from "./fields.ts";
import type { ResourceType } from "./resource-type.ts";
import { knownParams } from "./known-params.ts";
import { finish } from "./finish.ts";

export const time: ResourceType = {
  check: async ({ now }, from) => {
    const version = { time: new Date(now()).toISOString() };
    return from === null ? [version] : [from, version];
  },

  get: async ({ run, source }, version, params, folder) => {
    refuseUnknown("params", params, knownParams.time.get);
    const stdin = `${JSON.stringify({ source, version })}\n`;
    await finish(run({ command: "cat >folder/input", stdin, mounts: { folder } }));
  },

  put: async ({ now }, params) => {
    refuseUnknown("params", params, knownParams.time.put);
    return { version: { time: new Date(now()).toISOString() } };
  },
};
