// The arguments that make a container: what a comma-separated line does to the place of a mount.

import { expect, test } from "bun:test";
import { createArguments } from "../../../src/executors/container/create-arguments.ts";

const spec = { stepId: "run.1", runId: "run", pipeline: "p", command: "true", env: {} };
const container = { image: "busybox", pull: "never", privileged: false } as const;

test.each([
  ["/m/a:ro", "target=/m/a:ro"],
  ["/m/a,readonly", '"target=/m/a,readonly"'],
  ['/m/"a"', '"target=/m/""a"""'],
  ["/m/a\nb", '"target=/m/a\nb"'],
  // The reader of such a line takes a bare one at its end for a part of the line break.
  ["/m/a\r", '"target=/m/a\r"'],
])("the mount at %j is passed as %j", (target, field) => {
  const folders = { mounts: [{ target, source: "/s", readOnly: false }] };
  const empty = { environment: [], logArguments: [] };
  const made = createArguments({ name: "n", server: "s", spec, container, folders, ...empty });
  expect(made).toContain(`--mount=type=bind,source=/s,${field}`);
});
