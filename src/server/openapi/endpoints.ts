// The endpoints of the API, described.

import type { ErrorCode } from "../../core/app-error.ts";
import { deliveryPaths } from "./deliveries.ts";
import {
  answer,
  bodyProblems,
  guardedProblems,
  header,
  json,
  type JsonObject,
  objectOf,
  orNull,
  parameter,
  type Paths,
  ref,
  type Schema,
} from "./describe.ts";
import {
  changedEndpointExample,
  endpointBody,
  endpointExample,
  endpointId,
  endpointWithSecretExample,
  wholeDeliveryExample,
} from "./endpoint-examples.ts";
import { endpointFields } from "./endpoint-schemas.ts";

const tags = ["Endpoints"];

const webhook = parameter("path", "webhook", "Id of the endpoint.", { type: "string", minLength: 1 }, endpointId);

const { url, events, ...optional } = endpointFields;
const optionalFields = Object.fromEntries(Object.entries(optional).map(([name, schema]) => [name, orNull(schema)]));
const secret: Schema = {
  type: ["string", "null"],
  description: "The secret or `env:NAME`, `file:/path`, `secret:NAME`; absent: one is made.",
};

const newEndpoint: Schema = {
  type: "object",
  additionalProperties: false,
  required: ["url", "events"],
  properties: { url, events, secret, ...optionalFields },
};
const changes: Schema = {
  type: "object",
  additionalProperties: false,
  properties: { url, events, ...optionalFields },
};

function body(
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[],
  example: JsonObject,
): JsonObject {
  return { content: json({ type: "object", additionalProperties: false, required, properties }, example) };
}

/** What everything can be answered that is about one endpoint. */
function problemsOfOne(...codes: readonly ErrorCode[]): JsonObject {
  return guardedProblems("ENDPOINT_NOT_FOUND", "ENDPOINT_GONE", ...codes);
}

export const endpointPaths: Paths = {
  "/v1/webhooks": {
    get: {
      operationId: "listEndpoints",
      summary: "List the endpoints that events are sent to",
      tags,
      responses: {
        "200": answer(
          "All of them: those of runner.toml first, then by age.",
          json(objectOf({ webhooks: { type: "array", items: ref("Endpoint") } }), { webhooks: [endpointExample] }),
        ),
        ...guardedProblems(),
      },
    },
    post: {
      operationId: "createEndpoint",
      summary: "Have events sent to an address",
      description:
        "It is sent the events from now on. Each delivery is signed twice over the exact bytes of its body: in " +
        "signature_header by the whole secret, and, where the secret is whsec_ and base64 of 24 to 64 bytes, as " +
        "Standard Webhooks says. It is tried until it is answered with 2xx within 30 seconds, 7 times in 34 h 36 min.",
      tags,
      requestBody: { required: true, content: json(newEndpoint, endpointBody) },
      responses: {
        "201": answer(
          "The endpoint, and its secret this once.",
          json(ref("EndpointWithSecret"), endpointWithSecretExample),
          {
            Location: header("Its path.", `/v1/webhooks/${endpointId}`),
          },
        ),
        ...guardedProblems(...bodyProblems, "ENDPOINT_LIMIT", "CONFIG_INVALID"),
      },
    },
  },
  "/v1/webhooks/{webhook}": {
    get: {
      operationId: "getEndpoint",
      summary: "Get an endpoint",
      tags,
      parameters: [webhook],
      responses: { "200": answer("The endpoint.", json(ref("Endpoint"), endpointExample)), ...problemsOfOne() },
    },
    patch: {
      operationId: "changeEndpoint",
      summary: "Change an endpoint",
      description: "What is not given stays, null is the default. Enabled again, it is sent the events from then on.",
      tags,
      parameters: [webhook],
      requestBody: { required: true, content: json(changes, { events: ["run.*"], enabled: true }) },
      responses: {
        "200": answer("As it is now.", json(ref("ChangedEndpoint"), changedEndpointExample)),
        ...problemsOfOne(...bodyProblems, "ENDPOINT_DECLARED", "SECRET_MISSING", "CONFIG_INVALID"),
      },
    },
    delete: {
      operationId: "removeEndpoint",
      summary: "Remove an endpoint",
      description: "What was still to be sent to it is not sent.",
      tags,
      parameters: [webhook],
      responses: { "204": answer("It is gone."), ...problemsOfOne("ENDPOINT_DECLARED") },
    },
  },
  "/v1/webhooks/{webhook}/test": {
    post: {
      operationId: "testEndpoint",
      summary: "Send a sample event to an endpoint",
      description:
        "To it alone, whatever it subscribes to and though it is disabled. Answered after the first attempt.",
      tags,
      parameters: [webhook],
      requestBody: body({ event_type: { type: "string" } }, ["event_type"], { event_type: "run.failed" }),
      responses: {
        "200": answer(
          "The delivery with what came of it.",
          json(ref("WholeDelivery"), wholeDeliveryExample(endpointId)),
        ),
        ...problemsOfOne(...bodyProblems, "SHUTTING_DOWN"),
      },
    },
  },
  "/v1/webhooks/{webhook}/rotate-secret": {
    post: {
      operationId: "rotateEndpointSecret",
      summary: "Exchange the secret of an endpoint",
      description:
        "For keep_old_for both count: they take turns in signature_header, the old one in attempts 1, 3, …, with the " +
        "other signature in a header of that name and -Other; webhook-signature has both.",
      tags,
      parameters: [webhook],
      requestBody: body(
        {
          secret,
          keep_old_for: { type: ["string", "number", "null"], description: "A duration of at most 30d; 24h." },
        },
        [],
        { keep_old_for: "24h" },
      ),
      responses: {
        "200": answer(
          "The endpoint, and its new secret this once.",
          json(ref("EndpointWithSecret"), endpointWithSecretExample),
        ),
        ...problemsOfOne(...bodyProblems, "ENDPOINT_DECLARED", "SECRET_MISSING", "CONFIG_INVALID"),
      },
    },
  },
  ...deliveryPaths({
    one: "/v1/webhooks/{webhook}",
    parameter: webhook,
    what: "an endpoint",
    infix: "",
    id: endpointId,
    problems: ["ENDPOINT_NOT_FOUND", "ENDPOINT_GONE"],
  }),
};
