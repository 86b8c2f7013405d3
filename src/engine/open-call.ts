// Which work each kind of host call is, and which of them only wait.

import type { CallKind } from "../sandbox/sandbox.ts";
import { childTerms } from "./child-terms.ts";
import { closeSandbox } from "./close-sandbox.ts";
import { doFetch, isRepeatableFetch, mayFetchPass } from "./do-fetch.ts";
import { lockTerms, unlockTerms } from "./lock-terms.ts";
import { approvalTerms, signalTerms } from "./news-terms.ts";
import { findVars } from "./find-vars.ts";
import { doResourceCall } from "./resources/resource-call.ts";
import type { OngoingCall, OngoingCallOptions } from "./ongoing-call.ts";
import { saveArtifact } from "./save-artifact.ts";
import { setPipeline } from "./set-pipeline-call.ts";
import { signMessage } from "./sign-message.ts";
import { StepCall } from "./step-call.ts";
import { timerTerms } from "./timer-terms.ts";
import { doVolumeCall } from "./volume-call.ts";
import { WaitCall } from "./wait-call.ts";
import { WorkCall } from "./work-call.ts";

/** The kinds that the host works on; a run is not over before the last of them is. */
const workKinds = [
  "step",
  "fetch",
  "volume",
  "artifact",
  "sandbox",
  "hmac",
  "set_pipeline",
  "var",
  "resource",
] as const satisfies readonly CallKind[];
/** The kinds that only wait; they keep no run alive that has nothing else to do. */
const waitKinds = ["timer", "approval", "signal", "child", "lock", "unlock"] as const satisfies readonly CallKind[];

export type WorkCallKind = (typeof workKinds)[number];
export type WaitCallKind = (typeof waitKinds)[number];

export function isWork(kind: CallKind): kind is WorkCallKind {
  return workKinds.some((each) => each === kind);
}

export function isWait(kind: CallKind): kind is WaitCallKind {
  return waitKinds.some((each) => each === kind);
}

export function openWork(kind: WorkCallKind, options: OngoingCallOptions): OngoingCall {
  switch (kind) {
    case "step":
      return new StepCall(options);
    case "fetch":
      return new WorkCall(options, {
        work: doFetch,
        step: "fetch",
        mayRepeat: isRepeatableFetch,
        mayPass: mayFetchPass,
      });
    case "volume":
      return new WorkCall(options, { work: doVolumeCall });
    case "artifact":
      return new WorkCall(options, { work: saveArtifact });
    case "sandbox":
      return new WorkCall(options, { work: closeSandbox });
    case "hmac":
      return new WorkCall(options, { work: signMessage });
    case "set_pipeline":
      return new WorkCall(options, { work: setPipeline });
    case "var":
      return new WorkCall(options, { work: findVars });
    case "resource":
      return new WorkCall(options, { work: doResourceCall });
  }
}

/** @throws {AppError} what the script's promise rejects with. */
export function openWait(kind: WaitCallKind, options: OngoingCallOptions): WaitCall {
  switch (kind) {
    case "timer":
      return new WaitCall(options, timerTerms(options.call, options.startedAt));
    case "approval":
      return new WaitCall(options, approvalTerms(options));
    case "signal":
      return new WaitCall(options, signalTerms(options));
    case "child":
      return new WaitCall(options, childTerms(options));
    case "lock":
      return new WaitCall(options, lockTerms(options));
    case "unlock":
      return new WaitCall(options, unlockTerms(options));
  }
}
