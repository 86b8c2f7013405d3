// What pipelines of this suite find outside of themselves: a folder, a repository, and somebody to notify.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { JsonValue } from "../../../src/core/json.ts";
import { BareRepository } from "../../fixtures/git/bare-repository.ts";
import type { Target } from "../../../src/webhooks/webhooks.ts";

let made = 0;

export interface Surroundings {
  readonly vars: Readonly<Record<string, JsonValue>>;
  /** Commits a README.md of this text to the repository. */
  readonly push: (text: string) => void;
}

/** For texts that ask for them, new ones each time: the var `folder`; `repository`, of git, and its commit `first`. */
export function makeSurroundings(below: string, text: string): Surroundings {
  const path = join(below, `folder-${String(++made)}`);
  const folder = text.includes("((folder))") ? { folder: path } : {};
  if ("folder" in folder) mkdirSync(path);
  if (!text.includes("((repository))")) return { vars: folder, push: noRepository };
  const repository = new BareRepository(`${path}.git`);
  const first = repository.push("first");
  return { vars: { ...folder, repository: repository.path, first }, push: (each) => void repository.push(each) };
}

function noRepository(text: string): never {
  throw new Error(`there is no ((repository)) in the file that ${text} could be pushed to`);
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
