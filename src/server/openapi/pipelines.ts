// The pipelines of the API, described.

import { pipelineExtensions } from "../../core/pipeline-file.ts";
import {
  answer,
  content,
  guardedProblems,
  header,
  json,
  objectOf,
  parameter,
  type Paths,
  ref,
  type Schema,
} from "./describe.ts";
import { pausedExample, pipelineExample, pipelineId, uploadedExample } from "./examples.ts";
import { pipelineIdSchema } from "./schemas.ts";
import { describeResources } from "./resources.ts";
import { startedAnswers, waitParameter } from "./started-run.ts";

const tags = ["Pipelines"];

const pipelineParameter = parameter(
  "path",
  "pipeline",
  "Id of the pipeline; its slashes may be written as they are or as %2F.",
  pipelineIdSchema,
  pipelineId,
);

const triggerBody: Schema = {
  type: "object",
  additionalProperties: false,
  properties: {
    params: { type: "object", description: "Values of the pipeline's parameters." },
    args: { type: "array", items: { type: "string" }, description: "What the script finds in pipelineContext.args." },
    jobs: {
      type: "array",
      items: { type: "string" },
      description: "Jobs of the pipeline: the run is for those, and for all that need them.",
    },
  },
};

const uploadBody: Schema = {
  type: "object",
  additionalProperties: false,
  required: ["source"],
  properties: {
    source: { type: "string", description: "The file's text." },
    extension: { enum: pipelineExtensions, default: ".ts" },
    webhook_secret: {
      type: ["string", "null"],
      maxLength: 4096,
      description:
        "The secret, env:NAME, file:/path or secret:NAME; null removes the one uploaded before, absent leaves it.",
    },
  },
};

const exampleSource = 'export const pipeline = () => "hello";\n';
const pipelineLink = { Location: header("The pipeline.", `/api/pipelines/${encodeURIComponent(pipelineId)}`) };

const extensionParameter = parameter(
  "query",
  "extension",
  "Of a file that is sent as it is.",
  { enum: pipelineExtensions, default: ".ts" },
  ".ts",
);

const uploadRequest = {
  required: true,
  content: {
    ...json(uploadBody, { source: exampleSource, webhook_secret: "env:HOOK_SECRET" }),
    ...content("text/plain", { type: "string" }, exampleSource),
  },
};

export const pipelinePaths: Paths = {
  "/api/pipelines": {
    get: {
      operationId: "listPipelines",
      summary: "List pipelines with their state and last run",
      tags,
      responses: {
        "200": answer(
          "All of them, by id.",
          json(objectOf({ pipelines: { type: "array", items: ref("Pipeline") } }), { pipelines: [pipelineExample] }),
        ),
        ...guardedProblems(),
      },
    },
  },
  "/api/pipelines/{pipeline}": {
    get: {
      operationId: "getPipeline",
      summary: "Get a pipeline",
      tags,
      parameters: [pipelineParameter],
      responses: {
        "200": answer("The pipeline.", json(ref("Pipeline"), pipelineExample)),
        ...guardedProblems("PIPELINE_NOT_FOUND"),
      },
    },
    put: {
      operationId: "setPipeline",
      summary: "Upload a pipeline",
      description:
        "Puts the file into the server's folder once it has been found to load; one that does not load changes " +
        "nothing. The body is JSON, or the file itself as curl -T sends it.",
      tags,
      parameters: [pipelineParameter, extensionParameter],
      requestBody: uploadRequest,
      responses: {
        "200": answer("The pipeline is in force.", json(ref("UploadedPipeline"), uploadedExample), pipelineLink),
        "201": answer(
          "The pipeline is new, and in force.",
          json(ref("UploadedPipeline"), uploadedExample),
          pipelineLink,
        ),
        ...guardedProblems(
          "INVALID_JSON",
          "VALIDATION_FAILED",
          "LOAD_FAILED",
          "BODY_TIMEOUT",
          "BODY_TOO_LARGE",
          "UNSUPPORTED_ENCODING",
          "SANDBOX_FAILED",
          "SHUTTING_DOWN",
          "DISK_LOW",
        ),
      },
    },
    delete: {
      operationId: "removePipeline",
      summary: "Remove a pipeline",
      description: "Removes the file and the webhook secret that was uploaded; runs stay.",
      tags,
      parameters: [pipelineParameter],
      responses: {
        "204": answer("It is gone."),
        ...guardedProblems("PIPELINE_NOT_FOUND", "SHUTTING_DOWN"),
      },
    },
  },
  "/api/pipelines/{pipeline}/check": {
    post: {
      operationId: "checkPipeline",
      summary: "Look at a file as it would be uploaded",
      description: "Nothing changes; the events validation.started and validation.completed or failed tell of it.",
      tags,
      parameters: [pipelineParameter, extensionParameter],
      requestBody: uploadRequest,
      responses: {
        "200": answer(
          "What is wrong with it; ok: it would be taken.",
          json(objectOf({ ok: { type: "boolean" }, problems: { type: "array", items: ref("FileProblem") } }), {
            ok: true,
            problems: [],
          }),
        ),
        ...guardedProblems(
          "INVALID_JSON",
          "VALIDATION_FAILED",
          "BODY_TIMEOUT",
          "BODY_TOO_LARGE",
          "UNSUPPORTED_ENCODING",
          "SANDBOX_FAILED",
          "SHUTTING_DOWN",
          "DISK_LOW",
        ),
      },
    },
  },
  "/api/pipelines/{pipeline}/pause": {
    post: {
      operationId: "pausePipeline",
      summary: "Pause a pipeline",
      description:
        "Until it is resumed it starts no runs: webhooks and triggers are answered with 409, its schedules and other " +
        "runs' ends start none. Runs that are queued begin, and those that have begun go on.",
      tags,
      parameters: [pipelineParameter],
      responses: {
        "200": answer("The pipeline is paused.", json(ref("Pipeline"), pausedExample)),
        ...guardedProblems("PIPELINE_NOT_FOUND"),
      },
    },
  },
  "/api/pipelines/{pipeline}/resume": {
    post: {
      operationId: "resumePipeline",
      summary: "Let a paused pipeline start runs again",
      description: "Times of its schedules that passed meanwhile have no runs.",
      tags,
      parameters: [pipelineParameter],
      responses: {
        "200": answer("The pipeline is not paused.", json(ref("Pipeline"), pipelineExample)),
        ...guardedProblems("PIPELINE_NOT_FOUND"),
      },
    },
  },
  "/api/pipelines/{pipeline}/trigger": {
    post: {
      operationId: "triggerPipeline",
      summary: "Start a run",
      description:
        "Answers at once with the run's id; with wait once the run has ended; with Accept: text/event-stream with " +
        "the run as it happens. A caller that leaves does not end the run.",
      tags,
      parameters: [pipelineParameter, waitParameter],
      requestBody: { content: json(triggerBody, { params: { target: "nas" }, args: [] }) },
      responses: {
        ...startedAnswers,
        ...guardedProblems(
          "INVALID_JSON",
          "VALIDATION_FAILED",
          "PARAM_INVALID",
          "PIPELINE_NOT_FOUND",
          "JOB_NOT_FOUND",
          "BODY_TIMEOUT",
          "PIPELINE_BROKEN",
          "PIPELINE_PAUSED",
          "BODY_TOO_LARGE",
          "UNSUPPORTED_ENCODING",
          "SHUTTING_DOWN",
          "DISK_LOW",
          "QUEUE_FULL",
        ),
      },
    },
  },
  ...describeResources(pipelineParameter),
};
