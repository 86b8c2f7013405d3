// The ends of runs, and the runs that are recorded with them.

import { describe, expect, test } from "bun:test";
import type { AfterConfig, PipelineConfig } from "../../../src/core/pipeline-config.ts";
import { maxRunDepth } from "../../../src/core/run.ts";
import { Followers } from "../../../src/engine/followers.ts";
import { cancelledEnd, plainError, type RunEnd } from "../../../src/engine/run-end.ts";
import type { Pipeline } from "../../../src/pipelines/pipelines.ts";
import type { NewRun, Write } from "../../../src/store/store.ts";

const failed: RunEnd = { status: "failed", result: null, error: plainError("SCRIPT_ERROR", "boom", "hint") };
const succeeded: RunEnd = { status: "succeeded", result: { image: "x:1" }, error: null };

class Bench {
  readonly taken: string[] = [];
  readonly paused = new Set<string>();
  lists = 0;
  readonly followers: Followers;
  readonly #pipelines = new Map<string, Pipeline>();
  readonly #listeners = new Set<(id: string) => void>();
  #lastId = 0;

  constructor() {
    this.followers = new Followers({
      catalog: {
        get: (id) => this.#pipelines.get(id),
        list: () => {
          this.lists++;
          return [...this.#pipelines.values()];
        },
        watchChanges: (listener) => {
          this.#listeners.add(listener);
          return () => this.#listeners.delete(listener);
        },
      },
      pauses: { isPaused: (id) => this.paused.has(id) },
      newId: () => `new-${++this.#lastId}`,
      place: (run) => ({ ...run, priority: 3 }),
      take: (run) => this.taken.push(run.id),
    });
  }

  add(id: string, after: readonly AfterConfig[], config: Partial<PipelineConfig> = {}): void {
    const version = {
      bundle: { hash: `hash of ${id}`, code: "", sourceMap: "" },
      config: { webhook: {}, params: {}, after, ...config },
      file: `${id}.ts`,
      loadedAt: 0,
    };
    this.#pipelines.set(id, { id, file: `${id}.ts`, state: "ok", version, problems: [] });
    for (const listener of this.#listeners) listener(id);
  }

  end(pipeline: string, end: RunEnd, depth = 0) {
    return this.followers.endRun({ id: "ended", pipeline, depth }, end, 1000);
  }
}

function created(writes: readonly Write[]): readonly NewRun[] {
  return writes.flatMap((write) => (write.type === "run.create" ? [write.run] : []));
}

test("an end that nobody follows is one write", () => {
  const bench = new Bench();
  bench.add("report", [{ pipeline: "build", statuses: ["failed"] }]);
  const { writes, begin } = bench.end("build", succeeded);
  expect(writes).toEqual([{ type: "run.finish", id: "ended", ...succeeded, at: 1000 }]);
  begin();
  expect(bench.taken).toEqual([]);
});

test("an end that is followed is recorded with the runs that begin with it, and they with what ended", () => {
  const bench = new Bench();
  bench.add("report", [{ pipeline: "build", statuses: ["failed", "timed_out"] }]);
  bench.add("deploy", [{ pipeline: "build", statuses: ["succeeded"] }]);
  const { writes, begin } = bench.end("build", failed, 2);
  expect(writes.map(({ type }) => type)).toEqual(["run.finish", "run.create"]);
  expect(created(writes)).toMatchObject([
    {
      id: "new-1",
      pipeline: "report",
      trigger: "pipeline",
      triggeredBy: "pipeline",
      bundleHash: "hash of report",
      parent: null,
      depth: 3,
      priority: 3,
      createdAt: 1000,
      after: { runId: "ended", pipeline: "build", status: "failed", result: null, error: { code: "SCRIPT_ERROR" } },
    },
  ]);
  expect(bench.taken).toEqual([]);
  begin();
  expect(bench.taken).toEqual(["new-1"]);
  expect(created(bench.end("build", succeeded).writes)[0]?.after?.result).toEqual({ image: "x:1" });
});

test("every end counts, a cancelled one too", () => {
  const bench = new Bench();
  bench.add("report", [{ pipeline: "build", statuses: ["cancelled"] }]);
  expect(created(bench.end("build", cancelledEnd("asked")).writes)).toHaveLength(1);
});

test("a pipeline that names another twice follows an end once", () => {
  const bench = new Bench();
  bench.add("report", [
    { pipeline: "build", statuses: ["failed"] },
    { pipeline: "build", statuses: ["failed", "cancelled"] },
    { pipeline: "other", statuses: ["failed"] },
  ]);
  expect(created(bench.end("build", failed).writes)).toHaveLength(1);
});

test("a follower has its defaults for parameters, and goes without required ones", () => {
  const bench = new Bench();
  const params = {
    keep: { type: "number", default: 7, required: false },
    target: { type: "string", required: true },
  } as const;
  bench.add("report", [{ pipeline: "build", statuses: ["failed"] }], { params });
  expect(created(bench.end("build", failed).writes)[0]?.params).toEqual({ keep: 7 });
});

test("a paused pipeline follows nothing", () => {
  const bench = new Bench();
  bench.add("report", [{ pipeline: "build", statuses: ["failed"] }]);
  bench.paused.add("report");
  expect(created(bench.end("build", failed).writes)).toEqual([]);
});

test("a changed pipeline follows what it names now, and the catalog is not looked through for each end", () => {
  const bench = new Bench();
  bench.add("report", [{ pipeline: "build", statuses: ["failed"] }]);
  for (let count = 0; count < 10; count++) bench.end("build", failed);
  expect(bench.lists).toBe(1);
  bench.add("report", [{ pipeline: "test", statuses: ["failed"] }]);
  expect(created(bench.end("build", failed).writes)).toEqual([]);
  expect(created(bench.end("test", failed).writes)).toHaveLength(1);
});

describe("pipelines that follow each other in a circle", () => {
  test("end with a run that is skipped and says so", () => {
    const bench = new Bench();
    bench.add("ping", [{ pipeline: "pong", statuses: ["succeeded"] }]);
    bench.add("pong", [{ pipeline: "ping", statuses: ["succeeded"] }]);
    let begun = 0;
    let [pipeline, depth] = ["ping", 0];
    for (;;) {
      const { writes, begin } = bench.end(pipeline, succeeded, depth);
      begin();
      if (bench.taken.length === begun) {
        expect(writes.map(({ type }) => type)).toEqual(["run.finish", "run.create", "run.finish"]);
        expect(writes[2]).toMatchObject({ status: "skipped", error: { code: "DEPTH_LIMIT" } });
        break;
      }
      begun = bench.taken.length;
      [pipeline, depth] = [created(writes)[0]?.pipeline ?? "", created(writes)[0]?.depth ?? 0];
    }
    expect(begun).toBe(maxRunDepth);
  });
});
