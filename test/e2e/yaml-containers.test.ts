// YAML pipelines whose tasks are containers, by the compiled binary on the engine of this machine.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { answers, prepareImages } from "../fixtures/images/images.ts";

const image = "image_resource: { type: registry-image, source: { repository: busybox } }";
const go = 'image_resource: { type: registry-image, source: { repository: golang, tag: "1.22" } }';

const pipelines = {
  "seed.yml": `jobs:
  - name: build
    plan:
      - task: build
        config: { platform: linux, ${go}, run: { path: go, args: [build, ./...] } }
        assert: { stdout: go build ./..., code: 0 }
    assert: { execution: [build], status: succeeded }`,
  "folders.yml": `jobs:
  - name: only
    plan:
      - task: make
        config:
          platform: linux
          ${image}
          outputs: [{ name: out, path: deep/out }]
          caches: [{ path: kept }]
          run: { path: sh, args: [-c, "pwd; ls; echo made > deep/out/file; printf '#!/bin/sh\\necho by the script $1' > deep/out/run; chmod 755 deep/out/run"] }
        assert: { stdout: "/tmp/build/task\\ndeep\\nkept\\n" }
      - task: program
        config:
          platform: linux
          ${image}
          inputs: [{ name: out }]
          run: { path: out/run, args: [arg] }
        assert: { stdout: by the script arg }
      - task: process
        config: { platform: linux, inputs: [{ name: out }], run: { path: cat, args: [out/file] } }
        assert: { stdout: made }
      - task: dir
        config:
          platform: linux
          ${image}
          inputs: [{ name: out }]
          run: { path: sh, args: [-c, "pwd; cat file"], dir: out }
        assert: { stdout: "/tmp/build/task/out\\nmade" }
    assert: { execution: [make, program, process, dir], status: succeeded }`,
  "options.yml": `jobs:
  - name: only
    plan:
      - task: user
        params: { LIST: [1, { a: b }], TEXT: x }
        config:
          platform: linux
          ${image}
          params: { TEXT: y, OTHER: 5 }
          container_limits: { cpu: 512, memory: 64MB }
          run: { path: sh, args: [-c, 'id -un; echo "$LIST $TEXT $OTHER"; cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || true'], user: nobody }
        assert: { stdout: "nobody\\n[1,{\\"a\\":\\"b\\"}] x 5\\n67108864" }
      - try:
          task: absent
          config:
            platform: linux
            image_resource: { type: registry-image, source: { repository: "127.0.0.1:9/none" } }
            run: { path: "true" }
          on_failure: { task: never, config: { platform: linux, run: { path: "true" } } }
          on_error: { task: noticed, config: { platform: linux, run: { path: "true" } } }
      - try:
          task: slow
          timeout: 500ms
          config: { platform: linux, ${image}, run: { path: sleep, args: ["600"] } }
          on_failure: { task: ended, config: { platform: linux, run: { path: "true" } } }
    assert: { execution: [user, absent, noticed, slow, ended], status: succeeded }`,
  "privileged.yml": `jobs:
  - name: only
    plan:
      - task: privileged
        privileged: true
        config: { platform: linux, ${image}, run: { path: sh, args: [-c, "mount -t tmpfs none /tmp && echo mounted"] } }
        assert: { stdout: mounted }`,
  "image.yml": `jobs:
  - name: only
    plan:
      - task: save
        config:
          platform: linux
          outputs: [{ name: image }]
          run: { path: docker, args: [save, -o, image/image.tar, "golang:1.22"] }
      - task: use
        image: image
        config: { platform: linux, run: { path: go, args: [version] } }
        assert: { stdout: go version }
    assert: { execution: [save, use], status: succeeded }`,
  "killed.yml": `jobs:
  - name: first
    plan:
      - task: once
        config: { platform: linux, ${image}, outputs: [{ name: out }], run: { path: sh, args: [-c, "echo x >> out/file"] } }
      - task: slow
        config: { platform: linux, ${image}, inputs: [{ name: out }], run: { path: sh, args: [-c, "echo begun; sleep 3; cat out/file; echo end"] } }
        assert: { stdout: "begun\\nx\\nend\\n" }
    ensure: { task: behind, config: { platform: linux, run: { path: "true" } } }
    assert: { execution: [once, slow, behind], status: succeeded }`,
};

describe.skipIf(!answers("docker"))("tasks with an image", () => {
  let server: BinaryServer;
  beforeAll(async () => {
    await prepareImages();
    server = await BinaryServer.start({ pipelines });
  });
  afterAll(async () => await server.remove());

  test.each([
    ["seed", "run in the image that they name"],
    ["folders", "have inputs, outputs and caches below a folder of their own, which processes share"],
    ["options", "have a user, params and limits, and errors and failures apart"],
    ["image", "run in an image that an earlier step has saved"],
  ])("%s: they %s", async (pipeline) => {
    const run = await server.run(pipeline);
    expect([run.status, run.error]).toEqual(["succeeded", null]);
    await eventually("end of all containers", () => server.workspace.findContainers().length === 0);
  });

  test("have all rights where they are privileged, or the engine says that it may not give them", async () => {
    const { status, error } = await server.run("privileged");
    if (status !== "succeeded") expect(error?.message).toMatch(/task privileged: .*caps.* not permitted/s);
  });

  test("go on where the server was killed, and none of them runs twice", async () => {
    const id = await server.trigger("killed");
    await eventually("output", async () => (await server.logText(id)).includes("begun"));
    await server.kill();
    server = await BinaryServer.start({ workspace: server.workspace });
    const run = await server.waitForEnd(id);
    expect([run.status, run.error]).toEqual(["succeeded", null]);
    const steps = run.steps.map(({ name, attempts }) => `${name} ${String(attempts)}`);
    expect(steps).toEqual(["first/once 1", "first/slow 1", "first/behind 1"]);
  });
});
