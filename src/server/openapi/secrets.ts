// The secrets of the API, described.

import { longestSecretBytes, secretNamePattern } from "../../core/secret-name.ts";
import {
  answer,
  guardedProblems,
  json,
  type JsonObject,
  objectOf,
  parameter,
  type Paths,
  ref,
  type Schema,
} from "./describe.ts";
import { pipelineId, secretExample } from "./examples.ts";

const tags = ["Secrets"];

const nameParameter = parameter(
  "path",
  "name",
  "What scripts call it, as in secret:API_KEY.",
  { type: "string", pattern: secretNamePattern },
  "API_KEY",
);

const pipelineParameter = parameter(
  "query",
  "pipeline",
  "The pipeline whose own secret it is, which comes before one of every pipeline; absent: one of every pipeline.",
  { type: "string", minLength: 1, maxLength: 200 },
  pipelineId,
);

const value: Schema = {
  type: "object",
  required: ["value"],
  properties: {
    value: { type: "string", minLength: 1, description: `At most ${longestSecretBytes} bytes. No answer has it.` },
  },
};

const kept = (description: string): JsonObject => answer(description, json(ref("Secret"), secretExample));

export const secretPaths: Paths = {
  "/api/secrets": {
    get: {
      operationId: "listSecrets",
      summary: "List the names of the secrets that the server keeps",
      tags,
      responses: {
        "200": answer(
          "All of them, by name, without their values.",
          json(objectOf({ secrets: { type: "array", items: ref("Secret") } }), { secrets: [secretExample] }),
        ),
        ...guardedProblems(),
      },
    },
  },
  "/api/secrets/{name}": {
    put: {
      operationId: "setSecret",
      summary: "Set a secret, or replace it",
      description: "It is stored sealed, is in force at once, and is masked in all that is stored or sent from now on.",
      tags,
      parameters: [nameParameter, pipelineParameter],
      requestBody: { required: true, content: json(value, { value: "the secret itself" }) },
      responses: {
        "200": kept("It is replaced."),
        "201": kept("It is new."),
        ...guardedProblems(
          "INVALID_JSON",
          "VALIDATION_FAILED",
          "BODY_TIMEOUT",
          "BODY_TOO_LARGE",
          "UNSUPPORTED_ENCODING",
          "CONFIG_INVALID",
          "SHUTTING_DOWN",
        ),
      },
    },
    delete: {
      operationId: "removeSecret",
      summary: "Remove a secret",
      tags,
      parameters: [nameParameter, pipelineParameter],
      responses: {
        "204": answer("It is gone."),
        ...guardedProblems("VALIDATION_FAILED", "SECRET_NOT_FOUND"),
      },
    },
  },
};
