// GET /api/runs/{id}/journal: what a run recorded, as NDJSON in the order in which a replay meets it.

import type { Elysia } from "elysia";
import { journalRecordToJson } from "../../core/journal-json.ts";
import type { JournalRecord } from "../../core/journal-record.ts";
import { lineResponse } from "../line-response.ts";
import { methodNotAllowed } from "../method-not-allowed.ts";
import { readFlag } from "../read-query.ts";
import { parseQuery, splitTarget } from "../request-path.ts";
import type { RouteContext } from "../route-context.ts";

const address = "/api/runs/:id/journal";

const format = {
  encode: (record: JournalRecord): string => `${JSON.stringify(journalRecordToJson(record))}\n`,
  heartbeat: "\n",
};

export function addJournalRoutes(app: Elysia, context: RouteContext): void {
  app
    .get(address, ({ request, params }) => readJournal(request, params.id, context))
    .all(address, ({ request }) => methodNotAllowed(request, "GET, HEAD"));
}

async function readJournal(request: Request, runId: string, context: RouteContext): Promise<Response> {
  const withScript = readFlag(parseQuery(splitTarget(request.url).search), "script", false);
  // Asked first, because once a stream has begun it cannot become a 404.
  await context.engine.getRun(runId);
  const entries = (): AsyncIterable<JournalRecord> => context.engine.readJournal(runId, { withScript });
  const contentType = "application/x-ndjson";
  return lineResponse(request, { entries, format, contentType, opening: "", closing: async () => "" }, context);
}
