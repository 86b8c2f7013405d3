// What is wrong with the source of a built-in resource.

import { expect, test } from "bun:test";
import { FieldProblems } from "../../../../../../src/core/field-problem.ts";
import type { JsonObject, ResourceTypeName } from "../../../../../../src/pipelines/concourse/plan.ts";
import { checkSource } from "../../../../../../src/pipelines/concourse/runtime/resources/check-source.ts";

function problemsOf(type: ResourceTypeName, source: JsonObject): readonly string[] {
  const problems = new FieldProblems();
  checkSource("source", type, source, problems);
  return problems.list.map(({ message, hint }) => (hint === null ? message : `${message} (${hint})`));
}

test("a source with the fields of the original is fine", () => {
  const git = { uri: "git@host:a/b.git", branch: "feature/x", paths: ["src/**"], skip_ssl_verification: true };
  expect(problemsOf("git", git)).toEqual([]);
  expect(problemsOf("git", { uri: "/srv/repo.git" })).toEqual([]);
  expect(problemsOf("time", { interval: "5m" })).toEqual([]);
  expect(problemsOf("time", { days: ["Monday"] })).toEqual([]);
  expect(problemsOf("time", { start: "8:00 PM", stop: "9:00 PM", days: ["Monday"] })).toEqual([]);
  expect(problemsOf("mock", { initial_version: "1", create_files: { a: "b" } })).toEqual([]);
});

test("an unknown field is told with the one that was meant", () => {
  expect(problemsOf("git", { uri: "/repo", brnch: "main" })).toEqual([
    'source.brnch is unknown (did you mean "branch"?)',
  ]);
});

test("a field of the original that has no effect here is refused", () => {
  expect(problemsOf("git", { uri: "/repo", git_crypt_key: "AEdJ" })).toEqual([
    "source.git_crypt_key is not supported (remove it)",
  ]);
});

test("a time of cron is told where it stands here", () => {
  expect(problemsOf("time", { cron: "0 3 * * *" })).toEqual([
    'source.cron is not supported (give the pipeline a schedule instead: config: { schedule: "0 3 * * *" })',
  ]);
});

test("no field of the original is taken for a mistyped other one", () => {
  expect(problemsOf("git", { uri: "/repo", private_key_user: "me" })).toEqual([
    "source.private_key_user is not supported (remove it)",
  ]);
});

test("a field of the wrong kind is told, one with vars is taken as it is", () => {
  expect(problemsOf("git", { uri: "/repo", paths: "src" })).toEqual([
    'source.paths must be a list of texts, not the text "src"',
  ]);
  expect(problemsOf("git", { uri: "((uri))", paths: "((paths))" })).toEqual([]);
});

test("fields that are missing are told, also of two that belong together", () => {
  expect(problemsOf("git", {})).toEqual(["source.uri is missing (write uri: https://…)"]);
  expect(problemsOf("time", { start: "8PM" })).toEqual(["source.stop is missing: start and stop belong together"]);
});

for (const uri of [
  "ext::sh -c id",
  "--upload-pack=id",
  "ssh://-oProxyCommand=id/x",
  "-oX:y",
  "a@-oX:y",
  "fd://3",
  "a\nb",
]) {
  test(`the uri ${JSON.stringify(uri)} is refused`, () => {
    expect(problemsOf("git", { uri })).toHaveLength(1);
  });
}

for (const branch of ["--upload-pack=id", "a..b", "a b", "a:b", "x.lock", "/a", "a/", "@{1}", "@", ""]) {
  test(`the branch ${JSON.stringify(branch)} is refused`, () => {
    expect(problemsOf("git", { uri: "/repo", branch })).toHaveLength(1);
  });
}

test("settings of git that could name a program are told", () => {
  const git_config = [{ name: "core.bigFileThreshold", value: "10m" }, { name: "core.sshCommand", value: "id" }, "x"];
  expect(problemsOf("git", { uri: "/repo", git_config })).toEqual([
    'source.git_config[1].name is no setting that a resource may have: it could name a program or a file: the text "core.sshCommand"',
    "source.git_config[2] is no setting (write name: and value:)",
  ]);
  expect(problemsOf("git", { uri: "/repo", git_config: [{ name: "((name))", value: "x" }] })).toEqual([]);
});

test("times, days and places that mean nothing are told", () => {
  const source = { start: "25:00", stop: "((stop))", days: ["Someday"], location: "Europe/Atlantis" };
  const found = problemsOf("time", source).map((each) => each.split(" ")[0]);
  expect(found).toEqual(["source.start", "source.days", "source.location"]);
});
