// What of an endpoint is secret, sealed for the store: its secret, the one before it, and the values of its headers.

import type { SecretBox } from "../../secrets/secrets.ts";
import type { StoredEndpoint } from "../../store/store.ts";

/** As they were given: references, or the secrets themselves. */
export interface EndpointSecrets {
  readonly secret: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The one before, while it still counts. */
  readonly previous: string | null;
}

export type SealedSecrets = Pick<StoredEndpoint, "secret" | "previousSecret">;

export class EndpointVault {
  readonly #openBox: () => Promise<SecretBox>;

  /** @param openBox asked when there is something to seal or to open. @throws {AppError} CONFIG_INVALID. */
  constructor(openBox: () => Promise<SecretBox>) {
    this.#openBox = openBox;
  }

  /** @throws {AppError} CONFIG_INVALID for the key. */
  async seal(id: string, { secret, headers, previous }: EndpointSecrets): Promise<SealedSecrets> {
    const box = await this.#openBox();
    return {
      secret: box.seal(placeOf(id), JSON.stringify({ secret, headers })),
      previousSecret: previous === null ? null : box.seal(previousPlaceOf(id), previous),
    };
  }

  /** Null where they were sealed with another key. @throws {AppError} CONFIG_INVALID for the key. */
  async open(id: string, { secret: sealed, previousSecret }: SealedSecrets): Promise<EndpointSecrets | null> {
    const box = await this.#openBox();
    try {
      const { secret, headers } = JSON.parse(box.open(placeOf(id), sealed)) as Omit<EndpointSecrets, "previous">;
      return { secret, headers, previous: previousSecret && box.open(previousPlaceOf(id), previousSecret) };
    } catch {
      return null;
    }
  }
}

/** No secret that is set by itself has such a name. */
function placeOf(id: string): { readonly name: string; readonly pipeline: null } {
  return { name: `secret of endpoint ${id}`, pipeline: null };
}

function previousPlaceOf(id: string): ReturnType<typeof placeOf> {
  return { name: `secret before that of endpoint ${id}`, pipeline: null };
}
