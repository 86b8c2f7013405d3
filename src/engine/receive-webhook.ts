// A webhook becomes a run: its pipeline, its signature, its record, and what its caller is answered.

import { AppError } from "../core/app-error.ts";
import type { InboundRequest, WebhookResponse } from "../core/inbound-request.ts";
import type { WebhookConfig } from "../core/pipeline-config.ts";
import type { Catalog, PipelineVersion } from "../pipelines/pipelines.ts";
import type { InboundRecord } from "../store/store.ts";
import { type InboundVerdict, toInboundRequest, verifyInbound } from "../webhooks/webhooks.ts";
import type { ReceivedRequest, WebhookAnswer } from "./contract.ts";
import { getVersion } from "./get-pipeline.ts";
import { maskRequest } from "./mask-secrets.ts";
import { newRun } from "./new-run.ts";
import { RepeatedWarnings } from "./repeated-warnings.ts";
import { resolveParams } from "./resolve-params.ts";
import type { RunParts } from "./run-parts.ts";
import type { RunRegistry } from "./run-registry.ts";
import type { UploadedSecrets } from "./uploaded-secrets.ts";
import { evaluateWhen } from "./webhook-condition.ts";
import { webhookSecrets } from "./webhook-secrets.ts";

/** A flood of forged requests must not fill the disk: of those refused only the newest are kept, per pipeline. */
const keptRefusals = 100;
const refused = "a webhook was refused";

export interface WebhookReceiverOptions {
  readonly parts: RunParts;
  readonly catalog: Pick<Catalog, "get" | "list">;
  readonly uploadedSecrets: Pick<UploadedSecrets, "find">;
  readonly runs: RunRegistry;
  /** How long a caller waits for `http.respond`. */
  readonly timeoutMs: number;
  /** The address that others reach the server by; null: not known. */
  readonly publicUrl: string | null;
  readonly newId: () => string;
}

export class WebhookReceiver {
  readonly #options: WebhookReceiverOptions;
  readonly #warnings: RepeatedWarnings;
  #refusals = 0;

  constructor(options: WebhookReceiverOptions) {
    this.#options = options;
    this.#warnings = new RepeatedWarnings(options.parts.logger, options.parts.clock);
  }

  /** See {@link Engine.receiveWebhook}. */
  async receive(received: ReceivedRequest): Promise<WebhookAnswer> {
    const version = getVersion(this.#options.catalog, received.pipeline);
    const { webhook } = version.config;
    if (webhook === false) {
      throw new AppError("WEBHOOK_DISABLED", `pipeline ${JSON.stringify(received.pipeline)} takes no webhooks`, {
        hint: "remove `webhook: false` from its exported config",
      });
    }
    const verdict = await this.#verify(received, webhook);
    const request = maskRequest(this.#options.parts.redactor, toInboundRequest(received, verdict));
    if (!verdict.accepted) await this.#refuse(received.pipeline, request, verdict.reason);
    if (!(await this.#isWanted(received.pipeline, webhook, request))) return { type: "skipped" };
    return await this.#run(received.pipeline, version, request);
  }

  async #verify(received: ReceivedRequest, webhook: WebhookConfig): Promise<InboundVerdict> {
    const { parts, uploadedSecrets, publicUrl } = this.#options;
    const secrets: string[] = [];
    for (const secret of webhookSecrets(webhook, uploadedSecrets.find(received.pipeline))) {
      const resolved = await parts.secrets.resolve(secret, received.pipeline);
      if (!resolved.ok) {
        this.#warnings.warn(refused, { pipeline: received.pipeline, reason: resolved.message });
        throw new AppError("SECRET_MISSING", "the pipeline's webhook secret is not available on the server", {
          hint: "the server's log says which one; `runner check` shows it too",
        });
      }
      secrets.push(resolved.value);
    }
    return verifyInbound(received, { ...webhook, secrets, publicUrl, nowMs: parts.clock.now() });
  }

  /** Whether the pipeline's condition holds; a request of which it does not is on record when this resolves. */
  async #isWanted(pipeline: string, { when }: WebhookConfig, request: InboundRequest): Promise<boolean> {
    if (when === undefined) return true;
    const { holds, problem } = evaluateWhen(when, request, this.#options.parts.clock.now());
    if (holds) return true;
    if (problem !== null) this.#warnings.warn("a webhook's condition has no value", { pipeline, reason: problem });
    await this.#keepRefused(pipeline, request, problem === null ? "condition_false" : "condition_invalid");
    return false;
  }

  /** @throws {AppError} SIGNATURE_INVALID always; the caller is not told why. */
  async #refuse(pipeline: string, request: InboundRequest, reason: string): Promise<never> {
    this.#warnings.warn(refused, { pipeline, reason, provider: request.provider });
    await this.#keepRefused(pipeline, request, reason);
    throw new AppError("SIGNATURE_INVALID", "the request's signature is missing or not valid", {
      hint: "sign the exact body with the pipeline's webhook secret",
    });
  }

  /** Records a request that starts no run; of these only the newest are kept. */
  async #keepRefused(pipeline: string, request: InboundRequest, reason: string): Promise<void> {
    const trim = this.#refusals++ % keptRefusals === 0;
    const record = this.#record(pipeline, request, { verdict: "refused", reason, runId: null });
    await this.#options.parts.store.commit([
      { type: "inbound.put", record },
      ...(trim ? [{ type: "inbound.trim_refused", pipeline, keep: keptRefusals } as const] : []),
    ]);
  }

  #record(
    pipeline: string,
    request: InboundRequest,
    outcome: Pick<InboundRecord, "verdict" | "reason" | "runId">,
  ): InboundRecord {
    const { parts, newId } = this.#options;
    return { id: newId(), pipeline, receivedAt: parts.clock.now(), request, ...outcome };
  }

  async #run(pipeline: string, version: PipelineVersion, request: InboundRequest): Promise<WebhookAnswer> {
    const { parts, runs, timeoutMs, newId } = this.#options;
    const runId = newId();
    const record = this.#record(pipeline, request, { verdict: "accepted", reason: null, runId });
    const run = newRun({
      id: runId,
      pipeline,
      trigger: "webhook",
      bundleHash: version.bundle.hash,
      params: resolveParams(version.config, {}, "webhook"),
      inboundId: record.id,
      createdAt: record.receivedAt,
    });
    if (asksForStream(version, request)) {
      await runs.submit({ run, version, request, writes: [{ type: "inbound.put", record }] });
      return { type: "stream", runId };
    }
    const answer = Promise.withResolvers<WebhookResponse | null>();
    const stopTimer = parts.clock.after(timeoutMs, () => answer.resolve(null));
    const submitted = runs.submit({
      run,
      version,
      request,
      writes: [{ type: "inbound.put", record }],
      onResponse: (response) => answer.resolve(response),
    });
    const stopWaiting = runs.onEnd(runId, () => answer.resolve(null));
    try {
      await submitted;
      const response = await answer.promise;
      return response === null ? { type: "accepted", runId } : { type: "response", runId, ...response };
    } finally {
      stopTimer();
      stopWaiting();
    }
  }
}

/** Where the pipeline does not offer its log, the parameter is the script's own. */
function asksForStream({ config }: PipelineVersion, { query }: InboundRequest): boolean {
  const offered = config.webhook !== false && config.webhook.stream === true;
  const asked = Object.hasOwn(query, "stream") ? query["stream"] : undefined;
  return offered && (asked === "1" || asked === "true" || asked === "");
}
