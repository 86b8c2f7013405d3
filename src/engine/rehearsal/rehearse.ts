// A pipeline executed with every answer made up by a test: no effect, and no time passes but on its own clock.

import type { InboundRequest } from "../../core/inbound-request.ts";
import type { PipelineConfig } from "../../core/pipeline-config.ts";
import {
  type Answer,
  findAuthorPosition,
  type GuestCall,
  type GuestDelivery,
  type GuestEnd,
  type GuestSpec,
  type GuestTurn,
  type SandboxPool,
} from "../../sandbox/sandbox.ts";
import type { Bundle } from "../../store/store.ts";
import { guestLimits, nothingKnown } from "../guest-limits.ts";
import { resolveParams } from "../resolve-params.ts";
import { endOfCancel, endOfGuest, failedEnd, type RunEnd } from "../run-end.ts";
import { toGuestRequest } from "../to-guest-request.ts";
import { answerAsked, answerCall } from "./answer-call.ts";
import { GuestPlayer, type PlayedPart } from "./guest-player.ts";
import { refuseRequest } from "./refuse-request.ts";
import type { Answered, Scene } from "./scene.ts";
import type { TestCase } from "./test-case.ts";
import { makeRequest } from "./test-request.ts";

/** A pipeline as it is tried out. */
export interface RehearsedPipeline {
  readonly id: string;
  readonly bundle: Bundle;
  readonly config: PipelineConfig;
}

/** A host call that the test does not answer. */
export interface OpenQuestion {
  readonly message: string;
  readonly hint: string;
  readonly file: string | null;
  readonly line: number | null;
}

export interface Rehearsal {
  /** Null where a question is open: the script could not be executed to its end. */
  readonly end: RunEnd | null;
  readonly question: OpenQuestion | null;
  readonly calls: readonly GuestCall[];
  readonly console: readonly Pick<GuestTurn["console"][number], "level" | "text">[];
  readonly scene: Scene;
}

/** @throws {AppError} PARAM_INVALID for the parameters, SANDBOX_FAILED. */
export async function rehearse(pool: SandboxPool, pipeline: RehearsedPipeline, test: TestCase): Promise<Rehearsal> {
  const request = test.request === null ? null : makeRequest(pipeline.id, pipeline.config, test.request);
  const asked = test.triggeredBy === "webhook" ? request : null;
  const refused = asked && refuseRequest(pipeline.config, asked, test.nowMs);
  if (refused === null) return await new Rehearsing(pool, pipeline, test, request).run();
  return { end: refused, question: null, calls: [], console: [], scene: createScene(pipeline, test) };
}

interface Event {
  readonly atMs: number;
  /** Among those of the same time. */
  readonly order: number;
  readonly delivery: GuestDelivery;
  /** The call that it is for; null: the run itself. */
  readonly call: number | null;
  /** `limit`: the run's own. */
  readonly role: "work" | "wait" | "cancel" | "limit";
}

/** How long a script may tidy up once its run is to end. */
const graceMs = 30_000;
const runId = "00000000-0000-7000-8000-000000000000";

function createScene({ id }: RehearsedPipeline, test: TestCase): Scene {
  const { nowMs, storage } = test;
  return {
    test,
    runId,
    pipeline: id,
    nowMs,
    storage: new Map(storage),
    versions: new Map(),
    locks: new Set(),
    artifacts: new Set(),
    response: null,
  };
}

class Rehearsing {
  readonly #pipeline: RehearsedPipeline;
  readonly #scene: Scene;
  readonly #player: GuestPlayer;
  readonly #calls: GuestCall[] = [];
  readonly #console: GuestTurn["console"][number][] = [];
  #events: Event[] = [];
  #order = 0;
  #end: GuestEnd | null = null;
  #cancel: { readonly code: "RUN_CANCELLED" | "RUN_TIMEOUT"; readonly message: string; readonly atMs: number } | null =
    null;
  #question: OpenQuestion | null = null;

  constructor(pool: SandboxPool, pipeline: RehearsedPipeline, test: TestCase, request: InboundRequest | null) {
    this.#pipeline = pipeline;
    this.#scene = createScene(pipeline, test);
    this.#player = new GuestPlayer({
      pool,
      bundle: pipeline.bundle,
      spec: this.#spec(request),
      onPart: (part) => this.#takePart(part),
      onAsk: (call) => this.#answer(call),
    });
  }

  async run(): Promise<Rehearsal> {
    const { timeoutMs } = this.#pipeline.config;
    if (timeoutMs !== undefined) {
      const message = `the run was not finished within ${timeoutMs / 1000} s`;
      this.#plan(this.#scene.nowMs + timeoutMs, "limit", { type: "cancel", code: "RUN_TIMEOUT", message });
    }
    try {
      this.#end = await this.#player.open();
      for (let event = this.#next(); event !== null; event = this.#next()) await this.#hand(event);
    } finally {
      this.#player.close();
    }
    const end = this.#question === null ? this.#endOfRun() : null;
    return { end, question: this.#question, calls: this.#calls, console: this.#console, scene: this.#scene };
  }

  #spec(request: InboundRequest | null): GuestSpec {
    const { bundle, config, id } = this.#pipeline;
    const { test } = this.#scene;
    return {
      bundleHash: bundle.hash,
      mode: "run",
      seed: test.name,
      context: {
        runID: runId,
        pipelineID: id,
        triggeredBy: test.triggeredBy,
        driverName: "local",
        args: test.args,
        targetJobs: [],
        params: resolveParams(config, test.params, test.triggeredBy),
        rerunOf: null,
        after: test.after,
      },
      request: request && toGuestRequest(request),
      limits: guestLimits(config.memoryBytes),
      replay: nothingKnown,
      atMs: test.nowMs,
    };
  }

  /** What comes next; null where the run is over. */
  #next(): Event | null {
    if (this.#question !== null || (this.#end !== null && this.#end.type !== "returned")) return null;
    if (this.#end !== null && this.#cancel !== null) return null;
    // A script that has returned waits for its steps, but for no timer; what only the time limit ends never comes.
    const awaited = this.#events.filter(({ role }) => role !== "limit" && (this.#end === null || role !== "wait"));
    if (awaited.length === 0) return null;
    const [event] = this.#events.toSorted((a, b) => a.atMs - b.atMs || a.order - b.order);
    if (event === undefined || (this.#cancel !== null && event.atMs > this.#cancel.atMs + graceMs)) return null;
    this.#events = this.#events.filter((each) => each !== event);
    return event;
  }

  async #hand({ atMs, delivery }: Event): Promise<void> {
    const scene = this.#scene;
    scene.nowMs = Math.max(scene.nowMs, atMs);
    if (delivery.type === "cancel") {
      const code = delivery.code === "RUN_TIMEOUT" ? "RUN_TIMEOUT" : "RUN_CANCELLED";
      this.#cancel = { code, message: delivery.message, atMs: scene.nowMs };
      this.#events = [];
      if (this.#end !== null) return;
    }
    this.#end = (await this.#player.deliver(delivery, scene.nowMs)) ?? this.#end;
  }

  #takePart({ calls, console }: PlayedPart): void {
    this.#console.push(...console);
    for (const call of calls) {
      if (this.#question !== null) return;
      this.#calls.push(call);
      if (call.kind === "clear_timer" || call.kind === "abort") this.#endCall(call);
      this.#take(call, answerCall(call, this.#scene));
    }
  }

  /** What has not come by now does not come any more; of what was aborted its end does. */
  #endCall({ kind, args }: GuestCall): void {
    const { call } = args as { readonly call: number };
    const dropped = this.#events.filter((event) => event.call === call);
    this.#events = this.#events.filter((event) => event.call !== call);
    const [first] = dropped;
    if (kind !== "abort" || first === undefined) return;
    const error = { code: "RUN_CANCELLED", message: "the script has ended it" };
    this.#plan(this.#scene.nowMs, first.role, { type: "result", call, ok: false, error });
  }

  #take(call: GuestCall, answered: Answered): void {
    const { number } = call;
    if (answered.type === "told") return;
    if (answered.type === "unanswered") {
      const position = findAuthorPosition(call.stack, this.#pipeline.bundle.hash, this.#pipeline.bundle.sourceMap);
      const { message, hint } = answered;
      this.#question = { message, hint, file: position?.file ?? null, line: position?.line ?? null };
    } else if (answered.type === "cancel") {
      this.#plan(answered.atMs, "cancel", { type: "cancel", code: "RUN_CANCELLED", message: "the run was cancelled" });
    } else {
      const { atMs, outcome, output = [], isWait } = answered;
      const role = isWait === true ? "wait" : "work";
      for (const piece of output) this.#plan(atMs, role, { type: "output", call: number, ...piece });
      this.#plan(atMs, role, { type: "result", call: number, ...outcome });
    }
  }

  #answer(call: GuestCall): Answer {
    this.#calls.push(call);
    return answerAsked(call, this.#scene);
  }

  #plan(atMs: number, role: Event["role"], delivery: GuestDelivery): void {
    const call = delivery.type === "cancel" ? null : delivery.call;
    this.#events.push({ atMs, order: ++this.#order, delivery, call, role });
  }

  #endOfRun(): RunEnd {
    const { bundle } = this.#pipeline;
    if (this.#cancel !== null) return endOfCancel(this.#cancel);
    if (this.#end !== null) return endOfGuest(this.#end, bundle);
    return failedEnd("NEVER_SETTLES", "the script waits for something that can never happen", bundle);
  }
}
