// The events of the API, described: as a list, and followed as they happen.

import { builtInEventTypes } from "../../core/event.ts";
import { eventFormNames } from "../event-format.ts";
import { runListLimits } from "../limits.ts";
import { answer, content, guardedProblems, json, objectOf, orNull, parameter, type Paths, ref } from "./describe.ts";
import { eventExample, eventId, eventStreamExample, pipelineId, runId } from "./examples.ts";

const tags = ["Events"];
const { min: minimum, max: maximum, otherwise } = runListLimits;

export const eventPaths: Paths = {
  "/api/events": {
    get: {
      operationId: "listEvents",
      summary: "List events, newest first, or follow them as they happen",
      description:
        "A list, unless format, Accept or follow asks for NDJSON or server-sent events: those begin with what happens " +
        "from now on, or behind the event that after or Last-Event-ID names, and have no end. Each event comes once it " +
        "is durable; silent streams send an empty line (NDJSON) or a comment every 10 s. Built in are " +
        `${builtInEventTypes.join(", ")}; scripts announce others by events.emit.`,
      tags,
      parameters: [
        parameter(
          "query",
          "type",
          "Only this type, or all below it: run.failed, run.*, *.",
          { type: "string" },
          "run.*",
        ),
        parameter(
          "query",
          "pipeline",
          "Only those of runs of this pipeline, and of itself.",
          { type: "string" },
          pipelineId,
        ),
        parameter("query", "run", "Only those of this run.", { type: "string" }, runId),
        parameter(
          "query",
          "limit",
          "Of a list: how many.",
          { type: "integer", minimum, maximum, default: otherwise },
          10,
        ),
        parameter("query", "cursor", "Of a list: next_cursor of the page before.", { type: "string" }, ""),
        parameter("query", "format", "The form; it wins over Accept.", { enum: eventFormNames }, "json"),
        parameter("query", "follow", "As NDJSON.", { enum: ["1", "0", "true", "false"] }, "0"),
        parameter("query", "after", "Of what is followed: go on behind this event.", { type: "string" }, eventId),
        parameter("header", "Last-Event-ID", "The same of server-sent events; it wins.", { type: "string" }, eventId),
      ],
      responses: {
        "200": answer("The events.", {
          ...json(
            objectOf({ events: { type: "array", items: ref("Event") }, next_cursor: orNull({ type: "string" }) }),
            { events: [eventExample], next_cursor: null },
          ),
          ...content(
            "application/x-ndjson",
            { type: "string", description: "An Event in each line." },
            eventStreamExample("ndjson"),
          ),
          ...content(
            "text/event-stream",
            { type: "string", description: "A message for each Event, with its id." },
            eventStreamExample("sse"),
          ),
        }),
        ...guardedProblems("VALIDATION_FAILED"),
      },
    },
  },
  "/api/events/{event}": {
    get: {
      operationId: "getEvent",
      summary: "Get an event",
      tags,
      parameters: [parameter("path", "event", "Id of the event.", { type: "string" }, eventId)],
      responses: {
        "200": answer("The event.", json(ref("Event"), eventExample)),
        ...guardedProblems("EVENT_NOT_FOUND"),
      },
    },
  },
};
