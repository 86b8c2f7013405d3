// The guest's side of a run: installs the globals, takes deliveries, starts `pipeline` and reports how it settled.

import { installAbort } from "./abort.ts";
import { addGate, installApproval } from "./approval.ts";
import { installArtifacts } from "./artifacts.ts";
import { installAssert } from "./assert.ts";
import { installBase64 } from "./base64.ts";
import { installBlock } from "./block.ts";
import { type CallFailure, deliverCancel, deliverOutput, deliverResult, installCancelledError } from "./calls.ts";
import { installClock, seedRandom } from "./clock.ts";
import { installConsole } from "./console.ts";
import { installCrypto } from "./crypto.ts";
import { describeThrown } from "./describe-thrown.ts";
import { installEvents } from "./events.ts";
import { installFetch } from "./fetch.ts";
import { installGithub } from "./github.ts";
import { defineGlobal, host, parseJson, stringifyJson } from "./host.ts";
import { installJobs } from "./jobs.ts";
import { installLocks } from "./locks.ts";
import { installNotify } from "./notify.ts";
import { findNoJson } from "./no-json.ts";
import { installHttp, setRequest, type RequestValue } from "./http.ts";
import { installResources } from "./resources.ts";
import { installRuntime } from "./runtime.ts";
import { installSetPipeline } from "./set-pipeline.ts";
import { installSignal } from "./signal.ts";
import { installStorage } from "./storage.ts";
import { installStructuredClone } from "./structured-clone.ts";
import { installTextEncoding } from "./text-encoding.ts";
import { installTimers } from "./timers.ts";
import { installTriggerPipeline } from "./trigger-pipeline.ts";
import { installUrl } from "./url.ts";
import { installVars } from "./vars.ts";
import { installYaml } from "./yaml.ts";
import { installVolumes } from "./volumes.ts";

type Message =
  | {
      type: "init";
      context: { readonly params: Readonly<Record<string, unknown>> };
      request: RequestValue | null;
      seed: string;
    }
  | { type: "result"; call: number; ok: boolean; value?: unknown; error?: CallFailure }
  | { type: "output"; call: number; stream: "stdout" | "stderr"; text: string }
  | { type: "cancel"; code: string; message: string };

for (const install of [
  installConsole,
  installClock,
  installCancelledError,
  installTextEncoding,
  installBase64,
  installUrl,
  installStructuredClone,
  installTimers,
  installAbort,
  installCrypto,
  installHttp,
  installRuntime,
  installBlock,
  installJobs,
  installVolumes,
  installArtifacts,
  installStorage,
  installVars,
  installResources,
  installAssert,
  installFetch,
  installYaml,
  installApproval,
  installSignal,
  installLocks,
  installEvents,
  installNotify,
  installGithub,
  installTriggerPipeline,
  installSetPipeline,
]) {
  install();
}

/** Takes one message of the host. */
function receive(text: string): void {
  const message = parseJson(text) as Message;
  if (message.type === "init") {
    seedRandom(message.seed);
    setRequest(message.request, message.context.params);
    defineGlobal("pipelineContext", Object.freeze(message.context));
  } else if (message.type === "result") {
    deliverResult(message.call, message.ok, message.value, message.error ?? { code: "INTERNAL", message: "" });
  } else if (message.type === "cancel") {
    deliverCancel(message.code, message.message);
  } else {
    deliverOutput(message.call, message.stream, message.text);
  }
}

/** Runs `pipeline` of an evaluated module, or reports the module's exports. */
function begin(module: unknown, mode: "run" | "inspect" | "inspect_tests"): void {
  // A module with top-level await is a promise of its exports; one export may itself be named `then`, hence the check.
  const exported = module instanceof Promise ? (module as Promise<Record<string, unknown>>) : Promise.resolve([module]);
  void exported
    .then((loaded) => (Array.isArray(loaded) ? (loaded[0] as Record<string, unknown>) : loaded))
    .then((loaded) => (mode === "run" ? runPipeline(loaded) : inspect(loaded, mode === "inspect_tests")))
    .then(
      (value) => settle({ ok: true, value }),
      (thrown) => settle({ ok: false, error: describeThrown(thrown) }),
    );
}

async function runPipeline(module: Record<string, unknown>): Promise<unknown> {
  const { pipeline } = module;
  if (typeof pipeline !== "function") throw new TypeError("the script does not export a function named pipeline");
  addGate(pipeline);
  const result: unknown = await (pipeline as () => unknown)();
  if (result === undefined || typeof result === "function" || typeof result === "symbol") return null;
  return result;
}

function inspect(module: Record<string, unknown>, withTests: boolean): unknown {
  const names = Object.keys(module);
  return {
    kinds: Object.fromEntries(names.map((name) => [name, typeof module[name]])),
    config: module.config === undefined ? null : module.config,
    ...(withTests && module.tests !== undefined ? { tests: readData("tests", module.tests) } : {}),
  };
}

/** @throws {TypeError} naming the first part that JSON would lose without a word. */
function readData(name: string, value: unknown): unknown {
  const noJson = findNoJson(value);
  if (noJson === null) return value;
  throw new TypeError(`${name}: ${noJson}`);
}

function settle(outcome: { ok: boolean; value?: unknown; error?: unknown }): void {
  let text: string;
  try {
    text = stringifyJson(outcome);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : "unknown";
    text = stringifyJson({
      ok: false,
      error: {
        name: "TypeError",
        message: `the returned value cannot be kept as JSON: ${reason}`,
        code: null,
        hint: null,
        stack: "",
      },
    });
  }
  host("settle", text);
}

// The host takes these two off the global object again before any script runs.
Object.assign(globalThis, { receive, begin });
