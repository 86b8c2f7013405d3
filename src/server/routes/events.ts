// GET /api/events: a list, or NDJSON or server-sent events that are followed, by Accept, ?format= or ?follow=1; and
// GET /api/events/{id}.

import type { Elysia } from "elysia";
import { AppError } from "../../core/app-error.ts";
import { longestEventType } from "../../core/event.ts";
import { eventToJson } from "../../core/event-json.ts";
import { acceptsEvents } from "../choose-log-format.ts";
import { eventFormats, eventFormNames } from "../event-format.ts";
import { jsonResponse } from "../json-response.ts";
import { runListLimits } from "../limits.ts";
import { lineResponse } from "../line-response.ts";
import { methodNotAllowed } from "../method-not-allowed.ts";
import { readChoice, readFlag, readInteger } from "../read-query.ts";
import { parseQuery, splitTarget } from "../request-path.ts";
import type { RouteContext } from "../route-context.ts";

export function addEventRoutes(app: Elysia, context: RouteContext): void {
  app
    .get("/api/events", ({ request }) => readEvents(request, context))
    .all("/api/events", ({ request }) => methodNotAllowed(request, "GET, HEAD"))
    .get("/api/events/:event", async ({ params }) =>
      jsonResponse(eventToJson(await context.engine.events.get(params.event), context.eventMetadata())),
    )
    .all("/api/events/:event", ({ request }) => methodNotAllowed(request, "GET, HEAD"));
}

type Query = Readonly<Record<string, string>>;

async function readEvents(request: Request, context: RouteContext): Promise<Response> {
  const query = parseQuery(splitTarget(request.url).search);
  const form = chooseForm(query, request.headers.get("accept"));
  const filter = readFilter(query);
  if (form !== "json") return await followEvents(request, { query, form, filter }, context);
  const { engine, eventMetadata } = context;
  const limit = readInteger(query, "limit", runListLimits);
  const cursor = query["cursor"] ? { cursor: query["cursor"] } : {};
  const { events, nextCursor } = await engine.events.list({ ...filter, ...cursor, limit });
  return jsonResponse({ events: events.map((event) => eventToJson(event, eventMetadata())), next_cursor: nextCursor });
}

function chooseForm(query: Query, accept: string | null): (typeof eventFormNames)[number] {
  const asked = readChoice(query, "format", eventFormNames);
  const follows = readFlag(query, "follow");
  if (asked !== undefined) return asked === "json" && follows ? "ndjson" : asked;
  if (acceptsEvents(accept)) return "sse";
  // Whoever takes both, as the commands do for all that they ask, asks for no stream.
  const takes = (type: RegExp): boolean => type.test(accept ?? "");
  const wantsLines = takes(/\bapplication\/(?:x-)?ndjson\b/i) && !takes(/\bapplication\/json\b/i);
  return follows || wantsLines ? "ndjson" : "json";
}

interface Filter {
  readonly type?: string;
  readonly pipeline?: string;
  readonly runId?: string;
}

function readFilter(query: Query): Filter {
  const { type: pattern = "*", pipeline, run } = query;
  const type = pattern === "*" || pattern === "" ? undefined : readPattern(pattern);
  return { ...(type ? { type } : {}), ...(pipeline ? { pipeline } : {}), ...(run ? { runId: run } : {}) };
}

/** `run.*` as the store takes it. @throws {AppError} VALIDATION_FAILED for a star elsewhere. */
function readPattern(pattern: string): string {
  const type = pattern.endsWith(".*") ? pattern.slice(0, -1) : pattern;
  if (/^[\w-]+(?:\.[\w-]+)*\.?$/.test(type) && type.length <= longestEventType) return type;
  const shown = JSON.stringify(pattern.slice(0, 100));
  throw new AppError(
    "VALIDATION_FAILED",
    `the query parameter "type" is ${shown}, not a type as run.failed, run.* or *`,
    { details: { parameter: "type" } },
  );
}

interface Following {
  readonly query: Query;
  readonly form: "ndjson" | "sse";
  readonly filter: Filter;
}

async function followEvents(
  request: Request,
  { query, form, filter }: Following,
  context: RouteContext,
): Promise<Response> {
  const { engine, eventMetadata } = context;
  const { contentType, encode, heartbeat } = eventFormats[form];
  // An EventSource that comes back sends this beside the address it was given.
  const after = (form === "sse" ? request.headers.get("last-event-id") : null) || query["after"] || undefined;
  const leaving = new AbortController();
  // Asked first, because once a stream has begun it cannot become an error.
  const entries = await engine.events.follow({
    ...filter,
    ...(after === undefined ? {} : { after }),
    signal: leaving.signal,
  });
  const begin = (signal: AbortSignal): typeof entries => {
    signal.addEventListener("abort", () => leaving.abort(), { once: true });
    return entries;
  };
  const format = {
    heartbeat,
    encode: (event: Parameters<typeof eventToJson>[0]) => encode(eventToJson(event, eventMetadata())),
  };
  // The headers go with the first byte.
  return lineResponse(
    request,
    { format, contentType, opening: heartbeat, entries: begin, closing: async () => "" },
    context,
  );
}
