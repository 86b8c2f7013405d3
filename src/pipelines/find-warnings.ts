// What is wrong around a version that is good in itself: the secret of its webhook.

import { findAuthorSource } from "./author-source.ts";
import { locateField } from "./locate-field.ts";
import { createError, type PipelineVersion, type Problem } from "./pipeline.ts";

/** Why a secret (`env:NAME`, `file:/path` or the text itself) cannot be used, or null. */
export type CheckSecret = (reference: string) => string | null | Promise<string | null>;

export async function findWarnings(version: PipelineVersion, checkSecret?: CheckSecret): Promise<readonly Problem[]> {
  const { config, file, bundle } = version;
  const secret = config.webhook === false ? undefined : config.webhook.secret;
  if (secret === undefined || !checkSecret) return [];
  const reason = await checkSecret(secret);
  if (reason === null) return [];
  const source = findAuthorSource(bundle, file);
  const place = source === null ? null : locateField(source, "config.webhook.secret");
  const hint = "until then its webhook answers 503 SECRET_MISSING";
  return [{ ...createError(file, reason, hint, place), severity: "warning" }];
}
