// What is wrong with a version that is good enough to be in force: the secret of its webhook, targets that are not there.

import { findAuthorSource } from "./author-source.ts";
import { findYamlWarnings, type YamlWarningSources } from "./find-yaml-warnings.ts";
import { locateConfigField } from "./locate-config-field.ts";
import { createError, type PipelineVersion, type Problem } from "./pipeline.ts";

/** Why a secret (`env:NAME`, `file:/path`, `secret:NAME` or the text itself) cannot be used by a pipeline, or null. */
export type CheckSecret = (reference: string, pipeline: string) => string | null | Promise<string | null>;

export interface WarningSources extends YamlWarningSources {
  readonly checkSecret?: CheckSecret;
  /** The webhook secret that was given with an upload of this pipeline. */
  readonly findUploadedSecret?: (pipeline: string) => string | undefined;
}

const closedMeanwhile = "until then its webhook answers 503 SECRET_MISSING";
const removeIt = "upload the file with --no-webhook-secret to have that one removed";

export async function findWarnings(
  id: string,
  version: PipelineVersion,
  sources: WarningSources,
): Promise<readonly Problem[]> {
  return [
    ...(await findSecretWarnings(id, version, sources)),
    ...findTargetWarnings(version, sources),
    ...(await findYamlWarnings(id, version, sources)),
  ];
}

function findTargetWarnings(version: PipelineVersion, { checkTarget }: WarningSources): readonly Problem[] {
  const rules = version.config.notify ?? [];
  return rules.flatMap(({ to }, index) =>
    to.flatMap((name) => {
      const reason = checkTarget?.(name) ?? null;
      const source = reason === null ? null : findAuthorSource(version.bundle, version.file);
      const place = source === null ? null : locateRule(version.file, source, index);
      return reason === null ? [] : [warn(version, `config.notify: ${reason}`, "until then nobody is told", place)];
    }),
  );
}

/** One rule may stand there without a list. */
function locateRule(file: string, source: string, index: number): ReturnType<typeof locateConfigField> {
  return (
    locateConfigField(file, source, `config.notify[${index}].to`) ?? locateConfigField(file, source, "config.notify.to")
  );
}

async function findSecretWarnings(
  id: string,
  version: PipelineVersion,
  { checkSecret, findUploadedSecret }: WarningSources,
): Promise<readonly Problem[]> {
  const { webhook } = version.config;
  const uploaded = findUploadedSecret?.(id);
  if (webhook === false) {
    const message = "the file says webhook: false, so the secret that was given with an upload is not used";
    return uploaded === undefined ? [] : [warn(version, message, removeIt)];
  }
  if (webhook.secret === undefined) {
    const reason = uploaded === undefined ? null : ((await checkSecret?.(uploaded, id)) ?? null);
    return reason === null ? [] : [warn(version, `the secret given with the upload: ${reason}`, closedMeanwhile)];
  }
  const warnings: Problem[] = [];
  for (const secret of typeof webhook.secret === "string" ? [webhook.secret] : webhook.secret) {
    const reason = (await checkSecret?.(secret, id)) ?? null;
    if (reason !== null) warnings.push(warnOfSecret(version, reason, closedMeanwhile));
  }
  if (uploaded !== undefined) {
    const message = "the webhook secret in the file wins over the one that was given with an upload";
    warnings.push(warnOfSecret(version, message, removeIt));
  }
  return warnings;
}

function warnOfSecret(version: PipelineVersion, message: string, hint: string): Problem {
  const source = findAuthorSource(version.bundle, version.file);
  return warn(
    version,
    message,
    hint,
    source === null ? null : locateConfigField(version.file, source, "config.webhook.secret"),
  );
}

function warn(
  { file }: PipelineVersion,
  message: string,
  hint: string,
  place: ReturnType<typeof locateConfigField> = null,
): Problem {
  return { ...createError(file, message, hint, place), severity: "warning" };
}
