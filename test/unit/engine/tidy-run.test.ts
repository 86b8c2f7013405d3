// What is removed of ended runs, by whom, and what is let be: on real files and the real store.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunParts } from "../../../src/engine/run-parts.ts";
import { tidyEarlierRuns, tidyRun } from "../../../src/engine/tidy-run.ts";
import { openRunFiles, type RunFiles } from "../../../src/files/files.ts";
import type { Store } from "../../../src/store/store.ts";
import { createRun, putBundle } from "../../conformance/store/subject.ts";
import { makeRunFolder, never, type RunFolder } from "../files/run-folder.ts";
import { openStore } from "../store/store-files.ts";

let folder: RunFolder;
let store: Store;
let done: string[];
let warned: string[];
beforeEach(async () => {
  folder = makeRunFolder();
  mkdirSync(join(folder.dir, "data"));
  store = await openStore(join(folder.dir, "data/runner.db"));
  await store.commit([putBundle("bundle-1")]);
  done = [];
  warned = [];
});
afterEach(async () => {
  await store.close();
  await folder.remove();
});

function partsWith(files: RunFiles): RunParts {
  const executor = { endRun: async (runId: string) => void done.push(`containers of ${runId}`) };
  const warn = (message: string, fields?: object): void => void warned.push(`${message} ${JSON.stringify(fields)}`);
  return { store, files, executor, logger: { warn } } as unknown as RunParts;
}

const path = (...names: string[]): string => join(folder.dir, "data", ...names);
async function createEnded(): Promise<string> {
  const { id } = await createRun(store);
  await store.commit([{ type: "run.finish", id, status: "failed", result: null, error: null, at: 1 }]);
  return id;
}

describe("tidyRun()", () => {
  test("ends the containers of a run before it removes the volumes that they have mounted", async () => {
    const { path: volume } = await folder.files.volumes.create("0198c0de-0000-7000-8000-000000000001", "v");
    const removed: string[] = [];
    const removeTree = async (tree: string): Promise<void> => void removed.push(...done, tree);
    const files = openRunFiles({ dataDir: path(), maxArtifactBytes: 1, removeTree });
    await files.volumes.listRuns();
    await tidyRun(partsWith(files), "0198c0de-0000-7000-8000-000000000001");
    expect(removed).toEqual(["containers of 0198c0de-0000-7000-8000-000000000001", join(volume, "..")]);
  });

  test("warns of volumes that cannot be removed, with what to do, and the next start tries again", async () => {
    const id = await createEnded();
    const { path: volume } = await folder.files.volumes.create(id, "v");
    const removeTree = async (): Promise<void> => {
      throw new Error("Permission denied");
    };
    const files = openRunFiles({ dataDir: path(), maxArtifactBytes: 1, removeTree });
    await files.volumes.listRuns();
    await tidyRun(partsWith(files), id);
    expect(warned).toEqual([expect.stringMatching(/Permission denied.*sudo rm -rf .*next start/)]);
    await tidyEarlierRuns(partsWith(folder.reopen()));
    expect(existsSync(volume)).toBe(false);
  });
});

describe("tidyEarlierRuns()", () => {
  test("removes volumes and half-saved files of runs that have ended or are unknown, not of unfinished ones", async () => {
    const [ended, unknown] = [await createEnded(), Bun.randomUUIDv7()];
    const { id: queued } = await createRun(store);
    mkdirSync(path("artifacts/incoming"), { recursive: true });
    for (const run of [ended, unknown, queued]) {
      await folder.files.volumes.create(run, "v");
      writeFileSync(path("artifacts/incoming", `${run}.1`), "half");
    }
    await tidyEarlierRuns(partsWith(folder.reopen()));
    for (const run of [ended, unknown]) {
      expect([existsSync(path("volumes", run)), existsSync(path("artifacts/incoming", `${run}.1`))]).toEqual([
        false,
        false,
      ]);
    }
    expect([existsSync(path("volumes", queued)), existsSync(path("artifacts/incoming", `${queued}.1`))]).toEqual([
      true,
      true,
    ]);
    expect(done.sort()).toEqual([`containers of ${ended}`, `containers of ${unknown}`].sort());
    expect(warned).toEqual([]);
  });

  const keep = async (runId: string): Promise<void> => {
    await folder.files.artifacts.save({ runId, number: 1, name: "a", source: { text: "a" }, signal: never });
  };

  test("removes artifacts of a run that is no longer there, and keeps all others", async () => {
    const [known, removed] = [await createEnded(), Bun.randomUUIDv7()];
    await keep(known);
    await keep(removed);
    await tidyEarlierRuns(partsWith(folder.reopen()));
    expect([existsSync(path("artifacts", known)), existsSync(path("artifacts", removed))]).toEqual([true, false]);
  });

  test("removes them also where no other run has any", async () => {
    await createEnded();
    const removed = Bun.randomUUIDv7();
    await keep(removed);
    await tidyEarlierRuns(partsWith(folder.reopen()));
    expect([existsSync(path("artifacts", removed)), warned]).toEqual([false, []]);
  });

  test.each([
    ["is a new one", 0, 3],
    ["is an older copy", 1, 51],
  ])("leaves all artifacts alone where the database %s", async (_, known, unknown) => {
    for (let i = 0; i < known; i++) await keep(await createEnded());
    const runs = Array.from({ length: unknown }, () => Bun.randomUUIDv7());
    for (const run of runs) await keep(run);
    await tidyEarlierRuns(partsWith(folder.reopen()));
    expect(runs.every((run) => existsSync(path("artifacts", run, "1")))).toBe(true);
    expect(warned).toEqual([expect.stringContaining("does not know")]);
  });
});
