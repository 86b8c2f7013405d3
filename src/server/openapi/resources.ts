// The resources of YAML pipelines, described.

import { answer, guardedProblems, json, objectOf, parameter, type Paths, ref } from "./describe.ts";
import { pipelineId, resourceExample } from "./examples.ts";
import { pipelineIdSchema } from "./schemas.ts";

const list = json(objectOf({ resources: { type: "array", items: ref("Resource") } }), { resources: [resourceExample] });

/** With the parameter for the pipeline in their path. */
export function describeResources(pipelineParameter: ReturnType<typeof parameter>): Paths {
  return {
    "/api/resources": {
      get: {
        operationId: "listResources",
        summary: "List the resources of YAML pipelines, with their newest versions",
        tags: ["Pipelines"],
        parameters: [parameter("query", "pipeline", "Of this pipeline alone.", pipelineIdSchema, pipelineId)],
        responses: {
          "200": answer("By pipeline, in the order of its file.", list),
          ...guardedProblems("PIPELINE_NOT_FOUND"),
        },
      },
    },
    "/api/pipelines/{pipeline}/check-resources": {
      post: {
        operationId: "checkResources",
        summary: "Check a pipeline's resources before it is time",
        description:
          "Answers once they are checked; why one could not be is in its last_check. New versions begin their runs.",
        tags: ["Pipelines"],
        parameters: [pipelineParameter, parameter("query", "resource", "This one alone.", { type: "string" }, "repo")],
        responses: {
          "200": answer("Those that were checked.", list),
          ...guardedProblems("PIPELINE_NOT_FOUND", "RESOURCE_NOT_FOUND", "SHUTTING_DOWN", "DISK_LOW"),
        },
      },
    },
  };
}
