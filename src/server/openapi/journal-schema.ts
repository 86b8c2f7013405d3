// The shape of a journal's records as JSON Schema.

import { runStatuses, triggers } from "../../core/run.ts";
import { objectOf, orNull, ref, type Schema } from "./describe.ts";

const text: Schema = { type: "string" };
const textOrNull: Schema = { type: ["string", "null"] };
const count: Schema = { type: "integer", minimum: 0 };
const time: Schema = { type: "string", format: "date-time" };
const anyJson: Schema = {};
const texts: Schema = { type: "object", additionalProperties: text };
const afterSeq: Schema = { ...count, description: "The delivery in whose turn it was; 0: before the first." };
const callError: Schema = {
  type: "object",
  required: ["code", "message"],
  properties: { code: text, message: text, hint: text },
};

const run = objectOf(
  {
    type: { const: "run" },
    run: objectOf({
      id: text,
      pipeline: text,
      status: { enum: runStatuses },
      triggered_by: { enum: triggers },
      rerun_of: textOrNull,
      created_at: time,
      started_at: orNull(time),
      result: anyJson,
      error: orNull(ref("RunError")),
    }),
    params: { type: "object" },
    args: { type: "array", items: text },
    target_jobs: { type: "array", items: text },
    request: orNull(
      objectOf({
        provider: text,
        event_type: text,
        method: text,
        url: text,
        headers: texts,
        query: texts,
        body: text,
        body_base64: { ...textOrNull, description: "The exact bytes, where they are not those of the text." },
      }),
    ),
    seed: text,
    script_run_id: { ...text, description: "The run id that the script sees." },
    after: orNull(
      objectOf({
        run_id: text,
        pipeline: text,
        status: { enum: runStatuses },
        result: anyJson,
        error: orNull(objectOf({ code: text, message: text })),
      }),
    ),
    cancel: { ...orNull(objectOf({ code: text, message: text })), description: "Why the run was asked to end." },
    format: count,
    memory_bytes: orNull(count),
    script_hash: text,
    script: { ...orNull(objectOf({ code: text, source_map: text })), description: "Where it was asked for." },
  },
  "What the run is a function of, beside its deliveries.",
);

const observed = objectOf(
  { type: { const: "observed" }, after_seq: afterSeq, values: anyJson },
  "What the script has seen of the clock and of chance.",
);

const call = objectOf(
  {
    type: { const: "call" },
    number: { ...count, description: "Order within the run, from 1." },
    kind: text,
    name: text,
    args: { description: "As the script gave them." },
    args_hash: text,
    started_at: time,
    after_seq: afterSeq,
    outcome: {
      oneOf: [
        { type: "object", required: ["ok"], properties: { ok: { const: true }, value: anyJson } },
        objectOf({ ok: { const: false }, error: callError }),
        { type: "null" },
      ],
      description: "null: it has none.",
    },
  },
  "A host call.",
);

const delivery = { type: { const: "delivery" }, seq: { ...count, description: "Order within the run, from 1." } };

export const journalRecordSchema: Schema = {
  description: "One record of a journal.",
  oneOf: [
    run,
    observed,
    call,
    objectOf({ ...delivery, what: { const: "result" }, call: count }, "The script was given the outcome of a call."),
    objectOf(
      { ...delivery, what: { const: "output" }, call: count, stream: { enum: ["stdout", "stderr"] }, text },
      "A piece of a step's output was handed to its onOutput.",
    ),
    objectOf({ ...delivery, what: { const: "cancel" } }, "The script was told that the run is to end."),
    objectOf({ type: { const: "end" } }, "The last record."),
  ],
};
