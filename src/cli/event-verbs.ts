// What commands ask of the server about events.

import type { EventJson } from "../core/event-json.ts";
import { isRecord, notRunner } from "./api-answer.ts";

export interface EventFilter {
  readonly type?: string | undefined;
  readonly pipeline?: string | undefined;
  readonly run?: string | undefined;
}

export interface EventVerbs {
  /** Newest first. */
  listEvents(filter: EventFilter & { readonly limit: number }): Promise<readonly EventJson[]>;
  /**
   * What happens behind the event of this id, without an end.
   * @throws {AppError} SERVER_GONE when the connection breaks.
   */
  followEvents(filter: EventFilter, after: string, signal: AbortSignal): AsyncGenerator<EventJson, void, undefined>;
}

type Ask = (path: string) => Promise<unknown>;
type ReadLines = (path: string, signal: AbortSignal) => AsyncIterable<string>;

export function createEventVerbs(url: string, ask: Ask, readLines: ReadLines): EventVerbs {
  const pathOf = (fields: Readonly<Record<string, string | number | undefined>>): string => {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(fields)) if (value !== undefined) query.set(name, String(value));
    return `/api/events?${query.toString()}`;
  };
  return {
    async listEvents({ limit, ...filter }) {
      const answer = await ask(pathOf({ limit, ...filter }));
      if (isRecord(answer) && Array.isArray(answer["events"])) return answer["events"];
      throw notRunner(url);
    },
    async *followEvents(filter, after, signal) {
      for await (const line of readLines(pathOf({ format: "ndjson", after, ...filter }), signal)) {
        yield parseEvent(line, url);
      }
    },
  };
}

function parseEvent(line: string, url: string): EventJson {
  try {
    const event: unknown = JSON.parse(line);
    if (isRecord(event) && typeof event["id"] === "string" && isRecord(event["data"])) {
      return event as unknown as EventJson;
    }
  } catch {}
  throw notRunner(url);
}
