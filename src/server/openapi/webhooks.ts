// The webhooks of the API, described: one operation for each method that is common.

import {
  answer,
  content,
  everybody,
  header,
  json,
  objectOf,
  parameter,
  type Operation,
  type Paths,
  problems,
} from "./describe.ts";
import { logExample, pipelineId, runId } from "./examples.ts";
import { wholeEvents } from "./logs.ts";
import { pipelineIdSchema, runIdSchema } from "./schemas.ts";

const description =
  "Takes any method and any body; who may call it is for the pipeline's secret and the provider's signature to say. " +
  "The script answers with http.respond(); where it does not in time, the answer is 202.";

const parameters = [
  parameter(
    "path",
    "pipeline",
    "Id of the pipeline; its slashes may be written as they are or as %2F.",
    pipelineIdSchema,
    pipelineId,
  ),
  parameter(
    "query",
    "stream",
    "Answer with the run's log as it happens, where the pipeline has webhook.stream; events by Accept.",
    { enum: ["1", "true"] },
    "1",
  ),
  parameter(
    "query",
    "signature",
    "HMAC-SHA256 of the body in hex, for senders without headers.",
    { type: "string" },
    "9f86d081884c7d65",
  ),
  parameter("header", "X-Webhook-Signature", "HMAC-SHA256 of the body in hex.", { type: "string" }, "9f86d081884c7d65"),
];

const refusals = problems(
  "BAD_REQUEST",
  "SIGNATURE_INVALID",
  "PAYLOAD_INVALID",
  "ADDRESS_NOT_ALLOWED",
  "PIPELINE_NOT_FOUND",
  "WEBHOOK_DISABLED",
  "BODY_TIMEOUT",
  "RATE_LIMITED",
  "PIPELINE_BROKEN",
  "PIPELINE_PAUSED",
  "BODY_TOO_LARGE",
  "UNSUPPORTED_ENCODING",
  "HEADERS_TOO_LARGE",
  "SECRET_MISSING",
  "SHUTTING_DOWN",
  "DISK_LOW",
  "QUEUE_FULL",
  "SERVER_BUSY",
  "STORE_UNAVAILABLE",
);

function webhook(method: string): Operation {
  return {
    operationId: `${method}Webhook`,
    summary: "Trigger a pipeline by its webhook",
    description,
    tags: ["Webhooks"],
    security: everybody,
    parameters,
    ...(method === "get"
      ? {}
      : {
          requestBody: {
            description: "At most 1 MiB, or what the pipeline's webhook.maxBody says.",
            content: content("*/*", {}, { ref: "refs/heads/main" }),
          },
        }),
    responses: {
      "200": answer(
        "The run that the delivery began when it came before; the run's log, where it was asked for; else the script's own answer.",
        {
          ...json(objectOf({ run_id: runIdSchema, duplicate: { const: true } }), { run_id: runId, duplicate: true }),
          ...content("text/plain", { type: "string" }, logExample("text", true)),
          ...wholeEvents,
          "*/*": {},
        },
        { "X-Run-Id": header("The run whose log this is.", runId) },
      ),
      "202": answer(
        "The run goes on, or was skipped; at once where too many callers wait; without a run where the pipeline's webhook.when does not hold.",
        json({ oneOf: [objectOf({ run_id: runIdSchema }), objectOf({ skipped: { const: true } })] }, { run_id: runId }),
      ),
      ...refusals,
      default: answer("Whatever status the script answers with.", content("*/*", {}, "short and stout")),
    },
  };
}

const methods = ["post", "get", "put", "patch", "delete"];

export const webhookPaths: Paths = {
  "/api/webhooks/{pipeline}": Object.fromEntries(methods.map((method) => [method, webhook(method)])),
};
