// What git is asked for a resource of type git, and what its answers say; also where resources are checked outside of runs.

import type { Version } from "../../plan.ts";
import type { Filled } from "../../var-text.ts";
import type { TextValue } from "../script-globals.ts";
import { checkGitBranch, checkGitUri } from "./check-git-text.ts";
import { type Fields, readSecretText, readText, refuseUnknown } from "./fields.ts";
import { checkGitConfigName } from "./git-config.ts";
import { knownParams } from "./known-params.ts";
import { checkScript, getScript, putScript } from "./git-scripts.ts";

/** A process of this machine, to be run by `sh -c`. */
export interface GitCommand {
  readonly command: string;
  readonly env: Readonly<Record<string, TextValue>>;
}

export interface GitPush {
  /** Of the repository in the artifact; its first part is the artifact. */
  readonly repository: string;
  readonly branch: string | null;
  readonly tag: string | null;
  readonly annotation: string | null;
}

/** A check that is behind by more has the newest of them. */
const mostVersions = 1000;
const commitPattern = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** @throws Error where the source or the version is nothing that git may be given. */
export function gitCheck(source: Fields, from: Version | null): GitCommand {
  const filter = readText(source, "tag_filter");
  const regex = readText(source, "tag_regex");
  if (filter !== "" && regex !== "") throw new Error("source.tag_filter and source.tag_regex exclude each other");
  const paths = readTexts(source, "paths");
  const ignored = readTexts(source, "ignore_paths").map((path) => `:(exclude)${path}`);
  const all = ignored.length > 0 && paths.length === 0 ? ["."] : paths;
  return {
    command: checkScript,
    env: {
      ...readAccess(source),
      RUNNER_GIT_FROM: from === null ? "" : readRef(from),
      RUNNER_GIT_TAG_FILTER: filter,
      RUNNER_GIT_TAG_REGEX: regex,
      RUNNER_GIT_PATHS: [...all, ...ignored].join("\n"),
      RUNNER_GIT_CI_SKIP: source["disable_ci_skip"] === true ? "no" : "yes",
      RUNNER_GIT_MOST: String(mostVersions),
    },
  };
}

/** Oldest first. */
export function parseGitCheck(stdout: string): readonly Version[] {
  return stdout.split("\n").flatMap((line) => {
    const [ref = "", commit] = line.split(" ");
    if (ref === "") return [];
    return [commit === undefined ? { ref } : { ref, commit }];
  });
}

/** The folder is mounted as `folder`. @throws Error as `gitCheck`. */
export function gitGet(source: Fields, version: Version, params: Fields): GitCommand {
  refuseUnknown("params", params, knownParams.git.get);
  const ref = readRef(version);
  const commit = version["commit"] ?? "";
  if (commit !== "" && !commitPattern.test(commit)) throw new Error(`version.commit is no commit: ${quote(commit)}`);
  const branches = readTexts(params, "fetch");
  for (const name of branches) refuse("params.fetch", name, checkGitBranch(name));
  const submodules = params["submodules"] ?? "all";
  const isAll = submodules === "all" || submodules === "none";
  const hasTags = [params["fetch_tags"], source["fetch_tags"]].find((each) => each !== undefined) === true;
  const isTag = readText(source, "tag_filter") + readText(source, "tag_regex") !== "";
  const flags = [
    params["submodule_recursive"] === false ? "" : "--recursive",
    params["submodule_remote"] === true ? "--remote" : "",
  ];
  return {
    command: getScript,
    env: {
      ...readAccess(source, version["branch"]),
      RUNNER_GIT_REF: ref,
      RUNNER_GIT_COMMIT: commit,
      RUNNER_GIT_DEPTH: readDepth(params["depth"]),
      RUNNER_GIT_TAGS: hasTags || isTag ? "yes" : "no",
      RUNNER_GIT_FETCH: branches.join(" "),
      RUNNER_GIT_SUBMODULES: submodules === "none" ? "no" : "yes",
      RUNNER_GIT_SUBMODULE_PATHS: isAll ? "" : readTexts(params, "submodules").join("\n"),
      RUNNER_GIT_SUBMODULE_FLAGS: flags.join(" ").trim(),
      RUNNER_GIT_CLEAN_TAGS: params["clean_tags"] === true ? "yes" : "no",
      RUNNER_GIT_SHORT_REF: (readText(params, "short_ref_format") || "%s").replaceAll("%s", () => ref.slice(0, 7)),
    },
  };
}

/** The artifact is mounted at `inputs/ARTIFACT`. @throws Error as `gitCheck`. */
export function gitPut(source: Fields, params: Fields, push: GitPush): GitCommand {
  const { repository, branch, tag, annotation } = push;
  const isOnlyTag = params["only_tag"] === true;
  const access = readAccess(source, branch ?? undefined);
  if (access["RUNNER_GIT_BRANCH"] === "" && !isOnlyTag) {
    throw new Error("source.branch is missing: it is needed to push");
  }
  if (tag !== null) refuse("the name of the tag", tag, checkGitBranch(tag));
  return {
    command: putScript,
    env: {
      ...access,
      RUNNER_GIT_REPOSITORY: repository,
      RUNNER_GIT_ARTIFACT: repository.split("/")[0] ?? "",
      RUNNER_GIT_TAG: tag ?? "",
      RUNNER_GIT_ANNOTATED: annotation === null ? "no" : "yes",
      RUNNER_GIT_ANNOTATION: annotation ?? "",
      RUNNER_GIT_FORCE: params["force"] === true ? "yes" : "no",
      RUNNER_GIT_ONLY_TAG: isOnlyTag ? "yes" : "no",
      RUNNER_GIT_JOIN: readJoin(params),
      RUNNER_GIT_UNMERGED: readReturning(params) === "unmerged" ? "yes" : "no",
    },
  };
}

/** How what others have pushed comes in. */
function readJoin(params: Fields): "rebase" | "merge" | "" {
  const { rebase, merge } = params;
  if (rebase === true && merge === true) throw new Error("params.rebase and params.merge exclude each other");
  return rebase === true ? "rebase" : merge === true ? "merge" : "";
}

function readReturning(params: Fields): string {
  const returning = readText(params, "returning") || "merged";
  if (returning === "merged" || returning === "unmerged") return returning;
  throw new Error(`params.returning must be merged or unmerged, not ${quote(returning)}`);
}

/** The repository and what opens it; the texts are checked again, since vars may have come into them. */
function readAccess(source: Fields, branch?: string): Readonly<Record<string, TextValue>> {
  const uri = source["uri"] ?? "";
  if (typeof uri === "string") refuse("source.uri", withoutPassword(uri), checkGitUri(uri));
  const name = branch ?? readText(source, "branch");
  if (name !== "") refuse("the branch", name, checkGitBranch(name));
  return {
    RUNNER_GIT_URI: readSecretText(source, "uri"),
    RUNNER_GIT_BRANCH: name,
    RUNNER_GIT_USERNAME: readSecretText(source, "username"),
    RUNNER_GIT_PASSWORD: readSecretText(source, "password"),
    RUNNER_GIT_KEY: readSecretText(source, "private_key"),
    ...(source["skip_ssl_verification"] === true ? { GIT_SSL_NO_VERIFY: "true" } : {}),
    ...readConfig(source["git_config"] ?? []),
  };
}

function readConfig(list: Filled): Readonly<Record<string, TextValue>> {
  if (!Array.isArray(list)) throw new Error("source.git_config is no list");
  const env: Record<string, TextValue> = { GIT_CONFIG_COUNT: String(list.length) };
  for (const [index, each] of (list as readonly Fields[]).entries()) {
    const name = readText(each, "name");
    refuse(`source.git_config[${index}]`, name, checkGitConfigName(name));
    env[`GIT_CONFIG_KEY_${index}`] = name;
    env[`GIT_CONFIG_VALUE_${index}`] = readSecretText(each, "value");
  }
  return env;
}

function readRef({ ref = "" }: Version): string {
  refuse("version.ref", ref, checkGitBranch(ref));
  return ref;
}

function readDepth(depth: Filled | undefined): string {
  if (depth === undefined || depth === null || depth === 0) return "";
  const count = Number(depth);
  if (Number.isSafeInteger(count) && count > 0) return String(count);
  throw new Error(`params.depth must be a number from 1 on, not ${JSON.stringify(depth)}`);
}

function readTexts(fields: Fields, name: string): readonly string[] {
  const values = fields[name] ?? [];
  const isList = Array.isArray(values) && values.every((each) => typeof each === "string" && !each.includes("\n"));
  if (isList) return values as readonly string[];
  throw new Error(`${name} must be a list of texts`);
}

function refuse(what: string, value: string, wrong: string | null): void {
  if (wrong !== null) throw new Error(`${what} ${wrong}: ${quote(value)}`);
}

function withoutPassword(uri: string): string {
  return uri.replace(/\/\/[^/@]*@/, "//");
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
