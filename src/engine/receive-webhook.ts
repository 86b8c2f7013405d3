// A webhook becomes a run: its pipeline, its signature, its record, and what its caller is answered.

import { AppError, toAppError } from "../core/app-error.ts";
import type { InboundRequest, WebhookResponse } from "../core/inbound-request.ts";
import type { WebhookConfig } from "../core/pipeline-config.ts";
import type { Catalog, PipelineVersion } from "../pipelines/pipelines.ts";
import type { InboundRecord, Write } from "../store/store.ts";
import { claimedOrigin, type InboundVerdict, toInboundRequest, verifyInbound } from "../webhooks/webhooks.ts";
import type { ReadBody, ReceivedRequest, RequestHead, WebhookAnswer } from "./contract.ts";
import { getVersion } from "./get-pipeline.ts";
import { maskRequest } from "./mask-secrets.ts";
import { shownId } from "./delivery-key.ts";
import { type KnownBefore, KnownDeliveries, type WantedRequest } from "./known-deliveries.ts";
import { newRun } from "./new-run.ts";
import { RepeatedWarnings } from "./repeated-warnings.ts";
import { resolveParams } from "./resolve-params.ts";
import type { RunParts } from "./run-parts.ts";
import type { RunRegistry } from "./run-registry.ts";
import type { UploadedSecrets } from "./uploaded-secrets.ts";
import { evaluateWhen } from "./webhook-condition.ts";
import type { WaitingCallers } from "./waiting-callers.ts";
import { type TurnedAway, WebhookGate } from "./webhook-gate.ts";
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
  readonly waiting: WaitingCallers;
}

export class WebhookReceiver {
  readonly #options: WebhookReceiverOptions;
  readonly #warnings: RepeatedWarnings;
  readonly #deliveries: KnownDeliveries;
  readonly #gate: WebhookGate;
  #refusals = 0;

  constructor(options: WebhookReceiverOptions) {
    this.#options = options;
    this.#warnings = new RepeatedWarnings(options.parts.logger, options.parts.clock);
    this.#deliveries = new KnownDeliveries(options.parts.store, this.#warnings);
    this.#gate = new WebhookGate(options.parts.clock);
  }

  /** See {@link Engine.receiveWebhook}. */
  async receive(head: RequestHead, readBody: ReadBody): Promise<WebhookAnswer> {
    const { catalog, uploadedSecrets, parts } = this.#options;
    const { pipeline } = head;
    if (catalog.get(pipeline) === undefined) {
      // Anybody may ask, as often as they like: what they may have meant would be looked for among all pipelines.
      throw new AppError("PIPELINE_NOT_FOUND", `there is no pipeline ${JSON.stringify(pipeline.slice(0, 200))}`);
    }
    const version = getVersion(catalog, pipeline);
    const { webhook } = version.config;
    if (webhook === false) {
      throw new AppError("WEBHOOK_DISABLED", `pipeline ${JSON.stringify(pipeline)} takes no webhooks`, {
        hint: "remove `webhook: false` from its exported config",
      });
    }
    const secrets = webhookSecrets(webhook, uploadedSecrets.find(pipeline));
    // Before it is verified, so that forgeries are bounded too; and before its body costs anything.
    const senderRefusal = this.#gate.checkSender(webhook, head.address, secrets.length > 0);
    if (senderRefusal !== null) await this.#turnAway(this.#describeHead(head, webhook), senderRefusal);
    const received = { ...head, body: await this.#readBody(head, webhook, readBody) };
    const verdict = await this.#verify(received, webhook, secrets);
    const request = maskRequest(parts.redactor, toInboundRequest(received, verdict));
    const receivedAt = parts.clock.now();
    const wanted = { pipeline, webhook, request, deliveryId: verdict.deliveryId, receivedAt };
    if (!verdict.accepted) await this.#refuse(wanted, verdict.reason);
    const rateRefusal = this.#gate.checkRate(webhook);
    if (rateRefusal !== null) await this.#turnAway(wanted, rateRefusal);
    if (!(await this.#isWanted(wanted))) return { type: "skipped" };
    return await this.#runOnce(version, wanted);
  }

  async #readBody(head: RequestHead, webhook: WebhookConfig, readBody: ReadBody): Promise<Uint8Array> {
    try {
      return await readBody(webhook.maxBodyBytes);
    } catch (thrown) {
      if (thrown instanceof AppError && thrown.code === "BODY_TOO_LARGE") {
        await this.#keepRefused(this.#describeHead(head, webhook), "body_too_large");
      }
      throw thrown;
    }
  }

  /** @throws {AppError} why the request is turned away always; it is on record then. */
  async #turnAway(wanted: WantedRequest, { reason, error }: TurnedAway): Promise<never> {
    this.#warnings.warn(refused, { pipeline: wanted.pipeline, reason, provider: wanted.request.provider });
    await this.#keepRefused(wanted, reason);
    throw error;
  }

  /** What is kept of a request whose body nobody looks at. */
  #describeHead(head: RequestHead, webhook: WebhookConfig): WantedRequest {
    const { redactor, clock } = this.#options.parts;
    const { deliveryId, ...origin } = claimedOrigin(head, webhook.provider);
    const request = maskRequest(redactor, toInboundRequest({ ...head, body: new Uint8Array(0) }, origin));
    return { pipeline: head.pipeline, webhook, request, deliveryId, receivedAt: clock.now() };
  }

  async #verify(
    received: ReceivedRequest,
    webhook: WebhookConfig,
    references: readonly string[],
  ): Promise<InboundVerdict> {
    const { parts, publicUrl } = this.#options;
    const secrets: string[] = [];
    for (const secret of references) {
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
  async #isWanted(wanted: WantedRequest): Promise<boolean> {
    const { pipeline, request, receivedAt } = wanted;
    const { when } = wanted.webhook;
    if (when === undefined) return true;
    const { holds, problem } = evaluateWhen(when, request, receivedAt);
    if (holds) return true;
    if (problem !== null) this.#warnings.warn("a webhook's condition has no value", { pipeline, reason: problem });
    await this.#keepRefused(wanted, problem === null ? "condition_false" : "condition_invalid");
    return false;
  }

  /** @throws {AppError} SIGNATURE_INVALID always; the caller is not told why. */
  async #refuse(wanted: WantedRequest, reason: string): Promise<never> {
    this.#warnings.warn(refused, { pipeline: wanted.pipeline, reason, provider: wanted.request.provider });
    await this.#keepRefused(wanted, reason);
    throw new AppError("SIGNATURE_INVALID", "the request's signature is missing or not valid", {
      hint: "sign the exact body with the pipeline's webhook secret",
    });
  }

  /** Records a request that starts no run; of these only the newest are kept. */
  async #keepRefused(wanted: WantedRequest, reason: string, runId: string | null = null): Promise<void> {
    const { pipeline } = wanted;
    const trim = this.#refusals++ % keptRefusals === 0;
    const record = this.#record(wanted, { verdict: "refused", reason, runId });
    await this.#options.parts.store.commit([
      { type: "inbound.put", record },
      ...(trim ? [{ type: "inbound.trim_refused", pipeline, keep: keptRefusals } as const] : []),
    ]);
  }

  #record(
    { pipeline, receivedAt, request, deliveryId }: WantedRequest,
    outcome: Pick<InboundRecord, "verdict" | "reason" | "runId"> & Partial<Pick<InboundRecord, "sameBodyAs">>,
  ): InboundRecord {
    const id = this.#options.newId();
    const shown = this.#options.parts.redactor.text(deliveryId);
    return { id, pipeline, receivedAt, request, deliveryId: shownId(shown), sameBodyAs: null, ...outcome };
  }

  /** A delivery that has come before begins no run, unless what it began did not succeed. */
  async #runOnce(version: PipelineVersion, wanted: WantedRequest): Promise<WebhookAnswer> {
    const known = await this.#deliveries.look(wanted);
    if (known.duplicateOf !== null) return await this.#knowAgain(wanted, known.duplicateOf);
    try {
      return await this.#run(version, wanted, known);
    } catch (thrown) {
      if (toAppError(thrown).code !== "DUPLICATE_DELIVERY") throw thrown;
      // The same delivery came at the same time and was on disk first.
      return await this.#runOnce(version, wanted);
    }
  }

  async #knowAgain(wanted: WantedRequest, runId: string): Promise<WebhookAnswer> {
    await this.#keepRefused(wanted, "duplicate", runId);
    return { type: "duplicate", runId };
  }

  async #run(version: PipelineVersion, wanted: WantedRequest, known: KnownBefore): Promise<WebhookAnswer> {
    const { parts, runs, timeoutMs, newId, waiting } = this.#options;
    const { pipeline, request } = wanted;
    const runId = newId();
    const { sameBodyAs } = known;
    const record = this.#record(wanted, { verdict: "accepted", reason: null, runId, sameBodyAs });
    const writes: readonly Write[] = [{ type: "inbound.put", record }, ...known.claim(runId)];
    const run = newRun({
      id: runId,
      pipeline,
      trigger: "webhook",
      bundleHash: version.bundle.hash,
      params: resolveParams(version.config, {}, "webhook"),
      inboundId: record.id,
      rerunOf: known.retryOf,
      createdAt: record.receivedAt,
    });
    if (asksForStream(version, request)) {
      await runs.submit({ run, version, request, writes });
      return { type: "stream", runId };
    }
    const leave = waiting.enter();
    if (leave === null) {
      // Nothing is lost: the run goes on, and its id says where to look for what it came to.
      await runs.submit({ run, version, request, writes });
      return { type: "accepted", runId };
    }
    const answer = Promise.withResolvers<WebhookResponse | null>();
    const stopTimer = parts.clock.after(timeoutMs, () => answer.resolve(null));
    const submitted = runs.submit({
      run,
      version,
      request,
      writes,
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
      leave();
    }
  }
}

/** Where the pipeline does not offer its log, the parameter is the script's own. */
function asksForStream({ config }: PipelineVersion, { query }: InboundRequest): boolean {
  const offered = config.webhook !== false && config.webhook.stream === true;
  const asked = Object.hasOwn(query, "stream") ? query["stream"] : undefined;
  return offered && (asked === "1" || asked === "true" || asked === "");
}
