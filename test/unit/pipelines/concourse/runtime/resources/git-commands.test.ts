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
  expect(() => gitGet(source, { ref: "v1" }, { dept: 1 })).toThrow('params "dept" not supported: known are depth,');
  expect(() => gitPut({ uri: "/repo" }, {}, push)).toThrow("source.branch is missing");
  expect(() => gitPut(source, {}, { ...push, tag: "-d" })).toThrow("the name of the tag");
});
