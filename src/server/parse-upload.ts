// The body of an upload: JSON with the file's text, or the file itself as `curl -T` sends it.

import { AppError } from "../core/app-error.ts";
import { findPipelineExtension, type PipelineExtension, pipelineExtensions } from "../core/pipeline-file.ts";
import type { PipelineUpload } from "../engine/engine.ts";
import { parseJson } from "./parse-json.ts";

const fields = ["source", "extension", "webhook_secret"];

/** Whether this content type says that the body is JSON; every other one is the file itself. */
export function isJsonUpload(contentType: string | undefined): boolean {
  return /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(contentType ?? "");
}

/** @throws {AppError} INVALID_JSON, VALIDATION_FAILED naming the field; never with a value: it may be the secret. */
export function parseJsonUpload(body: Uint8Array): PipelineUpload {
  const input = parseJson(body);
  if (!isRecord(input)) throw invalid("body", "must be an object like { source, extension, webhook_secret }");
  for (const field of Object.keys(input)) {
    if (!fields.includes(field)) throw invalid(field.slice(0, 100), `is not one of ${fields.join(", ")}`);
  }
  const { source, extension = ".ts", webhook_secret: webhookSecret } = input;
  if (typeof source !== "string") throw invalid("source", "must be the file's text");
  if (webhookSecret !== undefined && webhookSecret !== null && typeof webhookSecret !== "string") {
    throw invalid("webhook_secret", "must be a text, or null to have a stored one removed");
  }
  return {
    source,
    extension: parseExtension(extension),
    ...(webhookSecret === undefined ? {} : { webhookSecret }),
  };
}

/** @throws {AppError} VALIDATION_FAILED when it is not a text, or a form that a browser would send. */
export function parseFileUpload(
  body: Uint8Array,
  contentType: string | undefined,
  extension: string | undefined,
): PipelineUpload {
  if (/^multipart\//i.test(contentType ?? "")) throw invalid("body", "must be the file itself, not a form", howToSend);
  try {
    const source = new TextDecoder("utf-8", { fatal: true }).decode(body);
    return { source, extension: parseExtension(extension || ".ts") };
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    throw invalid("body", "is not UTF-8 text", howToSend);
  }
}

const howToSend = "send it with curl -T FILE";

function parseExtension(value: unknown): PipelineExtension {
  const extension = findPipelineExtension(value) ?? findPipelineExtension(`.${String(value)}`);
  if (extension !== undefined) return extension;
  throw invalid("extension", `must be one of ${pipelineExtensions.join(", ")}`);
}

function invalid(field: string, message: string, hint?: string): AppError {
  const subject = field === "body" ? "the body" : JSON.stringify(field);
  return new AppError("VALIDATION_FAILED", `${subject} ${message}`, {
    details: { field },
    ...(hint === undefined ? {} : { hint }),
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
