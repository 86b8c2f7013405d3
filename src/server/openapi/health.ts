// The health of the server, described.

import { answer, everybody, json, objectOf, type Paths, problems } from "./describe.ts";

const tags = ["Health"];

export const healthPaths: Paths = {
  "/healthz": {
    get: {
      operationId: "getHealth",
      summary: "Is the process alive?",
      tags,
      security: everybody,
      responses: {
        "200": answer("It is.", json(objectOf({ status: { const: "ok" } }), { status: "ok" })),
        ...problems("BAD_REQUEST", "HEADERS_TOO_LARGE"),
      },
    },
  },
  "/readyz": {
    get: {
      operationId: "getReadiness",
      summary: "Does it take new runs?",
      tags,
      security: everybody,
      responses: {
        "200": answer("It does.", json(objectOf({ status: { const: "ready" } }), { status: "ready" })),
        ...problems("BAD_REQUEST", "HEADERS_TOO_LARGE", "SHUTTING_DOWN", "DISK_LOW", "STORE_UNAVAILABLE"),
      },
    },
  },
};
