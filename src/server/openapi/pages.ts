// What browsers use, described: sessions and this documentation.

import {
  answer,
  content,
  everybody,
  header,
  type JsonObject,
  json,
  parameter,
  type Paths,
  problems,
} from "./describe.ts";

const sessions = ["Sessions"];
const documentation = ["Documentation"];

const page = content("text/html", { type: "string" }, "<!doctype html>…");
const nextParameter = parameter("query", "next", "Path on this server to go on to.", { type: "string" }, "/swagger");
const asked = problems("BAD_REQUEST", "HEADERS_TOO_LARGE");
const toLogin: JsonObject = {
  "303": answer(
    "To /login: a browser without a session asked for a page.",
    {},
    { Location: header("Relative.", "./login?next=%2Fswagger") },
  ),
};
const guarded = { ...toLogin, ...problems("BAD_REQUEST", "UNAUTHORIZED", "HEADERS_TOO_LARGE") };

const form: JsonObject = {
  type: "object",
  required: ["token"],
  properties: { token: { type: "string", maxLength: 4096 }, next: { type: "string" } },
};

export const pagePaths: Paths = {
  "/": {
    get: {
      operationId: "getHome",
      summary: "Go to where a browser begins",
      tags: documentation,
      responses: {
        ...guarded,
        "303": answer("To /swagger, or to /login.", {}, { Location: header("Relative.", "./swagger") }),
      },
    },
  },
  "/login": {
    get: {
      operationId: "getLogin",
      summary: "The page where a browser logs in",
      description: "Takes the token typed, or from the fragment of the link that serve prints: /login#token=…",
      tags: sessions,
      security: everybody,
      parameters: [nextParameter],
      responses: { "200": answer("The page.", page), ...asked },
    },
    post: {
      operationId: "logIn",
      summary: "Begin a session",
      description:
        "The session is a cookie (HttpOnly, SameSite=Strict) for 30 days; a new token ends it. The API takes it only " +
        "with Sec-Fetch-Site: same-origin, so it is for the server's own pages; programs send the token.",
      tags: sessions,
      security: everybody,
      requestBody: {
        required: true,
        content: content("application/x-www-form-urlencoded", form, { token: "the token", next: "/swagger" }),
      },
      responses: {
        "303": answer(
          "To the next page.",
          {},
          {
            Location: header("Relative.", "./swagger"),
            "Set-Cookie": header("The session.", "runner_1b4f0e98=…; Path=/; HttpOnly; SameSite=Strict"),
          },
        ),
        ...problems(
          "BAD_REQUEST",
          "CROSS_SITE",
          "BODY_TIMEOUT",
          "BODY_TOO_LARGE",
          "UNSUPPORTED_ENCODING",
          "HEADERS_TOO_LARGE",
        ),
        "401": answer("The page again: this is not the token.", page),
      },
    },
  },
  "/logout": {
    post: {
      operationId: "logOut",
      summary: "End the session",
      tags: sessions,
      security: everybody,
      responses: {
        "303": answer("To /login.", {}, { Location: header("Relative.", "./login") }),
        ...problems("BAD_REQUEST", "CROSS_SITE", "HEADERS_TOO_LARGE"),
      },
    },
  },
  "/swagger": {
    get: {
      operationId: "getDocumentation",
      summary: "This documentation as a page",
      tags: documentation,
      responses: { "200": answer("The page.", page), ...guarded },
    },
  },
  "/swagger/json": {
    get: {
      operationId: "getOpenApi",
      summary: "This documentation as OpenAPI",
      tags: documentation,
      responses: {
        "200": answer(
          "OpenAPI 3.1.",
          json({ type: "object", required: ["openapi", "info", "paths"] }, { openapi: "3.1.0", info: {}, paths: {} }),
        ),
        ...guarded,
      },
    },
  },
  "/swagger/scalar.js": {
    get: {
      operationId: "getDocumentationScript",
      summary: "The program of the documentation's page",
      tags: documentation,
      responses: {
        "200": answer("A script that is part of the executable.", content("text/javascript", { type: "string" }, "…"), {
          ETag: header("For If-None-Match.", '"1b4f0e98"'),
        }),
        "304": answer("The browser has it."),
        ...guarded,
      },
    },
  },
};
