// An event as it leaves the server: the envelope that endpoints are sent and the API lists.

import type { EventRecord } from "./event.ts";
import type { JsonValue } from "./json.ts";

export interface EventJson {
  readonly id: string;
  readonly type: string;
  /** RFC 3339, UTC, with milliseconds. */
  readonly created_at: string;
  readonly data: EventRecord["data"];
  readonly metadata: Readonly<Record<string, JsonValue>>;
}

/** `metadata`: what is configured to be told with each event. */
export function eventToJson(event: EventRecord, metadata: Readonly<Record<string, string>>): EventJson {
  const { runId, pipeline, sequence } = event;
  return {
    id: event.id,
    type: event.type,
    created_at: new Date(event.createdAt).toISOString(),
    data: event.data,
    metadata: {
      ...metadata,
      ...(pipeline === null ? {} : { pipeline }),
      ...(runId === null ? {} : { run_id: runId }),
      ...(sequence === null ? {} : { sequence }),
    },
  };
}
