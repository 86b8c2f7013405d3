// News for runs that wait for it, described: decisions by the API and by link, signals.

import type { ErrorCode } from "../../core/app-error.ts";
import { maxDeciderName, maxNewsText } from "../../core/news-name.ts";
import {
  answer,
  content,
  everybody,
  guardedProblems,
  type JsonObject,
  json,
  parameter,
  type Paths,
  problems,
  ref,
} from "./describe.ts";
import { runExample } from "./examples.ts";
import { runParameter } from "./runs.ts";

const tags = ["Runs"];
const text = (maxLength: number): JsonObject => ({ type: "string", maxLength });
const textOrNull = (maxLength: number): JsonObject => ({ type: ["string", "null"], maxLength });
const nameSchema: JsonObject = { type: "string", minLength: 1, maxLength: 100 };

const decision: JsonObject = {
  type: "object",
  required: ["approved"],
  properties: {
    approved: { type: "boolean" },
    by: { ...textOrNull(maxDeciderName), description: 'Who decides, in their own words; else "api".' },
    comment: { ...textOrNull(maxNewsText), description: "Given to the script." },
  },
};

const form: JsonObject = {
  type: "object",
  required: ["decision"],
  properties: {
    decision: { enum: ["approve", "deny"] },
    by: { ...text(maxDeciderName), description: 'Else "link".' },
    comment: text(maxNewsText),
  },
};

const bodyProblems = [
  "INVALID_JSON",
  "VALIDATION_FAILED",
  "BODY_TIMEOUT",
  "BODY_TOO_LARGE",
  "UNSUPPORTED_ENCODING",
] as const;
const page = content("text/html", { type: "string" }, "<!doctype html>…");
const code = parameter(
  "path",
  "code",
  "Of the link, which the log of the run tells.",
  { type: "string" },
  "019c11a5.1.1769828400.mac",
);

/** A page for a person, a problem for a program. */
function linkProblems(...more: readonly ErrorCode[]): JsonObject {
  const described = problems("BAD_REQUEST", "NOT_FOUND", "LINK_USED", "LINK_EXPIRED", "HEADERS_TOO_LARGE", ...more);
  return Object.fromEntries(
    Object.entries(described).map(([status, each]) => {
      const { content: contents, ...rest } = each as { readonly content: JsonObject };
      return [status, { ...rest, content: { ...contents, ...page } }];
    }),
  );
}

export const newsPaths: Paths = {
  "/api/runs/{run}/approvals/{name}": {
    post: {
      operationId: "decideApproval",
      summary: "Approve or deny what a run waits for",
      description: "Only the first decision counts. The problem of one that comes too late tells the state of the run.",
      tags,
      parameters: [runParameter, parameter("path", "name", "As the script has named it.", nameSchema, "deploy")],
      requestBody: { required: true, content: json(decision, { approved: true, by: "ada", comment: "go ahead" }) },
      responses: {
        "200": answer("The run; the decision is recorded.", json(ref("Run"), runExample)),
        ...guardedProblems(
          ...bodyProblems,
          "RUN_NOT_FOUND",
          "APPROVAL_NOT_FOUND",
          "RUN_ALREADY_ENDED",
          "APPROVAL_DECIDED",
          "SHUTTING_DOWN",
        ),
      },
    },
  },
  "/api/runs/{run}/signals/{name}": {
    post: {
      operationId: "sendSignal",
      summary: "Send a run the signal that it waits for",
      description:
        "Every call of the run that waits for this name gets the value. Signals that nobody waits for are not kept.",
      tags,
      parameters: [runParameter, parameter("path", "name", "As the script has named it.", nameSchema, "ready")],
      requestBody: {
        required: false,
        content: json({ description: "Any JSON up to 256 KiB; nothing is null." }, { build: 17 }),
      },
      responses: {
        "200": answer("The run; the signal is recorded.", json(ref("Run"), runExample)),
        ...guardedProblems(
          ...bodyProblems,
          "RUN_NOT_FOUND",
          "RUN_ALREADY_ENDED",
          "SIGNAL_NOT_AWAITED",
          "SHUTTING_DOWN",
        ),
      },
    },
  },
  "/approve/{code}": {
    get: {
      operationId: "showApproval",
      summary: "The page of an approval, by its link",
      description:
        "Whoever has the link may decide this one approval, once, until it expires: with the approval, after a week at " +
        "the latest. Looking changes nothing. Errors are pages for who accepts text/html.",
      tags,
      security: everybody,
      parameters: [code],
      responses: { "200": answer("The page, with two buttons.", page), ...linkProblems() },
    },
    post: {
      operationId: "decideByLink",
      summary: "Approve or deny by the page's form",
      tags,
      security: everybody,
      parameters: [code],
      requestBody: {
        required: true,
        content: content("application/x-www-form-urlencoded", form, { decision: "approve", by: "ada", comment: "" }),
      },
      responses: {
        "200": answer("A page that says so.", page),
        ...linkProblems(
          "CROSS_SITE",
          "VALIDATION_FAILED",
          "BODY_TIMEOUT",
          "BODY_TOO_LARGE",
          "UNSUPPORTED_ENCODING",
          "STORE_UNAVAILABLE",
          "SHUTTING_DOWN",
        ),
      },
    },
  },
};
