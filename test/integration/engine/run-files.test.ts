// Volumes and artifacts of runs: from the script to the disk and back, and what is left of them afterwards.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, truncateSync } from "node:fs";
import { EngineHarness, until } from "../../fixtures/harness/engine-harness.ts";

const maxArtifactBytes = 512 * 1024 * 1024;
let harness: EngineHarness;
beforeAll(async () => {
  harness = await EngineHarness.open({ maxArtifactBytes });
});
afterAll(() => harness.close());

const volumesOf = (runId: string): string => harness.path(`volumes/${runId}`);
const artifactFiles = (runId: string): string[] => {
  const folder = harness.path(`artifacts/${runId}`);
  return existsSync(folder) ? readdirSync(folder) : [];
};

async function content(runId: string, name: string): Promise<string> {
  return readFileSync((await harness.engine.openArtifact(runId, name)).path, "utf8");
}

describe("volumes", () => {
  test("are written by one step, read by the next and by the script, and gone when the run has ended", async () => {
    const run = await harness.run(`
      const volume = await volumes.create({ name: "cache" });
      const env = { V: volume.path };
      await runtime.run({ command: "mkdir $V/out; echo one > $V/out/a; echo two > $V/b", env });
      const { stdout } = await runtime.run({ command: "cat $V/out/a $V/b", env });
      return [stdout, await volume.readFiles("out/a", "b"), await volumes.readFiles("cache", ["b"])];`);
    expect(run.result).toEqual(["one\ntwo\n", { "out/a": "one\n", b: "two\n" }, { b: "two\n" }]);
    await until(() => !existsSync(volumesOf(run.id)));
  });

  test("are plain data wherever they are passed on", async () => {
    const run = await harness.run(`
      const volume = await volumes.create({ name: "v" });
      console.log(volume);
      await storage.set("volume", volume);
      return [volume, structuredClone(volume), storage.get("volume"), typeof volume.readFiles];`);
    const plain = { name: "v", path: expect.stringMatching(/^\/.*\/v$/) };
    expect(run.result).toEqual([plain, plain, plain, "function"]);
    expect((await harness.logs(run.id))[0]?.text).not.toContain("readFiles");
  });

  test("have the names of other servers in runtime too", async () => {
    const run = await harness.run(`
      const volume = await runtime.createVolume({ name: "v", size: 100 });
      await runtime.run({ command: "echo x > $V/x; echo y > $V/y", env: { V: volume.path } });
      return [await runtime.readFilesFromVolume("v", "x", "y"), await runtime.readFilesFromVolume(volume, ["x"])];`);
    expect(run.result).toEqual([{ x: "x\n", y: "y\n" }, { x: "x\n" }]);
  });

  test("are the same, and what was read is, when the script is executed again", async () => {
    const id = await harness.start(`
      const volume = await volumes.create();
      const write = (text) => runtime.run({ command: "echo $T > $V/x", env: { V: volume.path, T: text } });
      await write("first");
      const before = await volume.readFiles("x");
      await write("second");
      await runtime.run({ command: "echo > ${harness.path("reached")}; until [ -e ${harness.path("go")} ]; do sleep 0.02; done" });
      return [volume.name, before, await volume.readFiles("x"), (await volumes.create()).name];`);
    await until(() => existsSync(harness.path("reached")));
    harness.killSandboxes();
    await harness.write("go", "");
    const run = await harness.end(id);
    expect(run.result).toEqual(["volume-1", { x: "first\n" }, { x: "second\n" }, "volume-2"]);
  });

  test("are removed also when the run fails or is cancelled, whatever its steps have made of them", async () => {
    const make = `const v = await volumes.create();
      await runtime.run({ command: "mkdir -p $V/a/b; ln -s / $V/root; chmod 000 $V/a/b $V/a", env: { V: v.path } });`;
    const failed = await harness.run(`${make} throw new Error("enough");`);
    const id = await harness.start(`${make} await runtime.run({ command: "sleep 30" });`);
    await until(async () => (await harness.engine.getRun(id)).steps.length === 2);
    await harness.engine.cancel(id);
    await harness.end(id);
    await until(() => !existsSync(volumesOf(failed.id)) && !existsSync(volumesOf(id)));
  });

  test("a file that is not there can be caught, and else fails the run at the author's line with the hint", async () => {
    const caught = await harness.run(`
      const v = await volumes.create({ name: "v" });
      try { await v.readFiles("none"); } catch (error) { return [error.code, error.message]; }`);
    expect(caught.result).toEqual(["FILE_NOT_FOUND", expect.stringContaining('"none" in the volume v')]);
    const run = await harness.run(`\nawait volumes.readFiles("nope", "x");`);
    expect(run.error).toMatchObject({
      code: "FILE_NOT_FOUND",
      line: 3,
      hint: expect.stringContaining("volumes.create"),
    });
  });

  test.each([
    ["volumes.create('x')", /takes/],
    ["volumes.create({ nam: 'x' })", /unknown option "nam"/],
    ["volumes.create({ name: 5 })", /name must be a text/],
    ["volumes.create({ name: '../x' })", /no name for a volume/],
    ["volumes.readFiles(undefined, 'x')", /by its name/],
    ["volumes.readFiles('v', 5)", /paths of files/],
    ["volumes.readFiles('..', 'x')", /no name for a volume/],
  ])("%s is refused with a message", async (call, message) => {
    expect((await harness.run(`await ${call};`)).error?.message).toMatch(message);
  });

  test("10 MiB of plain text arrive in a sandbox of the usual size", async () => {
    const run = await harness.run(`
      const v = await volumes.create();
      await runtime.run({ command: "yes 'a line of a log' | head -c 10485760 > $V/log", env: { V: v.path } });
      const { log } = await v.readFiles("log");
      return [log.length, log.split("\\n")[7]];`);
    expect(run.result).toEqual([10 * 1024 * 1024, "a line of a log"]);
  });

  test("many reads at once all come, in order", async () => {
    const run = await harness.run(`
      const v = await volumes.create();
      await runtime.run({ command: "for i in $(seq 50); do echo $i > $V/$i; done", env: { V: v.path } });
      const order = [];
      await Promise.all(Array.from({ length: 50 }, (_, i) => v.readFiles(String(i + 1)).then((f) => order.push(...Object.values(f)))));
      return order.map(Number);`);
    expect(run.result).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  test("a run that ends in the middle of its reads lets other runs read", async () => {
    const runs = await Promise.all(
      Array.from({ length: 8 }, () =>
        harness.run(`
          const v = await volumes.create();
          await runtime.run({ command: "head -c 3000000 /dev/zero > $V/x", env: { V: v.path } });
          for (let i = 0; i < 20; i++) void v.readFiles("x").catch(() => {});
          throw new Error("enough");`),
      ),
    );
    expect(runs.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => "failed"));
    const after = await harness.run(`const v = await volumes.create();
      await runtime.run({ command: "echo x > $V/x", env: { V: v.path } }); return await v.readFiles("x");`);
    expect(after.result).toEqual({ x: "x\n" });
  });
});

describe("artifacts", () => {
  test("of a text, a file and a file of a volume are listed in the run and have their content", async () => {
    await harness.write("file", "of this machine");
    const run = await harness.run(`
      const volume = await volumes.create();
      await runtime.run({ command: "mkdir $V/out; echo built > $V/out/app", env: { V: volume.path } });
      await artifacts.save("a.txt", "just text");
      await artifacts.save("ü b.txt", { text: "" });
      await artifacts.save("file", { path: "${harness.path("file")}" });
      await artifacts.save("by path", { path: volume.path + "/out/app" });
      return await artifacts.save("app", { volume, path: "out/app" });`);
    expect(run.result).toEqual({ name: "app", bytes: 6 });
    expect(run.artifacts.map(({ name, bytes }) => [name, bytes])).toEqual([
      ["a.txt", 9],
      ["ü b.txt", 0],
      ["file", 15],
      ["by path", 6],
      ["app", 6],
    ]);
    expect(await content(run.id, "app")).toBe("built\n");
    expect(await content(run.id, "file")).toBe("of this machine");
  });

  test("a text that looks like a path is kept as the text", async () => {
    const run = await harness.run(`await artifacts.save("x", "/etc/hostname");`);
    expect(await content(run.id, "x")).toBe("/etc/hostname");
  });

  test("saved again under one name the last call counts, also at the same time, and no other file stays", async () => {
    await harness.write("big", "x".repeat(5_000_000));
    const run = await harness.run(`
      await artifacts.save("x", "first");
      const calls = [artifacts.save("x", { path: "${harness.path("big")}" }), artifacts.save("x", "last"), artifacts.save("y", "y")];
      await Promise.all(calls);`);
    expect(run.artifacts.map(({ name, bytes }) => [name, bytes])).toEqual([
      ["x", 4],
      ["y", 1],
    ]);
    expect(await content(run.id, "x")).toBe("last");
    await until(() => artifactFiles(run.id).length === 2);
  });

  test("an unknown name is answered with those there are", async () => {
    const run = await harness.run(`await artifacts.save("report.txt", ""); await artifacts.save("app", "");`);
    const find = (name: string) => harness.engine.openArtifact(run.id, name).catch((error: unknown) => error);
    expect(await find("zzzzzzzzzz")).toMatchObject({ code: "ARTIFACT_NOT_FOUND", hint: "it has report.txt, app" });
    expect(await find("reprot.txt")).toMatchObject({ hint: "did you mean report.txt?" });
    expect(await harness.engine.openArtifact("nope", "app").catch((error: unknown) => error)).toMatchObject({
      code: "RUN_NOT_FOUND",
    });
  });

  test.each([
    ["save('a/b', '')", /no name for an artifact/],
    ["save('', '')", /no name for an artifact/],
    ["save('..', '')", /no name for an artifact/],
    ["save('a\\nb', '')", /no name for an artifact/],
    ["save('\\ud800', '')", /no name for an artifact/],
    ["save('x'.repeat(201), '')", /no name for an artifact/],
    ["save(undefined, '')", /takes a name/],
    ["save('x')", /the content is/],
    ["save('x', { path: 'y', text: '' })", /the content is/],
    ["save('x', { volume: 'v' })", /the content is/],
    ["save('x', { path: 'relative' })", /no absolute path/],
    ["save('x', { path: '/dev/zero' })", /no regular file/],
    ["save('x', { volume: 'v', path: 'x' })", /no volume "v"/],
  ])("%s is refused with a message and keeps nothing", async (call, message) => {
    const run = await harness.run(`await artifacts.${call};`);
    expect(run.error?.message).toMatch(message);
    expect([run.artifacts, artifactFiles(run.id)]).toEqual([[], []]);
  });

  test("over the limit is an error that the script can catch", async () => {
    await harness.write("huge", "");
    truncateSync(harness.path("huge"), maxArtifactBytes + 1);
    const run = await harness.run(`
      try { await artifacts.save("x", { path: "${harness.path("huge")}" }); } catch (error) { return error.code; }`);
    expect([run.result, run.artifacts, artifactFiles(run.id)]).toEqual(["FILE_TOO_LARGE", [], []]);
  });

  test("the copy of a large file ends with its run, and nothing of it stays", async () => {
    await harness.write("large", "");
    truncateSync(harness.path("large"), maxArtifactBytes);
    const id = await harness.start(`await artifacts.save("x", { path: "${harness.path("large")}" });`);
    const incoming = harness.path("artifacts/incoming");
    await until(() => existsSync(incoming) && readdirSync(incoming).some((name) => name.startsWith(id)));
    await harness.engine.cancel(id);
    const run = await harness.end(id);
    expect([run.status, run.artifacts]).toEqual(["cancelled", []]);
    expect([readdirSync(incoming), artifactFiles(id)]).toEqual([[], []]);
  });

  test("are saved once when the script is executed again", async () => {
    const id = await harness.start(`
      await artifacts.save("x", "x");
      await runtime.run({ command: "echo > ${harness.path("saved")}; until [ -e ${harness.path("on")} ]; do sleep 0.02; done" });
      return (await artifacts.save("y", "y")).bytes;`);
    await until(() => existsSync(harness.path("saved")));
    harness.killSandboxes();
    await harness.write("on", "");
    const run = await harness.end(id);
    expect([run.result, run.artifacts.map(({ name }) => name)]).toEqual([1, ["x", "y"]]);
    expect(artifactFiles(id).sort()).toEqual(["1", "3"]);
  });
});
