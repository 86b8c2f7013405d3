// What is told of a step of a resource that did not succeed.

import { expect, test } from "bun:test";
import { finish, ResourceFailure } from "../../../../../../src/pipelines/concourse/runtime/resources/finish.ts";

const pushed = `To /srv/app.git
 ! [rejected]        HEAD -> main (non-fast-forward)
error: failed to push some refs to '/srv/app.git'
hint: Updates were rejected because a pushed branch tip is behind its remote

hint: counterpart.
`;

test.each([
  [
    { code: 1, stderr: pushed },
    "To /srv/app.git; ! [rejected]        HEAD -> main (non-fast-forward); error: failed to push some refs to '/srv/app.git'",
  ],
  [{ code: 3, stderr: " \n" }, "it exited with code 3"],
  [{ code: 1, stderr: `${"x".repeat(2000)}\nfatal: no\n` }, `${"x".repeat(989)}; fatal: no`],
  [
    { code: 124, stderr: "fatal: no", status: "abort" as const, message: "not finished within 1.0 s" },
    "not finished within 1.0 s",
  ],
])("%#: in one line, without the hints of git", async (end, expected) => {
  const step = Promise.resolve({ status: "complete" as const, stdout: "", ...end });
  const failure = await finish(step).catch((thrown: unknown) => thrown);
  expect(failure).toBeInstanceOf(ResourceFailure);
  expect((failure as Error).message).toBe(expected);
});
