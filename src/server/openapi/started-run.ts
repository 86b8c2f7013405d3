// What every request that starts a run may ask for and is answered, described.

import { defaultHttpLimits } from "../limits.ts";
import { answer, header, json, type JsonObject, objectOf, parameter, ref } from "./describe.ts";
import { runExample, runId } from "./examples.ts";
import { wholeEvents } from "./logs.ts";
import { runIdSchema } from "./schemas.ts";

export const waitParameter = parameter(
  "query",
  "wait",
  `Wait so long for the run's end, at most ${defaultHttpLimits.maxWaitMs / 60_000}m.`,
  { type: "string" },
  "30s",
);

const runLink = { Location: header("The run.", `/api/runs/${runId}`) };

export const startedAnswers: JsonObject = {
  "200": answer(
    "The run, which has ended, or its events.",
    { ...json(ref("Run"), runExample), ...wholeEvents },
    runLink,
  ),
  "202": {
    description:
      "The run has begun; with wait, the run as it is when the time is over, or at once where too many callers wait.",
    headers: runLink,
    content: {
      "application/json": {
        schema: { anyOf: [objectOf({ run_id: runIdSchema }), ref("Run")] },
        examples: { "without wait": { value: { run_id: runId } }, "with wait": { value: runExample } },
      },
    },
  },
};
