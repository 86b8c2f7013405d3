// The sender's side, by the same table: a request that the provider's own verification accepts.

import { AppError } from "../../core/app-error.ts";
import type { WebhookAlgorithm } from "../../core/webhook-provider.ts";
import { JsonBody } from "./json-body.ts";
import type { InboundProvider, SignatureForm, SignaturePlace, SignatureScheme } from "./provider.ts";
import { hasItsHeaders } from "./find-by-headers.ts";
import { findProvider } from "./provider-table.ts";
import { computeHmac, keyBytes } from "./signature-key.ts";
import { writeSignature } from "./signature.ts";
import { buildMessage } from "./signed-message.ts";

export interface RequestToSign {
  readonly provider: string;
  readonly secret: string;
  readonly algorithm?: WebhookAlgorithm;
  /** Written where the provider has a header for it. */
  readonly eventType: string;
  readonly deliveryId: string;
  readonly body: Uint8Array;
  readonly contentType: string;
  /** Where it is sent to, as the receiver knows its own address. */
  readonly url: string;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
}

export interface SignedRequestParts {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly url: string;
  readonly body: Uint8Array;
}

/** What is put together, step by step. */
interface Draft {
  readonly headers: Record<string, string>;
  url: string;
  body: Uint8Array;
}

/** @throws {AppError} USAGE where only the provider itself can sign, or the secret or the body is none for it. */
export function signRequest(request: RequestToSign): SignedRequestParts {
  const provider = findProvider(request.provider);
  if (provider === undefined) throw new AppError("USAGE", `there is no provider ${JSON.stringify(request.provider)}`);
  const { scheme, form, key } = chooseForm(provider, request);
  const { url, body, nowMs } = request;
  const draft: Draft = { headers: originHeaders(provider, scheme, request), url, body };
  const time = writeTime(scheme, draft, nowMs);
  if (form.algorithm === "token") put(draft, scheme.places[0], writeSignature({ form, bytes: key }));
  else
    put(draft, scheme.places[0], time.beside + writeSignature({ form, bytes: sign(scheme, form, key, draft, time) }));
  return draft;
}

interface ChosenForm {
  readonly scheme: SignatureScheme;
  readonly form: SignatureForm;
  readonly key: Uint8Array;
}

/** The first that the secret is a key for. */
function chooseForm(provider: InboundProvider, { secret, algorithm }: RequestToSign): ChosenForm {
  const forms = provider.schemes
    .filter(({ askedFor }) => askedFor === algorithm)
    .flatMap((scheme) => scheme.forms.map((form) => ({ scheme, form, key: keyBytes(form.key, secret) })));
  for (const { scheme, form, key } of forms) {
    if (form.algorithm !== "ed25519" && key !== undefined) return { scheme, form, key };
  }
  if (forms.some(({ form, key }) => form.algorithm === "ed25519" && key !== undefined)) {
    throw new AppError("USAGE", `${provider.name} signs with a private key, and the secret here is the public one`, {
      hint: "only the sender itself can sign such requests",
    });
  }
  throw new AppError("USAGE", `the secret is none that ${provider.name} signs with`);
}

/** What tells the provider, the event and the delivery. */
function originHeaders(
  provider: InboundProvider,
  scheme: SignatureScheme,
  request: RequestToSign,
): Record<string, string> {
  const headers: Record<string, string> = { "content-type": request.contentType };
  const values = [
    { sources: provider.eventType, value: request.eventType },
    { sources: provider.deliveryId, value: request.deliveryId },
  ];
  for (const { sources, value } of values) {
    const source = sources.find(({ from }) => from === "header");
    if (source?.from === "header") headers[source.header] = value;
  }
  for (const part of scheme.signed) if (part.part === "header") headers[part.name] = request.deliveryId;
  const [mark] = provider.detectedBy;
  if (mark?.prefix !== undefined && !hasItsHeaders(provider, headers)) headers[mark.header] = `${mark.prefix}0`;
  return headers;
}

interface WrittenTime {
  /** As it is signed. */
  readonly text: string;
  /** What stands before the signature. */
  readonly beside: string;
}

function writeTime({ timestamp, separator }: SignatureScheme, draft: Draft, nowMs: number): WrittenTime {
  const text = String(Math.floor(nowMs / 1000));
  switch (timestamp?.in) {
    case undefined:
      return { text: "", beside: "" };
    case "header":
      draft.headers[timestamp.name] = text;
      return { text, beside: "" };
    case "signature":
      return { text, beside: `${timestamp.name}=${text}${separator ?? ""}` };
    case "json":
      draft.body = withField(draft.body, timestamp.name, nowMs);
      return { text: "", beside: "" };
  }
}

function sign(
  scheme: SignatureScheme,
  form: SignatureForm,
  key: Uint8Array,
  draft: Draft,
  { text }: WrittenTime,
): Uint8Array {
  const digestParameter = scheme.signed.find((part) => part.part === "form")?.digestParameter;
  const isForm = draft.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true;
  if (digestParameter !== undefined && !isForm && draft.body.length > 0) {
    draft.url = withParameter(
      draft.url,
      digestParameter,
      new Bun.CryptoHasher("sha256").update(draft.body).digest("hex"),
    );
  }
  const target = new URL(draft.url);
  const built = buildMessage(scheme, {
    request: {
      url: target.pathname + target.search,
      headers: draft.headers,
      query: Object.fromEntries(target.searchParams),
      body: draft.body,
    },
    timestamp: text,
    publicUrl: target.origin,
  });
  if (!built.ok) throw new AppError("INTERNAL", `a request could not be signed: ${built.reason}`);
  return computeHmac(form.algorithm === "hmac-sha1" ? "hmac-sha1" : "hmac-sha256", key, built.message);
}

function put(draft: Draft, place: SignaturePlace | undefined, value: string): void {
  switch (place?.in) {
    case undefined:
      return;
    case "header":
      draft.headers[place.name] = value;
      return;
    case "query":
      draft.url = withParameter(draft.url, place.name, value);
      return;
    case "json":
      draft.body = withField(draft.body, place.name, value);
  }
}

function withParameter(address: string, name: string, value: string): string {
  const url = new URL(address);
  url.searchParams.set(name, value);
  return url.href;
}

/** @throws {AppError} USAGE where the body is no JSON object. */
function withField(body: Uint8Array, name: string, value: unknown): Uint8Array {
  const { object } = new JsonBody(body);
  if (object === null) {
    throw new AppError(
      "USAGE",
      `the body has to be a JSON object: this provider writes ${JSON.stringify(name)} into it`,
    );
  }
  return Buffer.from(JSON.stringify({ ...object, [name]: value }));
}
