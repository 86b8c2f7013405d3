// What pipelines of this suite find outside of themselves: a folder, and somebody to notify.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { JsonValue } from "../../../src/core/json.ts";
import type { Target } from "../../../src/webhooks/webhooks.ts";

let made = 0;

/** The var `folder`, a new one each time, for texts that ask for it. */
export function makeFolder(below: string, text: string): Readonly<Record<string, JsonValue>> {
  if (!text.includes("((folder))")) return {};
  const folder = join(below, `folder-${String(++made)}`);
  mkdirSync(folder);
  return { folder };
}

export interface Notified {
  readonly target: Target;
  /** What it was told, in order. */
  readonly messages: readonly string[];
  close(): Promise<void>;
}

/** The target `team`. */
export function openNotified(): Notified {
  const messages: string[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      messages.push(await request.text());
      return new Response("told");
    },
  });
  const url = `http://127.0.0.1:${String(server.port)}/`;
  return {
    target: { name: "team", type: "webhook", values: { url, method: "POST", format: "text" } },
    messages,
    close: async () => await server.stop(true),
  };
}
