// `locks`: what only so many runs of the pipeline may have at one time.

import { isLockLimit, maxLockHolders } from "../../core/lock.ts";
import { isNewsName } from "../../core/news-name.ts";
import { call } from "./calls.ts";
import { defineGlobal, stringifyJson } from "./host.ts";
import { readJobOption } from "./jobs.ts";
import { readOptions } from "./known-options.ts";

async function take(name: unknown, given: unknown = {}): Promise<void> {
  const caller = "locks.take";
  const checked = checkName(caller, name);
  const { limit = 1, job } = readOptions(caller, given ?? {}, ["limit", "job"], "{ limit: 2 }");
  if (!isLockLimit(limit)) {
    const found = stringifyJson(limit) ?? typeof limit;
    throw new TypeError(`${caller}: limit must be a whole number from 1 to ${maxLockHolders}, not ${found}`);
  }
  await call("lock", checked, { limit, job: readJobOption(caller, job) });
}

async function release(name: unknown): Promise<void> {
  await call("unlock", checkName("locks.release", name), {});
}

function checkName(caller: string, name: unknown): string {
  if (typeof name === "string" && isNewsName(name)) return name;
  throw new TypeError(`${caller}: takes a name of 1 to 100 characters, as ${caller}("deploy")`);
}

export function installLocks(): void {
  defineGlobal("locks", { take, release });
}
