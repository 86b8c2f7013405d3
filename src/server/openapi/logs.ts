// The logs of the API, described: text, NDJSON and events.

import { logFormatNames } from "../choose-log-format.ts";
import { answer, content, guardedProblems, type JsonObject, parameter, type Paths } from "./describe.ts";
import { logExample } from "./examples.ts";
import { runParameter } from "./runs.ts";

/** The log of a run that its caller has just started. */
export const wholeEvents = content(
  "text/event-stream",
  {
    type: "string",
    description: "Event run with its id, an event log for each LogEntry, and event end with the finished Run.",
  },
  logExample("sse", true),
);

const forms: JsonObject = {
  ...content("text/plain", { type: "string" }, logExample("text", false)),
  ...content(
    "application/x-ndjson",
    { type: "string", description: "A LogEntry in each line." },
    logExample("ndjson", false),
  ),
  ...content(
    "text/event-stream",
    {
      type: "string",
      description: "An event log for each LogEntry, its id the entry's seq; event end with the finished Run.",
    },
    logExample("sse", false),
  ),
};

export const logPaths: Paths = {
  "/api/runs/{run}/logs": {
    get: {
      operationId: "readLogs",
      summary: "Read or follow a run's log",
      description:
        "The form goes by Accept, or by format, which wins. A followed log ends when the run has ended. Silent " +
        "streams send an empty line (NDJSON) or a comment (events) every 10 s.",
      tags: ["Runs"],
      parameters: [
        runParameter,
        parameter("query", "format", "The form.", { enum: logFormatNames }, "ndjson"),
        parameter(
          "query",
          "follow",
          "Go on until the run has ended; events do so without being asked.",
          { enum: ["1", "0", "true", "false"] },
          "1",
        ),
        parameter("query", "after", "Only entries with a greater seq.", { type: "integer", minimum: 0 }, 0),
        parameter(
          "header",
          "Last-Event-ID",
          "Of events: go on behind this one. Wins over after.",
          { type: "string", pattern: "^([0-9]{1,15}|end)$" },
          "17",
        ),
      ],
      responses: {
        "200": answer("The log.", forms),
        "204": answer("Nothing is left to be told: Last-Event-ID was that of the event end."),
        ...guardedProblems("VALIDATION_FAILED", "RUN_NOT_FOUND"),
      },
    },
  },
};
