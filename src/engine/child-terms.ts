// A run of another pipeline that a script starts: what its call waits for, from its arguments.

import { type Run, stepStatuses, type StepStatus } from "../core/run.ts";
import type { ChildArguments } from "./children.ts";
import type { OngoingCallOptions } from "./ongoing-call.ts";
import type { WaitEnd, WaitTerms } from "./wait-call.ts";

export function childTerms({ call, run, parts }: OngoingCallOptions): WaitTerms {
  const { children } = parts;
  const given = call.args as unknown as ChildArguments;
  return {
    until: null,
    kind: "pipeline",
    begin: () => {
      const child = children.create(run, call, given);
      const { id } = child.run;
      const started: WaitEnd = { outcome: { ok: true, value: { id } }, status: "succeeded" };
      return {
        writes: [{ type: "run.create", run: child.run }],
        runId: id,
        ...(given.wait ? {} : { end: started }),
        effect: child.begin,
      };
    },
    whenLeft: { status: "succeeded", message: "the run ended without waiting for it" },
    onCancel: (id) => children.cancel(id, `run ${run.id}, which waited for it, was asked to end`),
  };
}

/** What the one that waits is told of the end of a run. However it ended: that is no error of who waits. */
export function endOfChild({ id, status, result, error }: Run): WaitEnd {
  return {
    outcome: { ok: true, value: { id, status, result, error: error === null ? null : { ...error } } },
    status: stepStatuses.find((each): each is StepStatus => each === status) ?? "succeeded",
    ...(error === null ? {} : { message: error.message }),
  };
}
