// What there is to know about a kind of sender, as data: a new provider is one more file in providers/.

import type { ProviderName, WebhookAlgorithm } from "../../core/webhook-provider.ts";

export interface InboundProvider {
  readonly name: ProviderName;
  /** A request with any of these comes from this provider; empty: only a pipeline can say so, by its name. */
  readonly detectedBy: readonly HeaderMark[];
  /** Where the name of the event is; the first place that has one counts. */
  readonly eventType: readonly ValueSource[];
  /** Where that is which tells one delivery, and its repetitions, from all others. */
  readonly deliveryId: readonly ValueSource[];
  /** The first that the request has a signature and the pipeline a secret of counts; the last where there is none. */
  readonly schemes: readonly SignatureScheme[];
  /** Signatures are believed only where a pipeline names the provider: the algorithm is weak, or the key is public. */
  readonly pinnedOnly?: true;
}

/** Names in lower case. `prefix`: what the value begins with; absent: any value. */
export interface HeaderMark {
  readonly header: string;
  readonly prefix?: string;
}

export type ValueSource =
  | { readonly from: "header"; readonly header: string }
  /** A text in a JSON body, or a number that stands for one of `names`. */
  | { readonly from: "json"; readonly path: readonly string[]; readonly names?: Readonly<Record<string, string>> };

/** How a request proves where it is from. */
export interface SignatureScheme {
  /** The first of these that is present is the signature; the others are not looked at. */
  readonly places: readonly SignaturePlace[];
  /** Headers without which the scheme does not count. */
  readonly requires?: readonly string[];
  /** Between several signatures, and whatever else stands there; absent: the text is one signature. */
  readonly separator?: "," | " ";
  readonly forms: readonly SignatureForm[];
  /** The parts of what is signed, in order; none for a token. */
  readonly signed: readonly SignedPart[];
  /** When the request was signed; absent: the provider signs no time, so an old request cannot be told. */
  readonly timestamp?: TimestampSource;
  /** Counts only where the pipeline asks for this algorithm, and then alone. */
  readonly askedFor?: WebhookAlgorithm;
}

export type SignaturePlace =
  | { readonly in: "header"; readonly name: string }
  | { readonly in: "query"; readonly name: string }
  /** At the top level of a JSON body. */
  | { readonly in: "json"; readonly name: string };

/** How one signature is written and checked. */
export interface SignatureForm {
  readonly prefix: string;
  readonly prefixRequired: boolean;
  /** `token`: the secret itself, in clear. */
  readonly algorithm: "hmac-sha256" | "hmac-sha1" | "ed25519" | "token";
  readonly encoding: "hex" | "base64" | "text";
  readonly key: KeyFormat;
}

/** What the configured secret is: the key as a text, or a key in hex or base64, with or without its mark before it. */
export type KeyFormat = "text" | "hex" | "whsec" | "base64" | "whpk";

export type SignedPart =
  | { readonly part: "text"; readonly text: string }
  /** Exactly as received. */
  | { readonly part: "timestamp" }
  | { readonly part: "header"; readonly name: string }
  /** The exact bytes received. */
  | { readonly part: "body" }
  /** The address as the sender knows it. */
  | { readonly part: "address" }
  /** The fields of a form, sorted by name; of another body its SHA-256 stands in the query parameter. */
  | { readonly part: "form"; readonly digestParameter: string };

export interface TimestampSource {
  /** Seconds since the Unix epoch in a header, or beside the signature; milliseconds in a JSON body, which is signed. */
  readonly in: "header" | "signature" | "json";
  readonly name: string;
  /** How far it may be from now, before or after, unless the pipeline says otherwise. */
  readonly toleranceMs: number;
}
