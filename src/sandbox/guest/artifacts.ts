// `artifacts`: files kept with the run, saved by the host.

import { call } from "./calls.ts";
import { defineGlobal } from "./host.ts";
import { volumeName } from "./volumes.ts";

/** A plain text is content and never a path: what came with a webhook could else name any file of the machine. */
function describeContent(content: unknown): object {
  if (typeof content === "string") return { text: content };
  const { text, path, volume } = (typeof content === "object" && content !== null ? content : {}) as {
    text?: unknown;
    path?: unknown;
    volume?: unknown;
  };
  if (typeof text === "string" && path === undefined && volume === undefined) return { text };
  if (typeof path === "string" && text === undefined) {
    return { path, ...(volume === undefined ? {} : { volume: volumeName(volume, "artifacts.save") }) };
  }
  throw new TypeError("artifacts.save: the content is a text, { text }, { path }, or { volume, path }");
}

export function installArtifacts(): void {
  defineGlobal("artifacts", {
    save: async (name: unknown, content: unknown): Promise<unknown> => {
      if (typeof name !== "string") throw new TypeError("artifacts.save: takes a name and the content");
      return await call("artifact", "artifacts.save", { name, ...describeContent(content) });
    },
  });
}
