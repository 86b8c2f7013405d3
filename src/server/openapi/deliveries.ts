// What was sent to a destination and sending it again, described once for endpoints and targets.

import type { ErrorCode } from "../../core/app-error.ts";
import { deliveryStatuses } from "../../core/delivery.ts";
import { runListLimits } from "../limits.ts";
import {
  answer,
  bodyProblems,
  guardedProblems,
  json,
  type JsonObject,
  objectOf,
  parameter,
  type Paths,
  ref,
} from "./describe.ts";
import { deliveryExample, deliveryId, wholeDeliveryExample } from "./endpoint-examples.ts";

interface DescribedKind {
  /** Path of one destination. */
  readonly one: string;
  readonly parameter: JsonObject;
  /** As in `the deliveries to an endpoint`. */
  readonly what: string;
  /** Put into operation ids, for those are unique. */
  readonly infix: string;
  /** Of the destination in examples. */
  readonly id: string;
  /** Answered where there is no such destination. */
  readonly problems: readonly ErrorCode[];
}

const tags = ["Endpoints"];
const { min: minimum, max: maximum, otherwise } = runListLimits;
const delivery = parameter("path", "delivery", "Id of the delivery.", { type: "string", minLength: 1 }, deliveryId);
const listQuery = [
  parameter("query", "status", "Only those that are so.", { enum: deliveryStatuses }, "failed"),
  parameter("query", "limit", "How many.", { type: "integer", minimum, maximum, default: otherwise }, 10),
  parameter("query", "cursor", "next_cursor of the page before.", { type: "string" }, ""),
];
const page = objectOf({
  deliveries: { type: "array", items: ref("Delivery") },
  next_cursor: { type: ["string", "null"] },
});
const since = {
  type: "object",
  additionalProperties: false,
  required: ["since"],
  properties: { since: { type: "string" } },
};

export function deliveryPaths({ one, parameter: name, what, infix, id, problems }: DescribedKind): Paths {
  const problemsOfOne = (...codes: readonly ErrorCode[]): JsonObject => guardedProblems(...problems, ...codes);
  const listed = { deliveries: [deliveryExample(id)], next_cursor: null };
  return {
    [`${one}/recover`]: {
      post: {
        operationId: `recover${infix}Deliveries`,
        summary: `Send ${what} again what was given up`,
        tags,
        parameters: [name],
        requestBody: { content: json(since, { since: "2026-02-01T00:00:00Z" }) },
        responses: {
          "202": answer(
            "How many deliveries begin anew.",
            json(objectOf({ recovered: { type: "integer" } }), { recovered: 12 }),
          ),
          ...problemsOfOne(...bodyProblems, "SHUTTING_DOWN"),
        },
      },
    },
    [`${one}/deliveries`]: {
      get: {
        operationId: `list${infix}Deliveries`,
        summary: `List the deliveries to ${what}, newest first`,
        tags,
        parameters: [name, ...listQuery],
        responses: {
          "200": answer("A page of them; next_cursor leads to the next one.", json(page, listed)),
          ...problemsOfOne("VALIDATION_FAILED"),
        },
      },
    },
    [`${one}/deliveries/{delivery}`]: {
      get: {
        operationId: `get${infix}Delivery`,
        summary: `Get a delivery to ${what} with its event and its attempts`,
        tags,
        parameters: [name, delivery],
        responses: {
          "200": answer("The delivery.", json(ref("WholeDelivery"), wholeDeliveryExample(id))),
          ...problemsOfOne("DELIVERY_NOT_FOUND"),
        },
      },
    },
    [`${one}/deliveries/{delivery}/retry`]: {
      post: {
        operationId: `retry${infix}Delivery`,
        summary: `Send a delivery to ${what} again`,
        description: "Also one that was delivered, which is marked: its attempts begin anew, the first at once.",
        tags,
        parameters: [name, delivery],
        responses: {
          "202": answer("It is due.", json(ref("Delivery"), deliveryExample(id))),
          ...problemsOfOne("DELIVERY_NOT_FOUND", "SHUTTING_DOWN"),
        },
      },
    },
  };
}
