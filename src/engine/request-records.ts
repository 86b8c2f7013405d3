// What is on record of inbound requests: an accepted one is written with its run, a refused one and every answer soon
// after the caller has it.

import { toAppError } from "../core/app-error.ts";
import type { InboundRequest } from "../core/inbound-request.ts";
import type { InboundAnswer, InboundRecord, KeptRequest } from "../store/store.ts";
import { toInboundRequest, verifyInbound } from "../webhooks/webhooks.ts";
import type { ReceivedRequest, WebhookAnswer } from "./contract.ts";
import { CountedWarning } from "./counted-warning.ts";
import { shownId } from "./delivery-key.ts";
import { maskBeginning } from "./mask-secrets.ts";
import { RequestWriter } from "./request-writer.ts";
import type { RunParts } from "./run-parts.ts";

/** Of a request that began no run. */
const keptBodyBytes = 4 * 1024;
const tellUnknownEveryMs = 60_000;

interface Origin extends Pick<InboundRequest, "provider" | "eventType"> {
  /** As its sender calls the delivery; empty where it says nothing. */
  readonly deliveryId: string;
}

/** A request on its way to its answer, and what was found out about it so far. */
export interface Intake {
  readonly id: string;
  readonly receivedAt: number;
  /** By a clock that nobody sets. */
  readonly startedMs: number;
  readonly received: ReceivedRequest;
  /** Of the body as it was received, or announced. */
  readonly bodyBytes: number;
  readonly isRead: boolean;
  /** The recorded request that is sent once more. */
  readonly redeliveryOf: string | null;
  /** The pipeline's own, where it names one. */
  pinned: string | null;
  /** What it is taken for, believed or not. */
  origin: Origin | null;
  /** As runs and records have it; null until its sender is verified. */
  request: InboundRequest | null;
}

type Outcome = "isCut" | "verdict" | "reason" | "runId" | "sameBodyAs";

export interface RequestRecordsOptions {
  readonly parts: Pick<RunParts, "store" | "clock" | "logger" | "redactor">;
  readonly newId: () => string;
}

export class RequestRecords {
  readonly #options: RequestRecordsOptions;
  readonly #writer: RequestWriter;
  readonly #unknown: CountedWarning;

  constructor(options: RequestRecordsOptions) {
    this.#options = options;
    const { clock, logger } = options.parts;
    this.#writer = new RequestWriter(options.parts);
    const tell = (requests: number): void =>
      logger.info("webhooks named pipelines that are not there, and were not recorded", { requests });
    this.#unknown = new CountedWarning({ clock, everyMs: tellUnknownEveryMs, tell });
  }

  begin(received: ReceivedRequest): Intake {
    return this.#begin(received, received.body.length, null);
  }

  /** Of a recorded request that is sent once more: nothing is left to find out. */
  beginAgain({ id, pipeline, request, address, bodyBytes, deliveryId }: KeptRequest): Intake {
    const intake = this.#begin({ ...request, pipeline, address }, bodyBytes, id);
    return { ...intake, origin: { ...request, deliveryId: deliveryId ?? "" }, request };
  }

  #begin(received: ReceivedRequest, bodyBytes: number, redeliveryOf: string | null): Intake {
    const { parts, newId } = this.#options;
    return {
      id: newId(),
      receivedAt: parts.clock.now(),
      startedMs: parts.clock.elapsed(),
      received,
      bodyBytes,
      isRead: true,
      redeliveryOf,
      pinned: null,
      origin: null,
      request: null,
    };
  }

  /** Of a request whose body could not be read. */
  unread(request: Omit<ReceivedRequest, "body">, thrown: unknown): void {
    const announced = Number(request.headers["content-length"] ?? 0);
    const bodyBytes = Number.isSafeInteger(announced) ? announced : 0;
    const intake = this.#begin({ ...request, body: new Uint8Array() }, bodyBytes, null);
    this.failed({ ...intake, isRead: false }, thrown);
  }

  /** What is committed with the run that it begins. */
  accepted(intake: Intake, request: InboundRequest, runId: string, sameBodyAs: string | null): InboundRecord {
    return { ...this.#toRecord(intake, request), isCut: false, verdict: "accepted", reason: null, runId, sameBodyAs };
  }

  /** Notes what the caller is answered. */
  answered(intake: Intake, answer: WebhookAnswer): void {
    const given = this.#toAnswer(intake, statusOfAnswer(answer), null);
    this.#writer.add({ id: intake.id, answer: given, refused: this.#withoutRun(intake, answer) });
  }

  /** Notes what the caller is told instead of an answer: the error's `details.reason`, else its code, is the reason. */
  failed(intake: Intake, thrown: unknown): void {
    const { code, class: kind, details } = toAppError(thrown);
    if (code === "PIPELINE_NOT_FOUND") {
      this.#unknown.add();
      return;
    }
    const reason = typeof details["reason"] === "string" ? details["reason"] : code.toLowerCase();
    const answer = this.#toAnswer(intake, kind.httpStatus, code);
    this.#writer.add({ id: intake.id, answer, refused: this.#refused(intake, reason) });
  }

  /** Resolves when all that was answered before is on disk, or never will be. */
  async flush(): Promise<void> {
    await this.#writer.flush();
  }

  /** Removes some of the refused requests that were received before this time; false where there are none. */
  async removeBefore(at: number): Promise<boolean> {
    return await this.#writer.removeBefore(at);
  }

  async close(): Promise<void> {
    await this.#writer.close();
    this.#unknown.close();
  }

  /** The record of a request that was answered and began no run. */
  #withoutRun(intake: Intake, answer: WebhookAnswer): InboundRecord | null {
    switch (answer.type) {
      case "skipped":
        return this.#refused(intake, answer.reason);
      case "duplicate":
        return { ...this.#refused(intake, "duplicate"), runId: answer.runId };
      case "response":
      case "accepted":
      case "stream":
        return null;
    }
  }

  #refused(intake: Intake, reason: string): InboundRecord {
    const origin = (intake.origin ??= guessOrigin(intake));
    const whole = intake.request ?? toInboundRequest(intake.received, origin, false);
    const { request, isCut } = maskBeginning(this.#options.parts.redactor, whole, keptBodyBytes);
    const record = this.#toRecord(intake, request);
    return { ...record, isCut: isCut || !intake.isRead, verdict: "refused", reason, runId: null, sameBodyAs: null };
  }

  #toRecord(intake: Intake, request: InboundRequest): Omit<InboundRecord, Outcome> {
    const { id, receivedAt, received, bodyBytes, redeliveryOf, origin } = intake;
    const { pipeline, address } = received;
    const deliveryId = shownId(this.#options.parts.redactor.text(origin?.deliveryId ?? ""));
    const verified = intake.request !== null;
    return { id, pipeline, receivedAt, request, address, bodyBytes, verified, redeliveryOf, deliveryId };
  }

  #toAnswer({ startedMs }: Intake, status: number, code: string | null): InboundAnswer {
    const tookMs = this.#options.parts.clock.elapsed() - startedMs;
    return { status, code, durationMs: Math.max(0, Math.round(tookMs * 10) / 10) };
  }
}

/** By headers alone: nobody has vouched for the body. */
function guessOrigin({ received, pinned }: Intake): Origin {
  const options = { ...(pinned === null ? {} : { provider: pinned }), secrets: [], nowMs: 0 };
  return verifyInbound({ ...received, body: new Uint8Array() }, options);
}

/** The HTTP status of an answer. */
export function statusOfAnswer(answer: WebhookAnswer): number {
  switch (answer.type) {
    case "response":
      return answer.status;
    case "accepted":
    case "skipped":
      return 202;
    case "stream":
    case "duplicate":
      return 200;
  }
}
