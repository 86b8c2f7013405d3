// Uploads: a file that loads goes into the pipelines folder together with its webhook's secret, which is kept outside
// of it; and their removal.

import { AppError } from "../core/app-error.ts";
import { type Catalog, checkUploadId, type Problem, type UploadSteps } from "../pipelines/pipelines.ts";
import { parseSecretReference } from "../secrets/secrets.ts";
import type { Store } from "../store/store.ts";
import type { Redactor } from "../telemetry/telemetry.ts";
import type { PipelineUpload, UploadedPipeline } from "./contract.ts";
import type { PipelineEvents } from "./events/pipeline-events.ts";
import { ValidationEvents } from "./events/validation-events.ts";
import { getPipeline } from "./get-pipeline.ts";
import type { UploadedSecrets } from "./uploaded-secrets.ts";

export interface PipelineUploaderOptions {
  readonly catalog: Pick<Catalog, "get" | "list" | "upload" | "check" | "remove">;
  readonly store: Pick<Store, "commit">;
  readonly secrets: UploadedSecrets;
  readonly events: Pick<PipelineEvents, "commitVersion">;
  readonly redactor: Pick<Redactor, "json">;
  readonly now: () => number;
}

const maxSecretLength = 4096;

export class PipelineUploader {
  readonly #options: PipelineUploaderOptions;

  constructor(options: PipelineUploaderOptions) {
    this.#options = options;
  }

  /** See {@link Engine.setPipeline}. */
  async set(id: string, upload: PipelineUpload): Promise<Omit<UploadedPipeline, "overview">> {
    const { source, extension, webhookSecret: secret } = upload;
    if (typeof secret === "string") checkSecret(secret);
    const { catalog } = this.#options;
    const validation = await this.#beginValidation(id, extension, "upload");
    const steps = this.#createSteps(id, secret, validation);
    const { change } = await catalog.upload({ id, source, extension }, steps).catch(async (thrown: unknown) => {
      await validation.failedBy(thrown);
      throw thrown;
    });
    const problems = catalog.get(id)?.problems ?? [];
    return {
      change: change === "unchanged" && steps.secretChanged() ? "updated" : change,
      warnings: problems.map(describeProblem),
    };
  }

  /** See {@link Engine.checkPipeline}. */
  async check(id: string, { source, extension }: PipelineUpload): Promise<readonly Problem[]> {
    const { catalog, store } = this.#options;
    const validation = await this.#beginValidation(id, extension, "check");
    try {
      const problems = await catalog.check({ id, source, extension });
      const errors = problems.filter(({ severity }) => severity === "error").length;
      if (errors === 0) await store.commit([validation.completed(problems)]);
      else await validation.failed(problems, `${id}${extension} does not load`);
      return problems;
    } catch (thrown) {
      await validation.failedBy(thrown);
      throw thrown;
    }
  }

  async #beginValidation(id: string, extension: string, purpose: "upload" | "check"): Promise<ValidationEvents> {
    checkUploadId(id);
    return await ValidationEvents.begin(this.#options, { pipeline: id, file: id + extension, purpose });
  }

  /** See {@link Engine.removePipeline}. */
  async remove(id: string): Promise<void> {
    const { catalog, secrets } = this.#options;
    await catalog.remove(id, {
      after: async (wasThere) => {
        // A file that was removed by hand has left its secret.
        if (secrets.find(id) !== undefined) await this.#setSecret(id, null);
        else if (!wasThere) getPipeline(catalog, id);
      },
    });
  }

  /**
   * A webhook is never open for a moment that has, or is to have, a secret: a given one is stored before the file is in
   * its place, and one that is to go goes after that.
   */
  #createSteps(
    id: string,
    secret: string | null | undefined,
    validation: ValidationEvents,
  ): UploadSteps & { readonly secretChanged: () => boolean } {
    const { store, secrets, events } = this.#options;
    let known: string | undefined;
    return {
      secretChanged: () => secret !== undefined && (secret ?? undefined) !== known,
      before: async (version, bundle) => {
        known = secrets.find(id);
        await events.commitVersion(version, [
          ...(typeof secret === "string" ? [await secrets.createWrite(id, secret)] : []),
          { type: "bundle.put", bundle, config: version.config },
          { type: "version.put", version },
          validation.completed([]),
        ]);
        if (typeof secret === "string") secrets.set(id, secret);
      },
      undo: async (version) => {
        if (version === null) await store.commit([{ type: "version.remove", pipeline: id }]);
        else await events.commitVersion(version, [{ type: "version.put", version }]);
        if (typeof secret === "string") await this.#setSecret(id, known ?? null);
      },
      after: async () => {
        if (secret === null && known !== undefined) await this.#setSecret(id, null);
      },
    };
  }

  async #setSecret(id: string, secret: string | null): Promise<void> {
    const { store, secrets } = this.#options;
    await store.commit([await secrets.createWrite(id, secret)]);
    secrets.set(id, secret);
  }
}

function describeProblem({ severity, line, message, hint }: Problem): string {
  const text = `${line === null ? "" : `line ${line}: `}${message}${hint === null ? "" : `; ${hint}`}`;
  return severity === "warning" ? text : `the file on the server was changed since and does not load: ${text}`;
}

/** @throws {AppError} VALIDATION_FAILED, without any part of the secret. */
function checkSecret(secret: string): void {
  parseSecretReference(secret);
  const isText = secret.isWellFormed() && !secret.includes("\0");
  if (isText && secret.length <= maxSecretLength) return;
  const reason = isText ? `is longer than ${maxSecretLength} characters` : "holds characters that no text has";
  throw new AppError("VALIDATION_FAILED", `the webhook secret ${reason}`, {
    hint: "name a file on the server that holds it: file:/path",
  });
}
