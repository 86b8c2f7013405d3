// Webhook secrets that were given with uploads: all in memory, so that a webhook costs no read of the database, and in it
// sealed, but for those that only say where a secret is.

import type { PipelineConfig } from "../core/pipeline-config.ts";
import { isSealed, parseSecretReference, type SecretBox, sealedPrefix } from "../secrets/secrets.ts";
import type { Store, WebhookSecretWrite } from "../store/store.ts";

/** Where the secret of a pipeline's webhook is from; null: there is none. */
export type SecretSource = "file" | "upload" | null;

export interface UploadedSecretsOptions {
  readonly store: Pick<Store, "webhookSecrets" | "commit">;
  /** Asked when there is a first secret to seal or to open. @throws {AppError} CONFIG_INVALID. */
  readonly openBox: () => Promise<SecretBox>;
}

/** What they are sealed for, beside their pipeline: no secret that is set by itself has such a name. */
const name = "webhook secret of an upload";

export class UploadedSecrets {
  readonly #openBox: UploadedSecretsOptions["openBox"];
  readonly #secrets = new Map<string, string>();
  readonly #unusable = new Set<string>();

  private constructor(openBox: UploadedSecretsOptions["openBox"]) {
    this.#openBox = openBox;
  }

  /**
   * Nobody else writes to the database of a server. Those that an earlier version stored in clear are sealed now.
   * @throws {AppError} CONFIG_INVALID for the key of secrets that there are, STORE_UNAVAILABLE.
   */
  static async load({ store, openBox }: UploadedSecretsOptions): Promise<UploadedSecrets> {
    const secrets = new UploadedSecrets(openBox);
    const writes: WebhookSecretWrite[] = [];
    for (const [pipeline, stored] of await store.webhookSecrets.all()) {
      secrets.#secrets.set(pipeline, await secrets.#open(pipeline, stored));
      if (isLiteral(stored)) writes.push(await secrets.createWrite(pipeline, stored));
    }
    if (writes.length > 0) await store.commit(writes);
    return secrets;
  }

  /** Pipelines whose secret does not open; their webhooks stay closed. */
  get unusable(): readonly string[] {
    return [...this.#unusable];
  }

  /** A reference, or the secret itself. It stays when the pipeline's file goes: what comes back must not be open. */
  find(pipeline: string): string | undefined {
    return this.#secrets.get(pipeline);
  }

  /** Which secret guards a webhook; the file's own wins. */
  findSource(pipeline: string, config: PipelineConfig | undefined): SecretSource {
    if (config === undefined || config.webhook === false) return null;
    if (config.webhook.secret !== undefined) return "file";
    return this.#secrets.has(pipeline) ? "upload" : null;
  }

  /** How it is stored; null: removed. @throws {AppError} CONFIG_INVALID for the key. */
  async createWrite(pipeline: string, secret: string | null): Promise<WebhookSecretWrite> {
    if (secret === null) return { type: "webhook_secret.remove", pipeline };
    if (!isLiteral(secret)) return { type: "webhook_secret.put", pipeline, secret };
    const sealed = (await this.#openBox()).seal({ name, pipeline }, secret);
    return { type: "webhook_secret.put", pipeline, secret: sealedPrefix + Buffer.from(sealed).toString("base64url") };
  }

  /** After it was stored. */
  set(pipeline: string, secret: string | null): void {
    this.#unusable.delete(pipeline);
    if (secret === null) this.#secrets.delete(pipeline);
    else this.#secrets.set(pipeline, secret);
  }

  /** What does not open stays as it is, which is a reference to nothing. */
  async #open(pipeline: string, stored: string): Promise<string> {
    if (!isSealed(stored)) return stored;
    const box = await this.#openBox();
    try {
      return box.open({ name, pipeline }, Buffer.from(stored.slice(sealedPrefix.length), "base64url"));
    } catch {
      this.#unusable.add(pipeline);
      return stored;
    }
  }
}

function isLiteral(secret: string): boolean {
  try {
    return parseSecretReference(secret).type === "literal";
  } catch {
    return false;
  }
}
