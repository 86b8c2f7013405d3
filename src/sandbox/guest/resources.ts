// `resources`: the versions of resources that a pipeline follows, such as the commits of a repository.

import { isResourceVersion, maxVersions, type ResourceVersion } from "../../core/resource-version.ts";
import { call } from "./calls.ts";
import { defineGlobal, stringifyJson } from "./host.ts";
import { readOptions } from "./known-options.ts";

function readName(caller: string, field: string, value: unknown): string {
  if (typeof value === "string" && value !== "" && value.length <= 200) return value;
  throw new TypeError(
    `${caller}: ${field} must be a text of 1 to 200 characters, not ${stringifyJson(value) ?? typeof value}`,
  );
}

/** What the resource is: where that changes, its versions begin afresh. */
function readScope(caller: string, value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  throw new TypeError(`${caller}: scope must be a text, not ${typeof value}`);
}

function readVersion(caller: string, value: unknown): ResourceVersion {
  if (isResourceVersion(value)) return value;
  throw new TypeError(
    `${caller}: a version has texts by name, as { ref: "61cbef" }, not ${stringifyJson(value) ?? typeof value}`,
  );
}

async function found(resource: unknown, versions: unknown, given: unknown = {}): Promise<void> {
  const caller = "resources.found";
  const { scope, from } = readOptions(
    caller,
    given ?? {},
    ["scope", "from"],
    '{ scope: "git https://example.org/repo" }',
  );
  if (!Array.isArray(versions)) throw new TypeError(`${caller}: takes a list of versions, the oldest first`);
  // The newest are what counts.
  const kept = versions.slice(-maxVersions).map((version) => readVersion(caller, version));
  const name = readName(caller, "the resource", resource);
  const since = from === undefined || from === null ? from : readVersion(caller, from);
  const what = { resource: name, scope: readScope(caller, scope) };
  await call("resource", caller, { type: "found", ...what, versions: kept, from: since });
}

async function newest(resource: unknown, given: unknown = {}): Promise<unknown> {
  const caller = "resources.newest";
  const { scope } = readOptions(caller, given ?? {}, ["scope"], '{ scope: "git https://example.org/repo" }');
  const what = { resource: readName(caller, "the resource", resource), scope: readScope(caller, scope) };
  return await call("resource", caller, { type: "newest", ...what });
}

async function take(resource: unknown, version: unknown, given: unknown): Promise<void> {
  const caller = "resources.take";
  const { scope, jobs } = readOptions(caller, given, ["scope", "jobs"], '{ jobs: ["build"] }');
  if (!Array.isArray(jobs)) throw new TypeError(`${caller}: jobs must be a list of jobs`);
  const what = { resource: readName(caller, "the resource", resource), scope: readScope(caller, scope) };
  const names = jobs.map((job) => readName(caller, "jobs", job));
  await call("resource", caller, { type: "take", ...what, version: readVersion(caller, version), jobs: names });
}

const chooseFields = ["resource", "scope", "job", "version", "passed"] as const;

async function choose(given: unknown): Promise<unknown> {
  const caller = "resources.choose";
  const options = readOptions(caller, given, chooseFields, '{ resource: "repo", job: "build" }');
  const { version = "latest", passed = [] } = options;
  if (version !== "latest" && version !== "every") {
    throw new TypeError(
      `${caller}: version must be "latest" or "every", not ${stringifyJson(version) ?? typeof version}`,
    );
  }
  if (!Array.isArray(passed)) throw new TypeError(`${caller}: passed must be a list of jobs`);
  return await call("resource", caller, {
    type: "choose",
    resource: readName(caller, "resource", options.resource),
    scope: readScope(caller, options.scope),
    job: readName(caller, "job", options.job),
    version,
    passed: passed.map((job) => readName(caller, "passed", job)),
  });
}

async function passed(job: unknown, versions: unknown): Promise<void> {
  const caller = "resources.passed";
  if (!Array.isArray(versions)) throw new TypeError(`${caller}: takes a list of { resource, version }`);
  const used = versions.map((each: unknown) => {
    const { resource, scope, version } = readOptions(
      caller,
      each,
      ["resource", "scope", "version"],
      '{ resource: "repo", version }',
    );
    return {
      resource: readName(caller, "resource", resource),
      scope: readScope(caller, scope),
      version: readVersion(caller, version),
    };
  });
  await call("resource", caller, { type: "passed", job: readName(caller, "the job", job), versions: used });
}

export function installResources(): void {
  defineGlobal("resources", { found, newest, choose, take, passed });
}
