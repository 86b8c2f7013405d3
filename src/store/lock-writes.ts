// What can be written of the locks of pipelines.

export type LockWrite =
  /** Asked for; the run has it as soon as this call has an outcome. */
  | {
      readonly type: "lock.put";
      readonly pipeline: string;
      readonly name: string;
      readonly runId: string;
      readonly number: number;
      /** How many may have it at one time. */
      readonly limit: number;
    }
  /** Given back, or given up; the end of a run does that by itself. */
  | { readonly type: "lock.remove"; readonly runId: string; readonly name: string };
