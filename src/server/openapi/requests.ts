// The recorded requests of the API, described.

import { runListLimits } from "../limits.ts";
import {
  answer,
  guardedProblems,
  json,
  objectOf,
  orNull,
  parameter,
  type Paths,
  ref,
  type Schema,
} from "./describe.ts";
import { pipelineId, redeliveryExample, requestExample, requestId, runId, wholeRequestExample } from "./examples.ts";
import { runIdSchema } from "./schemas.ts";

const tags = ["Requests"];
const { min: minimum, max: maximum, otherwise } = runListLimits;

const requestParameter = parameter("path", "request", "Id of the request.", runIdSchema, requestId);

const redeliverBody: Schema = {
  type: "object",
  additionalProperties: false,
  properties: {
    force: {
      type: "boolean",
      default: false,
      description:
        "Begin a run whatever the request was refused for, though the pipeline's condition does not hold, and though it has come before.",
    },
  },
};

export const requestPaths: Paths = {
  "/api/requests": {
    get: {
      operationId: "listRequests",
      summary: "List received webhooks, newest first",
      description:
        "Of refused ones at most 10,000 and 64 MiB are kept: the oldest of the pipeline that has most of them goes " +
        "first; accepted ones go with their runs.",
      tags,
      parameters: [
        parameter("query", "pipeline", "Only requests to this pipeline.", { type: "string" }, pipelineId),
        parameter("query", "verdict", "refused: began no run.", { enum: ["accepted", "refused"] }, "refused"),
        parameter("query", "reason", "Only those refused for this.", { type: "string" }, "signature_mismatch"),
        parameter("query", "run", "Only those of this run.", { type: "string" }, runId),
        parameter("query", "limit", "How many.", { type: "integer", minimum, maximum, default: otherwise }, 10),
        parameter("query", "cursor", "next_cursor of the page before.", { type: "string" }, ""),
      ],
      responses: {
        "200": answer(
          "A page of requests; next_cursor leads to the next one.",
          json(
            objectOf({ requests: { type: "array", items: ref("Request") }, next_cursor: orNull({ type: "string" }) }),
            {
              requests: [requestExample],
              next_cursor: null,
            },
          ),
        ),
        ...guardedProblems("VALIDATION_FAILED"),
      },
    },
  },
  "/api/requests/{request}": {
    get: {
      operationId: "getRequest",
      summary: "Get a received webhook with its headers and its body",
      description: "Secrets in it are masked.",
      tags,
      parameters: [requestParameter],
      responses: {
        "200": answer("The request.", json(ref("WholeRequest"), wholeRequestExample)),
        ...guardedProblems("REQUEST_NOT_FOUND"),
      },
    },
  },
  "/api/requests/{request}/redeliver": {
    post: {
      operationId: "redeliverRequest",
      summary: "Send a received webhook once more",
      description:
        "It goes through all that comes behind the verification: the token stands for its signature. What was masked " +
        "stays so. Answered as the webhook would be: with what the script responds, or when it has not in time.",
      tags,
      parameters: [requestParameter],
      requestBody: { content: json(redeliverBody, { force: true }) },
      responses: {
        "200": answer(
          "What it came to.",
          json(
            objectOf({
              request_id: runIdSchema,
              run_id: orNull(runIdSchema),
              skipped: {
                type: "boolean",
                description: "The pipeline's condition does not hold, or has no value: there is no run.",
              },
              reason: { type: ["string", "null"], description: "Which of them: condition_false, condition_invalid." },
              duplicate: { type: "boolean", description: "It had come before, and this is the run it began then." },
              status: { type: "integer" },
              body: { type: ["string", "null"], description: "null where the script has not responded." },
            }),
            redeliveryExample,
          ),
        ),
        ...guardedProblems(
          "INVALID_JSON",
          "VALIDATION_FAILED",
          "PARAM_INVALID",
          "BODY_TIMEOUT",
          "BODY_TOO_LARGE",
          "UNSUPPORTED_ENCODING",
          "REQUEST_NOT_FOUND",
          "REQUEST_NOT_VERIFIED",
          "REQUEST_CUT",
          "PIPELINE_NOT_FOUND",
          "WEBHOOK_DISABLED",
          "PIPELINE_BROKEN",
          "PIPELINE_PAUSED",
          "QUEUE_FULL",
          "SHUTTING_DOWN",
          "DISK_LOW",
        ),
      },
    },
  },
};
