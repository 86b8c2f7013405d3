// The secrets that this server keeps: sealed in the store, open in memory, and masked wherever they turn up.

import { AppError, toAppError } from "../core/app-error.ts";
import { isSecretName, longestSecretBytes } from "../core/secret-name.ts";
import type { SecretBox, SecretResult } from "../secrets/secrets.ts";
import type { Store, StoredSecret } from "../store/store.ts";
import type { Redactor } from "../telemetry/telemetry.ts";

/** A secret without its value. */
export interface SecretOverview {
  readonly name: string;
  /** Null: of every pipeline. */
  readonly pipeline: string | null;
  readonly updatedAt: number;
}

export interface StoredSecretsOptions {
  readonly store: Pick<Store, "secrets" | "commit">;
  /** Asked when there is a first secret. @throws {AppError} CONFIG_INVALID. */
  readonly openBox: () => Promise<SecretBox>;
  readonly redactor: Pick<Redactor, "add">;
  readonly now: () => number;
}

interface OpenSecret extends SecretOverview {
  readonly value: SecretResult;
}

export class StoredSecrets {
  readonly #options: StoredSecretsOptions;
  readonly #secrets = new Map<string, OpenSecret>();
  #box: Promise<SecretBox> | null = null;

  private constructor(options: StoredSecretsOptions) {
    this.#options = options;
  }

  /** Nobody else writes to the database of a server. @throws {AppError} CONFIG_INVALID for the key of secrets that there are. */
  static async load(options: StoredSecretsOptions): Promise<StoredSecrets> {
    const secrets = new StoredSecrets(options);
    for (const stored of await options.store.secrets.all()) secrets.#keep(stored, await secrets.#open(stored));
    return secrets;
  }

  /** By name; a pipeline's own after the one of every pipeline. */
  list(): readonly SecretOverview[] {
    const places = [...this.#secrets.values()].map(({ name, pipeline, updatedAt }) => ({ name, pipeline, updatedAt }));
    return places.toSorted((a, b) => compare(a.name, b.name) || compare(a.pipeline ?? "", b.pipeline ?? ""));
  }

  /** Those that are there and do not open. */
  get unusable(): readonly SecretOverview[] {
    return [...this.#secrets.values()].filter(({ value }) => !value.ok);
  }

  /** A pipeline's own secret comes before that of every pipeline. */
  find(name: string, pipeline: string | null): SecretResult {
    const secret = this.#secrets.get(keyOf(name, pipeline)) ?? this.#secrets.get(keyOf(name, null));
    if (secret !== undefined) return secret.value;
    return { ok: false, message: `there is no secret ${name}; set it with \`runner secret set ${name}\`` };
  }

  /**
   * Sets a secret; it is durable when this resolves.
   * @throws {AppError} VALIDATION_FAILED for the name or the value, CONFIG_INVALID for the key, STORE_UNAVAILABLE.
   */
  async set(
    name: string,
    pipeline: string | null,
    value: string,
  ): Promise<SecretOverview & { readonly isNew: boolean }> {
    checkSecret(name, value);
    // Masked before anybody can read it.
    this.#mask(name, pipeline, value);
    const box = await this.#openBox();
    const updatedAt = this.#options.now();
    const secret = { name, pipeline, sealed: box.seal({ name, pipeline }, value), updatedAt };
    await this.#options.store.commit([{ type: "secret.put", secret }]);
    const isNew = !this.#secrets.has(keyOf(name, pipeline));
    this.#keep(secret, { ok: true, value });
    return { name, pipeline, updatedAt, isNew };
  }

  /** What runs still use of it is masked as long as this process lives. @throws {AppError} SECRET_NOT_FOUND, STORE_UNAVAILABLE. */
  async remove(name: string, pipeline: string | null): Promise<void> {
    if (!this.#secrets.has(keyOf(name, pipeline))) throw notFound(name, pipeline);
    await this.#options.store.commit([{ type: "secret.remove", name, pipeline }]);
    this.#secrets.delete(keyOf(name, pipeline));
  }

  async #open({ name, pipeline, sealed }: StoredSecret): Promise<SecretResult> {
    const box = await this.#openBox();
    try {
      return { ok: true, value: box.open({ name, pipeline }, sealed) };
    } catch (thrown) {
      const { message, hint } = toAppError(thrown);
      return { ok: false, message: `${message}; ${hint ?? ""}` };
    }
  }

  async #openBox(): Promise<SecretBox> {
    this.#box ??= this.#options.openBox();
    try {
      return await this.#box;
    } catch (thrown) {
      this.#box = null;
      throw thrown;
    }
  }

  #keep({ name, pipeline, updatedAt }: StoredSecret, value: SecretResult): void {
    if (value.ok) this.#mask(name, pipeline, value.value);
    this.#secrets.set(keyOf(name, pipeline), { name, pipeline, updatedAt, value });
  }

  #mask(name: string, pipeline: string | null, value: string): void {
    this.#options.redactor.add(`secret:${keyOf(name, pipeline)}`, value);
  }
}

function keyOf(name: string, pipeline: string | null): string {
  return JSON.stringify([name, pipeline]);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Never with the value. */
function checkSecret(name: string, value: string): void {
  const problem = !isSecretName(name)
    ? `the name ${JSON.stringify(name.slice(0, 140))} is none for a secret`
    : value.trim() === ""
      ? "the secret is empty"
      : !value.isWellFormed() || value.includes("\0")
        ? "the secret holds characters that no text has"
        : Buffer.byteLength(value) > longestSecretBytes
          ? `the secret is longer than ${longestSecretBytes} bytes`
          : null;
  if (problem === null) return;
  throw new AppError("VALIDATION_FAILED", problem, {
    hint: "names are like API_KEY: a letter or _ first, then letters, digits, _ . -; a value is text of at most 64 KiB",
  });
}

function notFound(name: string, pipeline: string | null): AppError {
  const whose = pipeline === null ? "of every pipeline" : `of pipeline ${JSON.stringify(pipeline.slice(0, 200))}`;
  return new AppError("SECRET_NOT_FOUND", `there is no secret ${JSON.stringify(name.slice(0, 140))} ${whose}`, {
    hint: "`runner secret list` lists them",
  });
}
