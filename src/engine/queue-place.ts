// The place of a run in the queue, as its pipeline's config says: its priority and its concurrency key.

import { createHash } from "node:crypto";
import type { InboundRequest } from "../core/inbound-request.ts";
import type { PipelineConfig } from "../core/pipeline-config.ts";
import { loadExpressions } from "./load-expressions.ts";
import type { NewRun } from "../store/store.ts";

/** Longer ones, as a sender can make them, are cut, and told apart by a hash. */
const maxKeyCharacters = 200;

/**
 * A run without a webhook leaves the holes empty that ask about one; so does one whose request has nothing there.
 * `warn` is told of a hole whose value cannot be part of a text; it is left empty too.
 */
export function findQueuePlace(
  { pipeline, params, createdAt }: Pick<NewRun, "pipeline" | "params" | "createdAt">,
  { priority = 0, concurrencyLimit, concurrencyKey: template }: PipelineConfig,
  request: InboundRequest | null,
  warn: (problem: string) => void,
): Pick<NewRun, "priority" | "concurrencyKey"> {
  if (concurrencyLimit === undefined) return { priority, concurrencyKey: null };
  // Two kinds, so that no text of a config or a sender is the key of a pipeline by chance.
  if (template === undefined) return { priority, concurrencyKey: `pipeline:${pipeline}` };
  const key = template.includes("${") ? fill(template, request, params, createdAt, warn) : template;
  return { priority, concurrencyKey: `key:${shorten(key)}` };
}

/** A key in words: `the concurrency key "deploy"`. */
export function describeKey(key: string): string {
  const [, kind, name = ""] = /^(pipeline|key):([^]*)$/.exec(key) ?? [];
  return kind === "pipeline" ? `the key of pipeline ${name}` : `the concurrency key ${JSON.stringify(name)}`;
}

function fill(
  template: string,
  request: InboundRequest | null,
  params: NewRun["params"],
  atMs: number,
  warn: (problem: string) => void,
): string {
  const { createTemplateVariables, fillTemplate } = loadExpressions();
  const nothing = { provider: "", eventType: "", method: "", headers: {}, query: {}, body: "" };
  const source = request === null ? nothing : { ...request, body: new TextDecoder().decode(request.body) };
  const filled = fillTemplate(template, createTemplateVariables(source, params), () => atMs);
  if (!filled.ok) warn(`its concurrency key cannot be filled: ${filled.message}`);
  return filled.text;
}

function shorten(key: string): string {
  if (key.length <= maxKeyCharacters) return key;
  const hash = createHash("sha256").update(key).digest("hex").slice(0, 16);
  return `${key.slice(0, maxKeyCharacters)}…${hash}`;
}
