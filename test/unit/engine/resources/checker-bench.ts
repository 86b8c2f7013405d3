// A checker of resources over a store in memory, with a clock that stands still and resources of type mock.

import { AppError } from "../../../../src/core/app-error.ts";
import type { JsonValue } from "../../../../src/core/json.ts";
import type { JobConfig, ResourceConfig, ResourceTrigger } from "../../../../src/core/pipeline-config.ts";
import type { ResourceVersion } from "../../../../src/core/resource-version.ts";
import type { RunStatus } from "../../../../src/core/run.ts";
import { ResourceChecker, type ResourceCheckerOptions } from "../../../../src/engine/resources/resource-checker.ts";
import { StepSlots } from "../../../../src/engine/step-slots.ts";
import type { Pipeline } from "../../../../src/pipelines/pipelines.ts";
import type { KnownVersion, NewRun, ResourceKey, Store, Write } from "../../../../src/store/store.ts";
import { ManualClock, settlePromises } from "../manual-clock.ts";

const everyMs = 60_000;

/** Its version is the var `version`, and it cannot be checked where the var `failure` says why. */
export function resource(changes: Partial<ResourceConfig> = {}): ResourceConfig {
  const source = { force_version: "((version))", check_failure: "((failure))" };
  return { name: "repo", type: "mock", source, checkEveryMs: everyMs, triggers: [trigger("build")], ...changes };
}

export function trigger(job: string, mode: ResourceTrigger["mode"] = "latest"): ResourceTrigger {
  return { job, mode };
}

export class CheckerBench {
  readonly clock = new ManualClock();
  readonly paused = new Set<string>();
  readonly logged: string[] = [];
  readonly runs: { readonly run: NewRun; readonly status: RunStatus }[] = [];
  readonly vars: Record<string, JsonValue> = { version: "1", failure: "" };
  /** A look at a resource that has a log is a step, which lasts until a test ends it. */
  readonly looks: string[] = [];
  /** End those steps, in order. */
  readonly stepEnds: (() => void)[] = [];
  readonly turns = new StepSlots(1);
  isReady = true;
  /** Runs end at once; else they stay queued. */
  endsAtOnce = true;
  /** Jobs, each with a resource of which a version has passed it. */
  readonly passing = new Set(["build repo", "deploy repo"]);
  onBegin = (): void => {};
  isWatched = false;
  readonly checker: ResourceChecker;
  readonly #pipelines = new Map<string, Pipeline>();
  readonly #versions = new Map<string, KnownVersion[]>();
  readonly #begun = new Map<string, number>();
  #notify: (id: string) => void = () => {};
  #lastSeq = 0;
  #lastId = 0;

  constructor() {
    this.checker = new ResourceChecker(this.#options());
  }

  /** Puts a pipeline in force, or another version of it. */
  set(id: string, resources: readonly ResourceConfig[], jobs: readonly JobConfig[] = []): void {
    const config = { webhook: {}, params: {}, resources, jobs };
    const version = { bundle: { hash: id, code: "", sourceMap: "" }, config, file: `${id}.yml`, loadedAt: 0 };
    this.#pipelines.set(id, { id, file: `${id}.yml`, state: "ok", version, problems: [] });
    this.#notify(id);
  }

  /** Versions that a run has found meanwhile. */
  find(...versions: readonly string[]): void {
    for (const known of this.#versions.values()) for (const version of versions) this.#add(known, { version });
  }

  /** Those of one resource. */
  findOf(name: string, ...versions: readonly string[]): void {
    for (const [text, known] of this.#versions)
      if ((JSON.parse(text) as readonly string[])[1] === name)
        for (const version of versions) this.#add(known, { version });
  }

  /** A run is given the newest. */
  take(name: string, job: string): void {
    for (const [text, known] of this.#versions) {
      const [pipeline = "", of = "", scope = ""] = JSON.parse(text) as readonly string[];
      const seq = known.at(-1)?.seq;
      if (of === name && seq !== undefined) this.#begun.set(cursorOf({ pipeline, resource: of, scope }, job), seq);
    }
  }

  /** What the runs were begun for. */
  get begunFor(): readonly (readonly string[])[] {
    return this.runs.map(({ run }) =>
      run.begunFor.map(({ jobs, mode, resource: name, version }) =>
        [`${jobs.join(" ")}:`, ...(mode === "every" ? ["each"] : []), name, version["version"]].join(" "),
      ),
    );
  }

  /** Past the checks of so many intervals. */
  async pass(intervals = 1): Promise<void> {
    for (let left = intervals; left > 0; left--) await this.wait(everyMs);
  }

  async wait(ms: number): Promise<void> {
    await this.clock.advance(ms);
    for (let turns = 0; turns < 20; turns++) await settlePromises();
  }

  #add(known: KnownVersion[], version: ResourceVersion): void {
    known.push({ seq: ++this.#lastSeq, version });
  }

  #of(key: ResourceKey): KnownVersion[] {
    const text = JSON.stringify([key.pipeline, key.resource, key.scope]);
    const known = this.#versions.get(text) ?? [];
    this.#versions.set(text, known);
    return known;
  }

  #write(write: Write): void {
    if (write.type === "resource.found") for (const version of write.versions) this.#add(this.#of(write), version);
    if (write.type === "resource.begin") this.#begun.set(cursorOf(write, write.job), write.seq);
  }

  #options(): ResourceCheckerOptions {
    const log =
      (level: string) =>
      (message: string): void =>
        void this.logged.push(`${level}: ${message}`);
    const store = {
      commit: async (writes: readonly Write[]) => writes.forEach((write) => this.#write(write)),
      resources: {
        newest: async (key: ResourceKey, passed: readonly string[]) =>
          passed.every((job) => this.passing.has(`${job} ${key.resource}`)) ? this.#of(key).at(-1) : undefined,
        next: async (key: ResourceKey, _: unknown, after: number) => this.#of(key).find(({ seq }) => seq > after),
        cursor: async (key: ResourceKey, job: string) => this.#begun.get(cursorOf(key, job)) ?? 0,
      },
      runs: {
        findKept: async (id: string) => this.runs.find(({ run }) => run.id === id),
        unfinished: async () => [],
      },
    } as unknown as Store;
    return {
      store,
      clock: this.clock,
      redactor: { text: (text) => text.replace("hunter2", "***") },
      logger: { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") },
      catalog: {
        get: (id) => this.#pipelines.get(id),
        list: () => [...this.#pipelines.values()],
        watchChanges: (listener) => {
          this.#notify = listener;
          this.isWatched = true;
          return () => (this.isWatched = false);
        },
      },
      pauses: { isPaused: (id) => this.paused.has(id) },
      runs: {
        submit: async ({ run, writes }) => {
          writes.forEach((write) => this.#write(write));
          this.runs.push({ run, status: this.endsAtOnce ? "succeeded" : "queued" });
          this.onBegin();
        },
      },
      executor: {
        start: async ({ pipeline }) => {
          this.looks.push(pipeline);
          const outcome = { code: 0, end: "exited", message: null } as const;
          const held = new Promise<void>((resolve) => this.stepEnds.push(resolve));
          return { pid: 1, outcome: held.then(() => outcome), cancel: () => {} };
        },
        discard: async () => {},
        endRun: async () => {},
      },
      secrets: { resolve: async () => ({ ok: false, message: "there are none" }) },
      vars: this.vars,
      versionTurns: this.turns,
      newId: () => `run-${++this.#lastId}`,
      checkReady: () => {
        if (!this.isReady) throw new AppError("DISK_LOW", "no room");
      },
    };
  }
}

function cursorOf({ pipeline, resource: name, scope }: ResourceKey, job: string): string {
  return JSON.stringify([pipeline, name, scope, job]);
}
