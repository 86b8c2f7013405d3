// Webhook secrets that were given with uploads: all in memory, so that a webhook costs no read of the database.

import type { PipelineConfig } from "../core/pipeline-config.ts";
import type { Store } from "../store/store.ts";

/** Where the secret of a pipeline's webhook is from; null: there is none. */
export type SecretSource = "file" | "upload" | null;

export class UploadedSecrets {
  readonly #secrets: Map<string, string>;

  private constructor(secrets: ReadonlyMap<string, string>) {
    this.#secrets = new Map(secrets);
  }

  /** Nobody else writes to the database of a server. */
  static async load(store: Pick<Store, "webhookSecrets">): Promise<UploadedSecrets> {
    return new UploadedSecrets(await store.webhookSecrets.all());
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

  /** After it was stored. */
  set(pipeline: string, secret: string | null): void {
    if (secret === null) this.#secrets.delete(pipeline);
    else this.#secrets.set(pipeline, secret);
  }
}
