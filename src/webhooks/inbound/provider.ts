// What there is to know about a kind of sender, as data: a new provider is one more file in providers/.

export interface InboundProvider {
  readonly name: string;
  /** A request with any of these headers comes from this provider; empty for the fallback. Names in lower case. */
  readonly detectedBy: readonly string[];
  readonly eventType: EventTypeSource;
  readonly signature: SignatureScheme;
  /** When the request was signed; absent: the provider does not sign a time, so an old request cannot be told. */
  readonly timestamp?: TimestampScheme;
}

/** Where the provider writes the name of the event. */
export type EventTypeSource =
  | { readonly from: "header"; readonly header: string }
  /** A text at the top level of a JSON body. */
  | { readonly from: "json_field"; readonly field: string }
  | { readonly from: "nowhere" };

/** An HMAC-SHA256, and how it is written down. */
export interface SignatureScheme {
  /** The first of these that is present is the signature; the others are not looked at. */
  readonly places: readonly SignaturePlace[];
  /** What stands before the digest. */
  readonly prefix: string;
  readonly prefixRequired: boolean;
  readonly encoding: "hex";
  /** The parts of what is signed, in order. */
  readonly signed: readonly SignedPart[];
}

export type SignaturePlace =
  { readonly in: "header"; readonly name: string } | { readonly in: "query"; readonly name: string };

export type SignedPart =
  | { readonly part: "text"; readonly text: string }
  /** The timestamp header exactly as received. */
  | { readonly part: "timestamp" }
  /** The exact bytes received. */
  | { readonly part: "body" };

export interface TimestampScheme {
  /** Seconds since the Unix epoch in decimal digits. */
  readonly header: string;
  /** How far it may be from now, before or after. */
  readonly toleranceMs: number;
}
