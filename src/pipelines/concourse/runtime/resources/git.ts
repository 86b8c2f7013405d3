// Resources of type git, as https://github.com/concourse/git-resource: a version is a commit, or a tag and its commit.

import { pick } from "../../pick.ts";
import type { Folder } from "../script-globals.ts";
import { readText, refuseUnknown } from "./fields.ts";
import { finish } from "./finish.ts";
import { type GitCommand, gitCheck, gitGet, gitPut, parseGitCheck } from "./git-commands.ts";
import { knownParams } from "./known-params.ts";
import { normalizePath, readInput } from "./read-input.ts";
import type { ResourceContext, ResourceType } from "./resource-type.ts";

type Mounts = Readonly<Record<string, Folder>>;

export const git: ResourceType = {
  check: async (context, from) => parseGitCheck(await runGit(context, gitCheck(context.source, from))),

  get: async (context, version, params, folder) => {
    await runGit(context, gitGet(context.source, version, params), { folder });
  },

  put: async (context, params, inputs) => {
    refuseUnknown("params", params, knownParams.git.put);
    const repository = normalizePath(readText(params, "repository"));
    if (repository === "") throw new Error("params.repository is missing: the folder that is pushed");
    const artifact = repository.split("/")[0] ?? "";
    const volume = pick(inputs, artifact);
    if (volume === undefined) throw new Error(`params.repository: there is no artifact ${JSON.stringify(artifact)}`);
    const branch = readText(params, "branch");
    const name = await readInput(params["tag"], inputs);
    const push = {
      repository,
      branch: branch === "" ? null : branch,
      tag: name === null ? null : `${readText(params, "tag_prefix")}${name.trim()}`,
      annotation: await readInput(params["annotate"], inputs),
    };
    const stdout = await runGit(context, gitPut(context.source, params, push), { [`inputs/${artifact}`]: volume });
    const ref = stdout.trim();
    return { version: push.branch === null ? { ref } : { branch: push.branch, ref } };
  },
};

async function runGit({ run }: ResourceContext, { command, env }: GitCommand, mounts: Mounts = {}): Promise<string> {
  return await finish(run({ command, env, mounts }));
}
