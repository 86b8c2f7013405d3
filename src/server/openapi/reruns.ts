// Runs that are run again, described.

import { guardedProblems, json, type Paths, type Schema } from "./describe.ts";
import { runParameter } from "./runs.ts";
import { startedAnswers, waitParameter } from "./started-run.ts";

const tags = ["Runs"];

const rerunBody: Schema = {
  type: "object",
  additionalProperties: false,
  properties: {
    from: {
      type: ["string", "integer", "null"],
      description: "Name, number or id of the step to begin from; absent: the beginning.",
    },
  },
};

export const rerunPaths: Paths = {
  "/api/runs/{run}/rerun": {
    post: {
      operationId: "rerunRun",
      summary: "Run an ended run again",
      description:
        "A new run with the same input: parameters, arguments, request. From its beginning it has the version of the " +
        "pipeline that is in force. With from it has the script of the ended run and takes over all that this had " +
        "done before that step, which is refused where a later step may need a volume or an open container of it. " +
        "Answers as a trigger does.",
      tags,
      parameters: [runParameter, waitParameter],
      requestBody: { content: json(rerunBody, { from: "tar" }) },
      responses: {
        ...startedAnswers,
        ...guardedProblems(
          "RUN_NOT_FOUND",
          "PIPELINE_NOT_FOUND",
          "STEP_NOT_FOUND",
          "JOB_NOT_FOUND",
          "RUN_NOT_ENDED",
          "RERUN_IMPOSSIBLE",
          "PIPELINE_BROKEN",
          "PIPELINE_PAUSED",
          "INVALID_JSON",
          "VALIDATION_FAILED",
          "PARAM_INVALID",
          "BODY_TIMEOUT",
          "BODY_TOO_LARGE",
          "UNSUPPORTED_ENCODING",
          "QUEUE_FULL",
          "SHUTTING_DOWN",
          "DISK_LOW",
        ),
      },
    },
  },
};
