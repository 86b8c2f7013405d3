// The runs of the API, described.

import { runStatuses } from "../../core/run.ts";
import { runListLimits } from "../limits.ts";
import { answer, guardedProblems, json, objectOf, orNull, parameter, type Paths, ref } from "./describe.ts";
import { pipelineId, runExample, runId } from "./examples.ts";
import { runIdSchema } from "./schemas.ts";

const tags = ["Runs"];
const { min: minimum, max: maximum, otherwise } = runListLimits;

export const runParameter = parameter("path", "run", "Id of the run.", runIdSchema, runId);

export const runPaths: Paths = {
  "/api/runs": {
    get: {
      operationId: "listRuns",
      summary: "List runs, newest first",
      tags,
      parameters: [
        parameter("query", "pipeline", "Only runs of this pipeline.", { type: "string" }, pipelineId),
        parameter("query", "status", "Only runs with this status.", { enum: runStatuses }, "failed"),
        parameter("query", "limit", "How many.", { type: "integer", minimum, maximum, default: otherwise }, 10),
        parameter("query", "cursor", "next_cursor of the page before.", { type: "string" }, ""),
      ],
      responses: {
        "200": answer(
          "A page of runs; next_cursor leads to the next one.",
          json(objectOf({ runs: { type: "array", items: ref("Run") }, next_cursor: orNull({ type: "string" }) }), {
            runs: [runExample],
            next_cursor: null,
          }),
        ),
        ...guardedProblems("VALIDATION_FAILED"),
      },
    },
  },
  "/api/runs/{run}": {
    get: {
      operationId: "getRun",
      summary: "Get a run with its steps, result and error",
      tags,
      parameters: [runParameter],
      responses: { "200": answer("The run.", json(ref("Run"), runExample)), ...guardedProblems("RUN_NOT_FOUND") },
    },
  },
  "/api/runs/{run}/cancel": {
    post: {
      operationId: "cancelRun",
      summary: "Cancel a run",
      description: "Its steps are ended: SIGTERM, and SIGKILL 10 s later.",
      tags,
      parameters: [runParameter],
      responses: {
        "202": answer("The run as it is: it ends soon.", json(ref("Run"), runExample)),
        ...guardedProblems("RUN_NOT_FOUND", "RUN_ALREADY_ENDED"),
      },
    },
  },
};
