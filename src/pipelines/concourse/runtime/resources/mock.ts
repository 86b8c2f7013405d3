// Resources of type mock, as https://github.com/concourse/mock-resource: versions and files that the pipeline itself names.

import { parseDuration } from "../../../../core/duration.ts";
import type { Version } from "../../plan.ts";
import type { TextValue } from "../script-globals.ts";
import { type Filled, isSecret } from "../../var-text.ts";
import { type Fields, readSecretText, readText, refuseUnknown } from "./fields.ts";
import { finish } from "./finish.ts";
import { knownParams } from "./known-params.ts";
import { readInput } from "./read-input.ts";
import type { ResourceContext, ResourceType } from "./resource-type.ts";

/** The texts of MOCK_TEXT_0 … into the files MOCK_PATH_0 … */
const writeFiles = `set -eu
cd folder
at=0
while [ "$at" -lt "$MOCK_FILES" ]; do
  eval "path=\\$MOCK_PATH_$at text=\\$MOCK_TEXT_$at"
  case $path in */*) mkdir -p -- "\${path%/*}" ;; esac
  printf '%s' "$text" >"$path"
  at=$((at + 1))
done
printf '%s' "$MOCK_LOG"`;

export const mock: ResourceType = {
  check: async (context, from) => {
    const { source, run } = context;
    const delay = readText(source, "check_delay");
    if (delay !== "") {
      await finish(run({ command: { path: "sleep", args: [String(parseDuration(delay) / 1000)] } }));
    }
    await log(context);
    const failure = readText(source, "check_failure");
    if (failure !== "") throw new Error(failure);
    const forced = readText(source, "force_version");
    if (forced !== "") return [{ version: forced }];
    if (from !== null) return [from];
    if (source["no_initial_version"] === true) return [];
    return [{ version: readText(source, "initial_version") || "mock" }];
  },

  get: async ({ source, run }, version, params, folder) => {
    refuseUnknown("params", params, knownParams.mock.get);
    const files = {
      version: `${version["version"] ?? ""}\n`,
      privileged: "false\n",
      ...readFiles(source, "create_files"),
      ...readFiles(params, "create_files_via_params"),
    };
    const env: Record<string, TextValue> = {
      MOCK_FILES: String(Object.keys(files).length),
      MOCK_LOG: readSecretText(source, "log"),
    };
    for (const [at, [path, text]] of Object.entries(files).entries()) {
      env[`MOCK_PATH_${at}`] = path;
      env[`MOCK_TEXT_${at}`] = text;
    }
    await finish(run({ command: writeFiles, env, mounts: { folder } }));
  },

  put: async (context, params, inputs) => {
    refuseUnknown("params", params, knownParams.mock.put);
    await log(context);
    if (params["print_env"] === true) await finish(context.run({ command: { path: "env" } }));
    const read = await readInput(params["file"], inputs);
    const version: Version = { version: read === null ? readText(params, "version") : read.trim() };
    return { version };
  },
};

async function log({ source, run }: ResourceContext): Promise<void> {
  const text = readSecretText(source, "log");
  if (text === "") return;
  await finish(run({ command: `printf '%s\\n' "$MOCK_LOG"`, env: { MOCK_LOG: text } }));
}

function readFiles(fields: Fields, name: string): Readonly<Record<string, TextValue>> {
  const files: Filled = fields[name] ?? {};
  if (typeof files !== "object" || Array.isArray(files)) throw new Error(`${name} must be an object`);
  return Object.fromEntries(
    Object.keys(files).map((path) => {
      if (!isInside(path)) throw new Error(`${name} ${JSON.stringify(path)} must be a path in the folder`);
      return [path, readContents(files as Fields, path)];
    }),
  );
}

/** Anything but a text is written as JSON. */
function readContents(files: Fields, path: string): TextValue {
  const value = files[path] ?? null;
  const isText = typeof value !== "object" || isSecret(value);
  return isText ? readSecretText(files, path) : JSON.stringify(value);
}

function isInside(path: string): boolean {
  return path !== "" && !path.startsWith("/") && !path.split("/").includes("..");
}
