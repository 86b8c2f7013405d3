// A webhook becomes a run: its pipeline, its signature, its condition, and what its caller is answered.

import { AppError } from "../core/app-error.ts";
import type { InboundRequest, WebhookResponse } from "../core/inbound-request.ts";
import type { WebhookConfig } from "../core/pipeline-config.ts";
import type { Catalog, PipelineVersion } from "../pipelines/pipelines.ts";
import type { KeptRequest, Write } from "../store/store.ts";
import { toInboundRequest, verifyInbound } from "../webhooks/webhooks.ts";
import { checkRedelivery } from "./check-redelivery.ts";
import type {
  ReadBody,
  ReceivedRequest,
  RedeliverOptions,
  Redelivery,
  RequestHead,
  WebhookAnswer,
} from "./contract.ts";
import { getVersion } from "./get-pipeline.ts";
import { isRepetition, type KnownBefore, KnownDeliveries, type RepeatedRun } from "./known-deliveries.ts";
import { maskRequest } from "./mask-secrets.ts";
import { newRun } from "./new-run.ts";
import { RepeatedWarnings } from "./repeated-warnings.ts";
import { idKeyOf, type Intake, type RequestRecords } from "./request-records.ts";
import { resolveParams } from "./resolve-params.ts";
import type { RunParts } from "./run-parts.ts";
import type { RunRegistry } from "./run-registry.ts";
import type { UploadedSecrets } from "./uploaded-secrets.ts";
import type { WaitingCallers } from "./waiting-callers.ts";
import { evaluateWhen, findSchemaMismatches } from "./webhook-condition.ts";
import { WebhookGate } from "./webhook-gate.ts";
import { webhookSecrets } from "./webhook-secrets.ts";

const refused = "a webhook was refused";

export interface WebhookReceiverOptions {
  readonly parts: RunParts;
  readonly catalog: Pick<Catalog, "get" | "list">;
  readonly uploadedSecrets: Pick<UploadedSecrets, "find">;
  readonly runs: RunRegistry;
  readonly records: RequestRecords;
  /** How long a caller waits for `http.respond`. */
  readonly timeoutMs: number;
  /** The address that others reach the server by; null: not known. */
  readonly publicUrl: string | null;
  readonly newId: () => string;
  readonly waiting: WaitingCallers;
  /** @throws {AppError} why no new runs are taken now. */
  readonly checkReady: () => void;
}

/** How a verified request goes on. */
interface Course {
  /** A run begins whatever the pipeline's config says of such a request. */
  readonly isForced: boolean;
  /** The run that the request began before, where it is begun once more. */
  readonly repeats: RepeatedRun | null;
  /** The caller can be given the run's log. */
  readonly mayStream: boolean;
}

/** What a run begins with. */
interface Beginning {
  readonly intake: Intake;
  readonly version: PipelineVersion;
  readonly request: InboundRequest;
  readonly isForced: boolean;
  readonly repeats: RepeatedRun | null;
  /** The caller is given the run's log. */
  readonly streams: boolean;
}

export class WebhookReceiver {
  readonly #options: WebhookReceiverOptions;
  readonly #warnings: RepeatedWarnings;
  readonly #deliveries: KnownDeliveries;
  readonly #gate: WebhookGate;

  constructor(options: WebhookReceiverOptions) {
    this.#options = options;
    this.#warnings = new RepeatedWarnings(options.parts.logger, options.parts.clock);
    this.#deliveries = new KnownDeliveries(options.parts.store, this.#warnings);
    this.#gate = new WebhookGate(options.parts.clock);
  }

  /** See {@link Engine.receiveWebhook}. */
  async receive(head: RequestHead, readBody: ReadBody): Promise<WebhookAnswer> {
    const { catalog, records, uploadedSecrets } = this.#options;
    const { pipeline, address } = head;
    const intake = records.begin(head);
    return await this.#recorded(intake, async () => {
      if (catalog.get(pipeline) === undefined) {
        // Anybody may ask, as often as they like: what they may have meant would be looked for among all pipelines.
        throw new AppError("PIPELINE_NOT_FOUND", `there is no pipeline ${JSON.stringify(pipeline.slice(0, 200))}`);
      }
      const version = getVersion(catalog, pipeline);
      const webhook = webhookOf(version, pipeline);
      intake.pinned = webhook.provider ?? null;
      const secrets = webhookSecrets(webhook, uploadedSecrets.find(pipeline));
      // Before it is verified, so that forgeries are bounded too; and before its body costs anything.
      this.#letThrough(intake, this.#gate.checkSender(webhook, address, secrets.length > 0));
      const body = await readBody(webhook.maxBodyBytes);
      intake.body = body;
      const request = await this.#verify(intake, { ...head, body }, webhook, secrets);
      this.#letThrough(intake, this.#gate.checkRate(webhook));
      return await this.#goOn(intake, version, request, { isForced: false, repeats: null, mayStream: true });
    });
  }

  /** See {@link Engine.redeliver}. */
  async redeliver(record: KeptRequest, { force }: RedeliverOptions): Promise<Redelivery> {
    checkRedelivery(record, force);
    const intake = this.#options.records.beginAgain(record);
    const answer = await this.#recorded(intake, async () => {
      const version = getVersion(this.#options.catalog, record.pipeline);
      webhookOf(version, record.pipeline);
      const repeats = force ? await this.#findRun(record) : null;
      return await this.#goOn(intake, version, record.request, { isForced: force, repeats, mayStream: false });
    });
    return { requestId: intake.id, answer };
  }

  /** Notes how the caller is answered; an accepted request is on disk by then. */
  async #recorded(intake: Intake, answerIt: () => Promise<WebhookAnswer>): Promise<WebhookAnswer> {
    const { records } = this.#options;
    let answer: WebhookAnswer;
    try {
      answer = await answerIt();
    } catch (thrown) {
      records.failed(intake, thrown);
      throw thrown;
    }
    records.answered(intake, answer);
    return answer;
  }

  /** All that comes behind the verification. */
  async #goOn(
    intake: Intake,
    version: PipelineVersion,
    request: InboundRequest,
    { isForced, repeats, mayStream }: Course,
  ): Promise<WebhookAnswer> {
    this.#options.checkReady();
    if (!isForced) {
      this.#checkPayload(intake, version, request);
      const unwanted = this.#findUnwanted(intake, version, request);
      if (unwanted !== null) return { type: "skipped", reason: unwanted };
    }
    const streams = mayStream && asksForStream(version, request);
    return await this.#runOnce({ intake, version, request, isForced, repeats, streams });
  }

  /** @throws {AppError} the refusal, where there is one. */
  #letThrough({ head: { pipeline } }: Intake, refusal: AppError | null): void {
    if (refusal === null) return;
    this.#warnings.warn(refused, { pipeline, reason: String(refusal.details["reason"]) });
    throw refusal;
  }

  /** The request as it is kept. @throws {AppError} SECRET_MISSING, SIGNATURE_INVALID. */
  async #verify(
    intake: Intake,
    received: ReceivedRequest,
    webhook: WebhookConfig,
    references: readonly string[],
  ): Promise<InboundRequest> {
    const { parts, publicUrl } = this.#options;
    const secrets = await this.#resolveSecrets(received.pipeline, references);
    const verdict = verifyInbound(received, { ...webhook, secrets, publicUrl, nowMs: parts.clock.now() });
    intake.origin = verdict;
    if (!verdict.accepted) throw this.#notBelieved(received.pipeline, verdict);
    intake.verified = true;
    const { request, isCut } = toInboundRequest(received, verdict);
    intake.isCut = isCut;
    return (intake.request = maskRequest(parts.redactor, request));
  }

  async #resolveSecrets(pipeline: string, references: readonly string[]): Promise<readonly string[]> {
    const secrets: string[] = [];
    for (const secret of references) {
      const resolved = await this.#options.parts.secrets.resolve(secret, pipeline);
      if (!resolved.ok) {
        this.#warnings.warn(refused, { pipeline, reason: resolved.message });
        throw new AppError("SECRET_MISSING", "the pipeline's webhook secret is not available on the server", {
          hint: "the server's log says which one; `runner check` shows it too",
        });
      }
      secrets.push(resolved.value);
    }
    return secrets;
  }

  /** The caller is not told why. */
  #notBelieved(
    pipeline: string,
    { provider, reason }: { readonly provider: string; readonly reason: string },
  ): AppError {
    this.#warnings.warn(refused, { pipeline, reason, provider });
    return new AppError("SIGNATURE_INVALID", "the request's signature is missing or not valid", {
      hint: "sign the exact body with the pipeline's webhook secret",
      details: { reason },
    });
  }

  /** @throws {AppError} PAYLOAD_INVALID where it does not fit the pipeline's schema. */
  #checkPayload({ head: { pipeline } }: Intake, { config }: PipelineVersion, request: InboundRequest): void {
    const schema = config.webhook === false ? undefined : config.webhook.schema;
    const errors = schema === undefined ? [] : findSchemaMismatches(schema, request);
    if (errors.length === 0) return;
    const reason = "schema_mismatch";
    const detail = errors.map(({ path, message }) => `${path} ${message}`.trim()).join("; ");
    this.#warnings.warn(refused, { pipeline, reason, provider: request.provider, detail });
    throw new AppError("PAYLOAD_INVALID", "the payload does not fit the pipeline's schema", {
      hint: "details.errors lists where, as JSON Pointers",
      details: { reason, errors },
    });
  }

  /** Why the pipeline's condition does not hold; null where it does. */
  #findUnwanted({ head: { pipeline } }: Intake, { config }: PipelineVersion, request: InboundRequest): string | null {
    const when = config.webhook === false ? undefined : config.webhook.when;
    if (when === undefined) return null;
    const { holds, problem } = evaluateWhen(when, request, this.#options.parts.clock.now());
    if (holds) return null;
    if (problem === null) return "condition_false";
    const reason = "condition_invalid";
    this.#warnings.warn("a webhook's condition has no value", { pipeline, reason, detail: problem });
    return reason;
  }

  /** A delivery that has come before begins no run, unless what it began did not succeed. */
  async #runOnce(beginning: Beginning): Promise<WebhookAnswer> {
    const { intake, version, request, isForced } = beginning;
    const { config } = version;
    const known = await this.#deliveries.look({
      pipeline: intake.head.pipeline,
      webhook: config.webhook === false ? {} : config.webhook,
      request,
      idKey: idKeyOf(intake),
      receivedAt: intake.receivedAt,
      isForced,
    });
    if (known.duplicateOf !== null) return { type: "duplicate", runId: known.duplicateOf };
    try {
      return await this.#run(beginning, known);
    } catch (thrown) {
      if (!isRepetition(thrown)) throw thrown;
      return await this.#runOnce(beginning);
    }
  }

  async #findRun({ runId }: KeptRequest): Promise<RepeatedRun | null> {
    const kept = runId === null ? undefined : await this.#options.parts.store.runs.findKept(runId);
    return kept === undefined ? null : { runId: kept.run.id, seed: kept.run.seed };
  }

  async #run({ intake, version, request, repeats, streams }: Beginning, known: KnownBefore): Promise<WebhookAnswer> {
    const { parts, runs, records, timeoutMs, newId, waiting } = this.#options;
    const runId = newId();
    const again = known.again ?? repeats;
    const run = newRun({
      id: runId,
      pipeline: intake.head.pipeline,
      trigger: "webhook",
      bundleHash: version.bundle.hash,
      params: resolveParams(version.config, {}, "webhook"),
      inboundId: intake.id,
      ...(again === null ? {} : { rerunOf: again.runId, seed: again.seed }),
      createdAt: intake.receivedAt,
    });
    const record = records.accepted(intake, request, runId);
    const { sameBody } = known;
    const writes: readonly Write[] = [{ type: "inbound.put", record, sameBody }, ...known.claim(runId)];
    const submission = { run, version, request, writes };
    if (streams) {
      await runs.submit(submission);
      return { type: "stream", runId };
    }
    const leave = waiting.enter();
    if (leave === null) {
      // Nothing is lost: the run goes on, and its id says where to look for what it came to.
      await runs.submit(submission);
      return { type: "accepted", runId };
    }
    const answer = Promise.withResolvers<WebhookResponse | null>();
    const stopTimer = parts.clock.after(timeoutMs, () => answer.resolve(null));
    const submitted = runs.submit({ ...submission, onResponse: (response) => answer.resolve(response) });
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

/** @throws {AppError} WEBHOOK_DISABLED. */
function webhookOf({ config }: PipelineVersion, pipeline: string): WebhookConfig {
  if (config.webhook !== false) return config.webhook;
  throw new AppError("WEBHOOK_DISABLED", `pipeline ${JSON.stringify(pipeline)} takes no webhooks`, {
    hint: "remove `webhook: false` from its exported config",
  });
}

/** Where the pipeline does not offer its log, the parameter is the script's own. */
function asksForStream({ config }: PipelineVersion, { query }: InboundRequest): boolean {
  const offered = config.webhook !== false && config.webhook.stream === true;
  const asked = Object.hasOwn(query, "stream") ? query["stream"] : undefined;
  return offered && (asked === "1" || asked === "true" || asked === "");
}
