// What comes back from each kind of host call in a rehearsal.

import { createHmac } from "node:crypto";
import { AppError, toAppError } from "../../core/app-error.ts";
import { parseHmacAlgorithm } from "../../core/hmac-algorithm.ts";
import type { WebhookResponse } from "../../core/inbound-request.ts";
import type { JsonValue } from "../../core/json.ts";
import type { Answer, CallKind, GuestCall } from "../../sandbox/sandbox.ts";
import { notTaken, takenTwice } from "../locks.ts";
import { pipelineToSet } from "../set-pipeline-call.ts";
import { timerTerms } from "../timer-terms.ts";
import { writeCall } from "../written-calls.ts";
import { answerApproval, answerChild, answerSignal } from "./answer-waits.ts";
import { answerFetch, answerStep, unanswered } from "./answer-work.ts";
import { type Answered, failure, result, type Scene } from "./scene.ts";

type AnswerCall = (call: GuestCall, scene: Scene) => Answered;

const answers: Readonly<Record<CallKind, AnswerCall>> = {
  step: answerStep,
  fetch: answerFetch,
  timer: answerTimer,
  clear_timer: () => ({ type: "told" }),
  abort: () => ({ type: "told" }),
  respond: (call, scene) => {
    scene.response ??= call.args as unknown as WebhookResponse;
    return { type: "told" };
  },
  storage: changeStorage,
  dedupe: (_, scene) => result(scene, false),
  hmac: sign,
  volume: answerVolume,
  artifact: saveArtifact,
  sandbox: (_, scene) => result(scene, null),
  approval: answerApproval,
  signal: answerSignal,
  child: answerChild,
  lock: takeLock,
  unlock: ({ name }, scene) => (scene.locks.delete(name) ? result(scene, undefined) : failure(scene, notTaken(name))),
  set_pipeline: ({ name, args }, scene) => {
    const { instanceVars } = args as { readonly instanceVars?: Readonly<Record<string, JsonValue>> };
    return result(scene, { pipeline: pipelineToSet(scene.pipeline, name, instanceVars), change: "created" });
  },
  event: (call, scene) => writeOnly("event", call, scene),
  notify: (call, scene) => writeOnly("notify", call, scene),
  var: findVars,
  resource: answerResource,
  job: () => ({ type: "told" }),
  block: () => ({ type: "told" }),
  block_note: () => ({ type: "told" }),
  block_end: (_, scene) => result(scene, undefined),
};

const nothing = { ok: true, value: undefined } as const;

export function answerCall(call: GuestCall, scene: Scene): Answered {
  return answers[call.kind](call, scene);
}

/** A synchronous call. */
export function answerAsked({ kind, name, args }: GuestCall, { storage }: Scene): Answer {
  // A rehearsal knows of no earlier request.
  if (kind === "dedupe") return { ok: true, value: false };
  const { key = "", prefix = "" } = args as { readonly key?: string; readonly prefix?: string };
  if (name === "get") return { ok: true, value: storage.get(key) };
  return { ok: true, value: [...storage.keys()].filter((each) => each.startsWith(prefix)).toSorted() };
}

function answerTimer(call: GuestCall, scene: Scene): Answered {
  try {
    const { until } = timerTerms(call, scene.nowMs);
    return { type: "result", atMs: Math.max(until ?? 0, scene.nowMs), outcome: nothing, isWait: true };
  } catch (thrown) {
    return failure(scene, toAppError(thrown));
  }
}

/** The newest version, and that which a job takes, is the one that was found last. */
function answerResource({ args }: GuestCall, scene: Scene): Answered {
  const {
    type,
    resource = "",
    versions = [],
  } = args as {
    readonly type: string;
    readonly resource?: string;
    readonly versions?: readonly JsonValue[];
  };
  const newest = versions.at(-1);
  if (type === "found" && newest !== undefined) scene.versions.set(resource, newest);
  const isAsked = type === "choose" || type === "newest";
  return result(scene, isAsked ? (scene.versions.get(resource) ?? null) : undefined);
}

/** Nobody else is there. */
function takeLock({ name }: GuestCall, scene: Scene): Answered {
  if (scene.locks.has(name)) return failure(scene, takenTwice(name, "has"));
  scene.locks.add(name);
  return result(scene, undefined);
}

function findVars({ args }: GuestCall, scene: Scene): Answered {
  const { names } = args as { readonly names: readonly string[] };
  const { vars, secrets } = scene.test;
  const found = names.flatMap((name): readonly [string, JsonValue][] => {
    const value = vars.get(name);
    if (value !== undefined) return [[name, value]];
    return secrets.has(`secret:${name}`) ? [[name, { secret: `secret:${name}` }]] : [];
  });
  return result(scene, Object.fromEntries(found));
}

function changeStorage({ name, args }: GuestCall, scene: Scene): Answered {
  const { key, value } = args as { readonly key: string; readonly value: JsonValue };
  if (name === "set") scene.storage.set(key, value);
  else scene.storage.delete(key);
  return result(scene, undefined);
}

/** A rehearsal has every target that its script names. */
const anyTarget = { get: () => undefined };

function writeOnly(kind: "event" | "notify", call: GuestCall, scene: Scene): Answered {
  const run = { id: scene.runId, pipeline: scene.pipeline };
  return result(scene, writeCall(kind, call, run, scene.nowMs, anyTarget).value);
}

function sign({ args }: GuestCall, scene: Scene): Answered {
  const { algorithm, secret, message } = args as Readonly<Record<"algorithm" | "secret" | "message", string>>;
  const key = scene.test.secrets.get(secret);
  if (key === undefined) {
    return unanswered("secret", "secrets", secret, { type: "missing", meant: undefined }, '"…"');
  }
  const known = parseHmacAlgorithm(algorithm);
  if (known === null) {
    return failure(scene, new AppError("VALIDATION_FAILED", `crypto.hmac: unknown algorithm ${algorithm}`));
  }
  return result(scene, createHmac(known, key).update(Buffer.from(message, "base64")).digest("hex"));
}

function answerVolume({ args, number }: GuestCall, scene: Scene): Answered {
  const {
    cache,
    name = cache ?? `volume-${number}`,
    volume,
    paths,
  } = args as {
    readonly cache?: string;
    readonly name?: string;
    readonly volume?: string;
    readonly paths?: readonly string[];
  };
  if (volume === undefined || paths === undefined) {
    return result(scene, { name, path: `/volumes/${name}` });
  }
  const files = scene.test.volumes.get(volume);
  const missing = paths.find((path) => files?.get(path) === undefined);
  if (missing === undefined) {
    return result(scene, Object.fromEntries(paths.map((path) => [path, files?.get(path) ?? ""])));
  }
  return {
    type: "unanswered",
    message: `the file ${JSON.stringify(missing)} of volume ${JSON.stringify(volume)} is not in this test`,
    hint: `write volumes: { ${JSON.stringify(volume)}: { ${JSON.stringify(missing)}: "…" } }`,
  };
}

function saveArtifact({ args }: GuestCall, scene: Scene): Answered {
  const { name, text, path, volume } = args as {
    readonly name: string;
    readonly text?: string;
    readonly path?: string;
    readonly volume?: string;
  };
  scene.artifacts.add(name);
  const content = text ?? scene.test.volumes.get(volume ?? "")?.get(path ?? "") ?? "";
  return result(scene, { name, bytes: Buffer.byteLength(content) });
}
