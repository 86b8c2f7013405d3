// The API's description is valid OpenAPI, tells of every route and of nothing else, and its examples are true.

import { describe, expect, test } from "bun:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { errorCodes } from "../../../src/core/app-error.ts";
import { runStatuses } from "../../../src/core/run.ts";
import { createRoutes } from "../../../src/server/http-app.ts";
import type { RouteContext } from "../../../src/server/route-context.ts";
import { createServer } from "../../../src/server/server.ts";
import { createFakeEngine, token } from "../../integration/server/fake-engine.ts";
import { type Document, examplesOf, mediaOf, operationsOf, SchemaChecker } from "./described-api.ts";

const engine = createFakeEngine();
const answer = await createServer({ engine, token }).handle(
  new Request("http://nas/swagger/json", { headers: { authorization: `Bearer ${token}` } }),
);
const document = (await answer.json()) as Document;
const operations = operationsOf(document);
const checker = new SchemaChecker(document);

test("it is valid OpenAPI 3.1", async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document) as never);
  expect([valid, errors]).toEqual([true, undefined]);
  expect(document.openapi).toStartWith("3.1");
});

test.each(["post /v1/webhooks", "patch /v1/webhooks/{webhook}"])(
  "%s takes null for each field that has a default",
  (place) => {
    const { operation } = operations.find(({ method, path }) => `${method} ${path}`.toLowerCase() === place) ?? {};
    const { schema = {} } = operation?.requestBody?.content["application/json"] ?? {};
    const { url, events, ...optional } = schema["properties"] as Record<string, unknown>;
    expect([typeof url, typeof events, "when" in optional, "rate_limit" in optional]).toEqual([
      "object",
      "object",
      true,
      true,
    ]);
    const nothing = Object.fromEntries(Object.keys(optional).map((name) => [name, null]));
    const body = { url: "https://nas.example/hook", events: ["*"], ...nothing };
    expect(checker.problemsOf(schema, body)).toBe("");
  },
);

/** What a wildcard route stands for; Elysia's own list knows only the star. */
const wildcards: Readonly<Record<string, readonly string[]>> = {
  "ALL /api/webhooks/*": ["ANY /api/webhooks/{pipeline}"],
  "GET /api/pipelines/*": ["GET /api/pipelines/{pipeline}"],
  "PUT /api/pipelines/*": ["PUT /api/pipelines/{pipeline}"],
  "DELETE /api/pipelines/*": ["DELETE /api/pipelines/{pipeline}"],
  "POST /api/pipelines/*": ["trigger", "pause", "resume", "check", "check-resources"].map(
    (verb) => `POST /api/pipelines/{pipeline}/${verb}`,
  ),
};

test("it tells of every route of the server, and of no other", () => {
  const routes = createRoutes({ engine } as unknown as RouteContext).routes;
  const served = routes.flatMap(({ method, path }) => {
    const known = wildcards[`${method} ${path}`];
    // Every other route for all methods answers that there is no such method.
    if (known === undefined && method === "ALL") return [];
    const run = path.startsWith("/api/runs/") ? path.replace(":id", ":run") : path;
    return known ?? [`${method} ${run.replaceAll(/:(\w+)/g, "{$1}")}`];
  });
  const described = operations.map(({ method, path }) =>
    path.startsWith("/api/webhooks/") ? `ANY ${path}` : `${method} ${path}`,
  );
  expect([...new Set(described)].sort()).toEqual(served.sort());
});

test("each operation has a name of its own, a known tag, and parameters for its path", () => {
  const names = operations.map(({ operation }) => operation.operationId);
  expect(new Set(names).size).toBe(names.length);
  const tags = document.tags.map(({ name }) => name);
  for (const { path, operation } of operations) {
    expect([path, operation.tags.filter((tag) => !tags.includes(tag))]).toEqual([path, []]);
    const inPath = (operation.parameters ?? []).filter((each) => each.in === "path").map(({ name }) => name);
    expect(inPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name));
  }
});

test("webhooks, health, sessions and links of approvals are open, everything else asks for the token and can say 401", () => {
  for (const { path, operation } of operations) {
    const isOpen = /^\/(api\/webhooks\/|healthz$|readyz$|login$|logout$|approve\/)/.test(path);
    expect([path, operation.security?.length === 0]).toEqual([path, isOpen]);
    if (!isOpen) expect(operation.responses).toHaveProperty("401");
  }
});

test("statuses and codes are all that there are", () => {
  const { Run, Problem } = document.components.schemas as Record<string, { properties: Record<string, unknown> }>;
  expect(Run?.properties["status"]).toEqual({ enum: [...runStatuses] });
  expect(Problem?.properties["code"]).toEqual({ enum: Object.keys(errorCodes) });
});

describe("examples", () => {
  test("of parameters fit their schemas", () => {
    for (const { path, operation } of operations) {
      for (const { name, schema, example } of operation.parameters ?? []) {
        expect([path, name, checker.problemsOf(schema, example)]).toEqual([path, name, ""]);
      }
    }
  });

  test("are given for every body and answer, and fit their schemas", () => {
    for (const { where, media } of operations.flatMap(mediaOf)) {
      if (media.schema === undefined) continue;
      const examples = examplesOf(media);
      expect([where, examples.length > 0]).toEqual([where, true]);
      for (const example of examples) {
        expect([where, checker.problemsOf(media.schema, example)]).toEqual([where, ""]);
      }
    }
  });

  test("a checker that took anything would not find these", () => {
    const run = operations.find(({ operation }) => operation.operationId === "getRun")?.operation.responses["200"];
    const media = run?.content?.["application/json"];
    const example = media?.example as Record<string, unknown>;
    for (const wrong of [
      { ...example, status: "done" },
      { ...example, extra: 1 },
      { ...example, steps: undefined },
    ]) {
      expect(checker.problemsOf(media?.schema ?? {}, structuredClone(wrong))).not.toBe("");
    }
  });
});
