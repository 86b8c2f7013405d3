// Which settings of git a resource may have.

import { expect, test } from "bun:test";
import { checkGitConfigName } from "../../../../../../src/pipelines/concourse/runtime/resources/git-config.ts";

test("settings that only say how are fine", () => {
  const names = [
    "core.bigFileThreshold",
    "user.email",
    "http.extraHeader",
    "http.https://a.example/.proxy",
    "pack.threads",
  ];
  for (const name of names) expect(checkGitConfigName(name)).toBe(null);
});

for (const name of [
  "core.sshCommand",
  "core.hooksPath",
  "core.fsmonitor",
  "core.askPass",
  "core.gitProxy",
  "core.editor",
  "CORE.SSHCOMMAND",
  "alias.fetch",
  "credential.helper",
  "url.ext::sh.insteadOf",
  "include.path",
  "includeIf.gitdir:/.path",
  "filter.lfs.smudge",
  "remote.origin.uploadpack",
  "submodule.x.update",
  "gc.recentObjectsHook",
  "protocol.ext.allow",
  "safe.directory",
  "init.templateDir",
  "uploadpack.packObjectsHook",
  "http.cookieFile",
  "fetch.x.y",
  "user",
  "",
]) {
  test(`the setting ${JSON.stringify(name)} is refused`, () => {
    expect(checkGitConfigName(name)).toContain("no setting that a resource may have");
  });
}
