// `signal.wait`: the run waits until somebody sends it a value by this name.

import { isNewsName } from "../../core/news-name.ts";
import { call } from "./calls.ts";
import { defineGlobal } from "./host.ts";
import { readJobOption } from "./jobs.ts";
import { readOptions, readTimeout } from "./known-options.ts";

const caller = "signal.wait";

async function wait(name: unknown, given: unknown = {}): Promise<unknown> {
  if (typeof name !== "string" || !isNewsName(name)) {
    throw new TypeError(`${caller}: takes a name of 1 to 100 characters, as signal.wait("ready", { timeout: "2h" })`);
  }
  const { timeout, job } = readOptions(caller, given ?? {}, ["timeout", "job"], '{ timeout: "2h" }');
  return await call("signal", name, { timeout: readTimeout(caller, timeout), job: readJobOption(caller, job) });
}

export function installSignal(): void {
  defineGlobal("signal", { wait });
}
