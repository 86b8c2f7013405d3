// The forms in which events are followed over HTTP: NDJSON, or server-sent events, whose id is that of the event.

import type { EventJson } from "../core/event-json.ts";

export interface EventFormat {
  readonly contentType: string;
  encode(event: EventJson): string;
  /** What a silent stream sends so that nothing between takes it for dead. */
  readonly heartbeat: string;
}

export const eventFormats = {
  ndjson: {
    contentType: "application/x-ndjson",
    encode: (event) => `${JSON.stringify(event)}\n`,
    heartbeat: "\n",
  },
  /** Without a name: whoever uses an EventSource would have to know each type to hear of it. */
  sse: {
    contentType: "text/event-stream",
    encode: (event) => `id: ${event.id}\ndata: ${JSON.stringify(event)}\n\n`,
    heartbeat: ": still here\n\n",
  },
} as const satisfies Readonly<Record<string, EventFormat>>;

export const eventFormNames = ["json", "ndjson", "sse"] as const;
