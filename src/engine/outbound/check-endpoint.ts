// What of an endpoint can be judged only where expressions, secrets and addresses are known, and what is worth a warning.

import { didYouMean } from "../../core/did-you-mean.ts";
import { builtInEventTypes } from "../../core/event.ts";
import { FieldProblems, fieldsInvalid } from "../../core/field-problem.ts";
import type { Catalog } from "../../pipelines/pipelines.ts";
import { findSecretProblem, looksLikeReference } from "../../secrets/secrets.ts";
import { type EndpointFields, findUnmatched, standardKey } from "../../webhooks/webhooks.ts";
import { loadExpressions } from "../load-expressions.ts";
import type { EndpointCredentials } from "./endpoint-registry-contract.ts";

export interface EndpointWarning {
  readonly field: string;
  readonly message: string;
}

/** Fewer can be guessed. */
const fewSecretCharacters = 16;

/**
 * @param checkUrl why deliveries may not go to an address; null: they may.
 * @throws {AppError} FIELDS_INVALID with every problem.
 */
export async function checkEndpoint(
  fields: EndpointFields,
  secret: string | null,
  checkUrl: (url: string) => Promise<string | null>,
): Promise<void> {
  const problems = new FieldProblems();
  const refused = await checkUrl(fields.url);
  if (refused !== null) problems.add("url", `is refused: ${refused}`);
  if (fields.when !== null) {
    const wrong = loadExpressions().checkEventCondition(fields.when);
    if (wrong !== null)
      problems.add("when", `is no condition: ${wrong}`, "it may ask about id, type, created_at, data and metadata");
  }
  for (const [name, value] of Object.entries(fields.headers)) {
    if (looksLikeReference(value)) checkSecret(`headers.${name}`, value, problems);
  }
  if (secret !== null) checkSecret("secret", secret, problems);
  if (problems.list.length > 0) throw fieldsInvalid(problems.list);
}

function checkSecret(field: string, text: string, problems: FieldProblems): void {
  const problem = findSecretProblem(text);
  const hint = text.trim() === "" ? "leave it out to have one made" : (problem?.hint ?? null);
  if (problem !== null) problems.add(field, `cannot be used: ${problem.message}`, hint);
}

/** What endpoints may name. */
export interface KnownThings {
  /** Types of events on record; asked for once where a pattern is for none that is built in. */
  readonly recordedTypes: () => Promise<ReadonlySet<string>>;
  readonly pipelines: Pick<Catalog, "get" | "list">;
}

/** What whoever makes or changes an endpoint should know. */
export async function findWarnings(
  fields: EndpointFields,
  credentials: EndpointCredentials,
  { recordedTypes, pipelines }: KnownThings,
): Promise<readonly EndpointWarning[]> {
  const unusual = findUnmatched(fields.events, builtInEventTypes);
  const unmatched = unusual.length === 0 ? [] : findUnmatched(unusual, [...(await recordedTypes())]);
  const warnings: EndpointWarning[] = unmatched.map((pattern) => {
    const message = `${pattern} matches no event that is known: only scripts could announce it, by events.emit`;
    return { field: "events", message };
  });
  for (const id of fields.pipelines.filter((each) => pipelines.get(each) === undefined)) {
    const near = didYouMean(
      id,
      pipelines.list().map((pipeline) => pipeline.id),
    );
    const hint = near === undefined ? "" : `: did you mean ${near}?`;
    warnings.push({ field: "pipelines", message: `there is no pipeline ${id} now${hint}` });
  }
  if (!credentials.ok) return [...warnings, { field: credentials.field, message: credentials.message }];
  const [secret = ""] = credentials.secrets;
  if (standardKey(secret) === undefined) {
    const message = "is not whsec_ and then the base64 of 24 to 64 bytes, so no headers of Standard Webhooks are sent";
    warnings.push({ field: "secret", message: `the secret ${message}, only ${fields.signatureHeader}` });
  }
  if (secret.length < fewSecretCharacters) {
    warnings.push({ field: "secret", message: `the secret has less than ${fewSecretCharacters} characters` });
  }
  return warnings;
}
