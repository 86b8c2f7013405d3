// Which work each kind of host call is.

import type { CallKind } from "../sandbox/sandbox.ts";
import { closeSandbox } from "./close-sandbox.ts";
import { doFetch } from "./do-fetch.ts";
import { saveArtifact } from "./save-artifact.ts";
import type { OngoingCall, OngoingCallOptions } from "./ongoing-call.ts";
import { StepCall } from "./step-call.ts";
import { doVolumeCall } from "./volume-call.ts";
import { WorkCall } from "./work-call.ts";

/** The kinds that the host works on; a run is not over before the last of them is. */
export const ongoingKinds = ["step", "fetch", "volume", "artifact", "sandbox"] as const satisfies readonly CallKind[];
export type OngoingKind = (typeof ongoingKinds)[number];

export function openCall(kind: OngoingKind, options: OngoingCallOptions): OngoingCall {
  switch (kind) {
    case "step":
      return new StepCall(options);
    case "fetch":
      return new WorkCall(options, doFetch, "fetch");
    case "volume":
      return new WorkCall(options, doVolumeCall, null);
    case "artifact":
      return new WorkCall(options, saveArtifact, null);
    case "sandbox":
      return new WorkCall(options, closeSandbox, null);
  }
}
