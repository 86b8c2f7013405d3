// What git is asked, and how its answers are read, without git.

import { expect, test } from "bun:test";
import {
  gitCheck,
  gitGet,
  gitPut,
  parseGitCheck,
} from "../../../../../../src/pipelines/concourse/runtime/resources/git-commands.ts";
import { SecretParts, SecretValue } from "../../../../../../src/pipelines/concourse/var-text.ts";

test("the command is the same whatever the source is, and secrets stay references", () => {
  const source = {
    uri: new SecretParts(["https://a.example/", new SecretValue("secret:path")]),
    password: new SecretValue("secret:password"),
    git_config: [{ name: "http.extraHeader", value: new SecretValue("secret:header") }],
  };
  const plain = gitCheck({ uri: "/repo", branch: "$(id)x" }, null);
  const { command, env } = gitCheck(source, null);
  expect(command).toBe(plain.command);
  expect(command).not.toContain("$(id)");
  expect(env["RUNNER_GIT_URI"]).toEqual(source.uri);
  expect(env["RUNNER_GIT_PASSWORD"]).toEqual(source.password);
  expect(env).toMatchObject({ GIT_CONFIG_COUNT: "1", GIT_CONFIG_VALUE_0: { secret: "secret:header" } });
});

test("versions are read a line each", () => {
  expect(parseGitCheck("")).toEqual([]);
  expect(parseGitCheck("aaa\nbbb\n")).toEqual([{ ref: "aaa" }, { ref: "bbb" }]);
  expect(parseGitCheck("v1 aaa\n")).toEqual([{ ref: "v1", commit: "aaa" }]);
});

test("what git cannot be given is refused with its name", () => {
  const source = { uri: "/repo", branch: "main" };
  const push = { repository: "repo", branch: null, tag: null, annotation: null };
  expect(() => gitCheck({ ...source, branch: new SecretValue("secret:x") }, null)).toThrow("branch must be a text");
  expect(() => gitCheck({ ...source, tag_filter: "v*", tag_regex: "v.*" }, null)).toThrow("exclude each other");
  expect(() => gitCheck({ ...source, paths: ["a\nb"] }, null)).toThrow("paths must be a list of texts");
  expect(() => gitCheck(source, { ref: "-x" })).toThrow("version.ref");
  expect(() => gitGet(source, { ref: "v1", commit: "HEAD" }, {})).toThrow("version.commit");
  expect(() => gitGet(source, { ref: "v1" }, { depth: "1; id" })).toThrow("params.depth");
  expect(() => gitGet(source, { ref: "v1" }, { depth: -1 })).toThrow("params.depth");
  expect(() => gitGet(source, { ref: "v1" }, { dept: 1 })).toThrow('params "dept" not supported: known are depth,');
  expect(() => gitPut({ uri: "/repo" }, {}, push)).toThrow("source.branch is missing");
  expect(() => gitPut(source, {}, { ...push, tag: "-d" })).toThrow("the name of the tag");
});

test("what vars have brought into a source is held to the same as what stands in the file", () => {
  for (const uri of ["ext::sh -c id", "--upload-pack=id", "ssh://-oProxyCommand=id/x"]) {
    expect(() => gitCheck({ uri }, null)).toThrow("source.uri must");
  }
  expect(() => gitCheck({ uri: "/repo", branch: "--upload-pack=id" }, null)).toThrow("the branch must not begin");
  const config = [{ name: "core.sshCommand", value: "id" }];
  expect(() => gitCheck({ uri: "/repo", git_config: config }, null)).toThrow("source.git_config[0] is no setting");
  expect(() => gitCheck({ uri: "gopher://ada:swordfish@host/x" }, null)).toThrow(
    /^source.uri must be a path or begin with [a-z, ]+: "gopher:\/\/host\/x"$/,
  );
});

test("what is asked for is told by variables", () => {
  const source = { uri: "/repo", branch: "main", ignore_paths: ["docs"], skip_ssl_verification: true };
  expect(gitCheck(source, null).env).toMatchObject({
    RUNNER_GIT_PATHS: ".\n:(exclude)docs",
    RUNNER_GIT_CI_SKIP: "yes",
    GIT_SSL_NO_VERIFY: "true",
  });
  const only = gitCheck(
    { uri: "/repo", paths: ["src"], ignore_paths: ["docs"], disable_ci_skip: true },
    { ref: "abc" },
  );
  expect(only.env).toMatchObject({
    RUNNER_GIT_PATHS: "src\n:(exclude)docs",
    RUNNER_GIT_CI_SKIP: "no",
    RUNNER_GIT_FROM: "abc",
  });
  expect(only.env["GIT_SSL_NO_VERIFY"]).toBeUndefined();
  const get = (params: Parameters<typeof gitGet>[2], more = {}): object =>
    gitGet({ ...source, ...more }, { ref: "0123456789", branch: "topic" }, params).env;
  expect(get({})).toMatchObject({
    RUNNER_GIT_BRANCH: "topic",
    RUNNER_GIT_DEPTH: "",
    RUNNER_GIT_TAGS: "no",
    RUNNER_GIT_SUBMODULES: "yes",
    RUNNER_GIT_SUBMODULE_FLAGS: "--recursive",
    RUNNER_GIT_SHORT_REF: "0123456",
  });
  const params = {
    depth: 3,
    submodules: ["a", "b"],
    submodule_recursive: false,
    submodule_remote: true,
    clean_tags: true,
  };
  expect(get(params, { tag_filter: "v*" })).toMatchObject({
    RUNNER_GIT_DEPTH: "3",
    RUNNER_GIT_TAGS: "yes",
    RUNNER_GIT_SUBMODULE_PATHS: "a\nb",
    RUNNER_GIT_SUBMODULE_FLAGS: "--remote",
    RUNNER_GIT_CLEAN_TAGS: "yes",
  });
  expect(get({ submodules: "none", fetch_tags: false }, { fetch_tags: true })).toMatchObject({
    RUNNER_GIT_SUBMODULES: "no",
    RUNNER_GIT_TAGS: "no",
  });
});
