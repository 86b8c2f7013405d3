// Evaluates a bundle in the sandbox only to learn what it exports.

import { type AuthorPosition, findAuthorPosition } from "./author-position.ts";
import type { SandboxPool } from "./pool/sandbox-pool.ts";
import type { GuestEnd, GuestSpec, InspectedExports, InspectMode } from "./protocol.ts";

const inspectMemoryBytes = 64 * 1024 * 1024;
const inspectCpuMs = 2000;
const inspectWaitMs = 10_000;
const maxAttempts = 3;

export type InspectResult =
  | { readonly ok: true; readonly exports: InspectedExports }
  | { readonly ok: false; readonly message: string; readonly position: AuthorPosition | null };

interface InspectedBundle {
  readonly hash: string;
  readonly code: string;
  readonly sourceMap: string;
}

/** The exports of a bundle, or why it could not be evaluated. Host calls at load time are refused. */
export async function inspectModule(
  pool: SandboxPool,
  bundle: InspectedBundle,
  pipeline: string,
  mode: InspectMode = "inspect",
): Promise<InspectResult> {
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const end = await evaluateOnce(pool, bundle, pipeline, mode);
    if (end !== "moved") return resultOf(end, bundle);
  }
  return { ok: false, message: "the sandbox processes died while they evaluated the script", position: null };
}

function evaluateOnce(
  pool: SandboxPool,
  bundle: InspectedBundle,
  pipeline: string,
  mode: InspectMode,
): Promise<GuestEnd | "moved"> {
  return new Promise((resolve) => {
    const settle = (end: GuestEnd | "moved"): void => {
      clearTimeout(timer);
      resolve(end);
      handle.close();
    };
    const refuse = (message: string): void => settle(limit(message));
    const timer = setTimeout(() => refuse(`evaluating the script took over ${inspectWaitMs / 1000} s`), inspectWaitMs);
    const handle = pool.open(bundle, inspectSpec(bundle.hash, pipeline, mode), {
      onTurn: (turn) => {
        const called = turn.calls[0];
        if (turn.end !== null) settle(turn.end);
        else if (called !== undefined) refuse(`the script calls ${called.name} outside its pipeline function`);
        else if (turn.done) refuse("the script awaits something at its top level that never comes");
      },
      onAsk: async (call) => {
        refuse(`the script calls storage.${call.name} outside its pipeline function`);
        return { ok: false, error: { code: "UNSUPPORTED", message: "not while the script is loaded" } };
      },
      onMoved: () => settle("moved"),
      onFailed: (_, message) => refuse(message),
    });
  });
}

function limit(message: string): GuestEnd {
  return { type: "limit", code: "SANDBOX_FAILED", message, stack: "" };
}

function inspectSpec(bundleHash: string, pipeline: string, mode: InspectMode): GuestSpec {
  return {
    bundleHash,
    mode,
    seed: "",
    context: {
      runID: "",
      pipelineID: pipeline,
      triggeredBy: "manual",
      driverName: "local",
      args: [],
      targetJobs: [],
      params: {},
      rerunOf: null,
      after: null,
    },
    request: null,
    limits: { memoryBytes: inspectMemoryBytes, cpuPerDeliveryMs: inspectCpuMs, cpuTotalMs: inspectCpuMs },
    replay: { calls: 0, consoleLines: 0, observations: [], cpuUsedMs: 0 },
  };
}

function resultOf(end: GuestEnd, bundle: InspectedBundle): InspectResult {
  if (end.type === "inspected") return { ok: true, exports: end.exports };
  if (end.type === "returned") return { ok: false, message: "the script was not inspected", position: null };
  const [message, stack] = end.type === "threw" ? [describe(end.error), end.error.stack] : [end.message, end.stack];
  return { ok: false, message, position: findAuthorPosition(stack, bundle.hash, bundle.sourceMap) };
}

function describe(error: { readonly name: string; readonly message: string }): string {
  return error.name === "" || error.name === "Error" ? error.message : `${error.name}: ${error.message}`;
}
