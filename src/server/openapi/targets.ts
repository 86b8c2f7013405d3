// The targets of the API, described.

import { deliveryPaths } from "./deliveries.ts";
import { answer, guardedProblems, json, objectOf, orNull, parameter, type Paths, type Schema } from "./describe.ts";

const tags = ["Endpoints"];
const name = parameter("path", "target", "As in [targets.NAME] of runner.toml.", { type: "string" }, "ops");

const target: Schema = objectOf({
  name: { type: "string" },
  type: { type: "string", description: "ntfy, gotify, slack, discord, matrix, telegram, email or webhook." },
});

const test: Schema = objectOf({
  target: { type: "string" },
  delivered: { type: "boolean" },
  status: orNull({ type: "integer", description: "HTTP status, or the reply code of a mail server." }),
  error: orNull(objectOf({ code: { type: "string" }, message: { type: "string" } })),
  duration_ms: { type: "integer" },
  response: { type: "string", description: "The beginning of the answer." },
});

export const targetPaths: Paths = {
  "/api/targets": {
    get: {
      operationId: "listTargets",
      summary: "List the targets of notifications",
      tags,
      responses: {
        "200": answer(
          "All of them, in the order of runner.toml, without what is secret.",
          json(objectOf({ targets: { type: "array", items: target } }), { targets: [{ name: "ops", type: "ntfy" }] }),
        ),
        ...guardedProblems(),
      },
    },
  },
  "/api/targets/{target}/test": {
    post: {
      operationId: "testTarget",
      summary: "Send a notification to a target now",
      description: "It is sent once, and no record of it is kept.",
      tags,
      parameters: [name],
      responses: {
        "200": answer(
          "What came of it.",
          json(test, { target: "ops", delivered: true, status: 200, error: null, duration_ms: 52, response: "{}" }),
        ),
        ...guardedProblems("TARGET_NOT_FOUND"),
      },
    },
  },
  ...deliveryPaths({
    one: "/api/targets/{target}",
    parameter: name,
    what: "a target",
    infix: "Target",
    id: "tgt_ops",
    problems: ["TARGET_NOT_FOUND"],
  }),
};
