// What of an endpoint is secret: looked up for each attempt, and masked wherever it turns up.

import { isHeaderValue } from "../../core/header-field.ts";
import { looksLikeReference, type SecretReader, type SecretResult } from "../../secrets/secrets.ts";
import type { Redactor } from "../../telemetry/telemetry.ts";
import type { EndpointCredentials } from "./endpoint-registry-contract.ts";
import type { KeptEndpoint } from "./kept-endpoint.ts";

/** Values of other headers may be words that are in every second line. */
const tokenHeader = /auth|cookie|token|secret|key|password/i;

const unsendable = "what its reference leads to holds a line break, or characters that no header can hold";

/** Never rejects. */
export async function resolveCredentials(
  { endpoint, secrets, previousUntil }: KeptEndpoint,
  reader: SecretReader,
  now: number,
): Promise<EndpointCredentials> {
  if (secrets === null) {
    return { ok: false, field: "secret", message: "its secret does not open with the key of this server" };
  }
  const isOver = previousUntil !== null && previousUntil <= now;
  // What is given as it is was masked when it came.
  const resolve = async (given: string): Promise<SecretResult> =>
    looksLikeReference(given) ? await reader.resolve(given, null) : { ok: true, value: given };
  const values: string[] = [];
  for (const given of isOver ? secrets.slice(0, 1) : secrets) {
    const secret = await resolve(given);
    if (!secret.ok) return { ok: false, field: "secret", message: secret.message };
    values.push(secret.value);
  }
  const headers: (readonly [string, string])[] = [];
  for (const [name, given] of Object.entries(endpoint.headers)) {
    const value = await resolve(given);
    const field = `headers.${name}`;
    if (!value.ok) return { ok: false, field, message: `header ${name}: ${value.message}` };
    if (!isHeaderValue(value.value)) return { ok: false, field, message: `header ${name}: ${unsendable}` };
    headers.push([name, value.value]);
  }
  return { ok: true, secrets: values, headers: Object.fromEntries(headers) };
}

/** What is given as it is; what references lead to is masked by whoever reads it. */
export function maskCredentials({ endpoint, secrets }: KeptEndpoint, redactor: Pick<Redactor, "add">): void {
  for (const secret of secrets ?? []) if (!looksLikeReference(secret)) redactor.add(`secret of ${endpoint.id}`, secret);
  for (const [name, value] of Object.entries(endpoint.headers)) {
    if (tokenHeader.test(name) && !looksLikeReference(value)) redactor.add(`${name} of ${endpoint.id}`, value);
  }
}
