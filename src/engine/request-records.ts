// What is on record of inbound requests: an accepted one is written with its run, a refused one and every answer soon
// after the caller has it.

import { httpStatusOf, toAppError } from "../core/app-error.ts";
import type { InboundRequest } from "../core/inbound-request.ts";
import { type InboundAnswer, type InboundRecord, keptBytes, type KeptRequest } from "../store/store.ts";
import { claimedOrigin, type CleanRequest, toInboundRequest } from "../webhooks/webhooks.ts";
import type { RequestHead, WebhookAnswer } from "./contract.ts";
import { CountedWarning } from "./counted-warning.ts";
import { keyOfId, shownId } from "./delivery-key.ts";
import { maskBeginning } from "./mask-secrets.ts";
import { RequestWriter } from "./request-writer.ts";
import type { RunParts } from "./run-parts.ts";

/** Of a request that began no run. */
const keptBodyBytes = 4 * 1024;
const tellUnknownEveryMs = 60_000;
const nothing = new Uint8Array(0);

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
  readonly head: RequestHead;
  /** Null until it is read. */
  body: Uint8Array | null;
  /** The recorded request that is sent once more. */
  readonly redeliveryOf: string | null;
  /** The pipeline's own, where it names one. */
  pinned: string | null;
  /** What it is taken for, believed or not. */
  origin: Origin | null;
  /** Of a recorded one, whose id may be shown masked or cut. */
  readonly deliveryKey: Uint8Array | null;
  /** Its sender is who it says, or had not to show that. */
  verified: boolean;
  /** Of the body only the beginning could be kept, for a secret in it. */
  isCut: boolean;
  /** As runs and records have it; null until its sender is verified. */
  request: InboundRequest | null;
}

type Outcome = "isCut" | "verdict" | "reason" | "runId";

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

  begin(head: RequestHead): Intake {
    return this.#begin(head, null);
  }

  /** Of a recorded request that is sent once more: nothing is left to find out, and by force nobody becomes known. */
  beginAgain({ id, pipeline, request, address, deliveryId, deliveryKey, verified }: KeptRequest): Intake {
    const { body, ...head } = request;
    const intake = this.#begin({ ...head, pipeline, address }, id);
    const origin = { ...request, deliveryId: deliveryId ?? "" };
    return { ...intake, body, origin, deliveryKey, verified, request };
  }

  #begin(head: RequestHead, redeliveryOf: string | null): Intake {
    const { parts, newId } = this.#options;
    return {
      id: newId(),
      receivedAt: parts.clock.now(),
      startedMs: parts.clock.elapsed(),
      head,
      body: null,
      redeliveryOf,
      pinned: null,
      origin: null,
      deliveryKey: null,
      verified: false,
      isCut: false,
      request: null,
    };
  }

  /** What is committed with the run that it begins. */
  accepted(intake: Intake, request: InboundRequest, runId: string): InboundRecord {
    const { isCut } = intake;
    return { ...this.#toRecord(intake, request), isCut, verdict: "accepted", reason: null, runId };
  }

  /** Notes what the caller is answered. */
  answered(intake: Intake, answer: WebhookAnswer): void {
    const given = this.#toAnswer(intake, statusOfAnswer(answer), null);
    const { id, head } = intake;
    if (answer.type === "skipped") {
      this.#addRefused(intake, given, () => this.#refused(intake, answer.reason));
    } else if (answer.type === "duplicate") {
      const { runId } = answer;
      this.#addRefused(intake, given, () => ({ ...this.#refused(intake, "duplicate"), runId }));
    } else {
      this.#writer.addAnswer(head.pipeline, id, given);
    }
  }

  /** Notes what the caller is told instead of an answer: the error's `details.reason`, else its code, is the reason. */
  failed(intake: Intake, thrown: unknown): void {
    const { code, details } = toAppError(thrown);
    if (code === "PIPELINE_NOT_FOUND") {
      this.#unknown.add();
      return;
    }
    const reason = typeof details["reason"] === "string" ? details["reason"] : code.toLowerCase();
    const answer = this.#toAnswer(intake, httpStatusOf(code), code);
    this.#addRefused(intake, answer, () => this.#refused(intake, reason));
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

  #addRefused({ head, body }: Intake, answer: InboundAnswer, makeRecord: () => InboundRecord): void {
    const aboutBytes = keptBytes({ ...head, body: (body ?? nothing).subarray(0, keptBodyBytes) });
    this.#writer.addRefused(head.pipeline, aboutBytes, answer, makeRecord);
  }

  #refused(intake: Intake, reason: string): InboundRecord {
    const { request, isCut } = this.#toKept(intake);
    const record = this.#toRecord(intake, request);
    return {
      ...record,
      isCut: isCut || intake.isCut || intake.body === null,
      verdict: "refused",
      reason,
      runId: null,
    };
  }

  /** Nothing is done with more of the body than is needed for what is kept: anybody can send long ones. */
  #toKept(intake: Intake): CleanRequest {
    const { redactor } = this.#options.parts;
    const origin = (intake.origin ??= claimedOrigin(intake.head, intake.pinned ?? undefined));
    if (intake.request !== null) return maskBeginning(redactor, intake.request, keptBodyBytes);
    const received = { ...origin, ...intake.head, body: intake.body ?? nothing };
    const beginning = maskBeginning(redactor, received, keptBodyBytes);
    const clean = toInboundRequest(beginning.request, origin, false);
    return { ...clean, isCut: clean.isCut || beginning.isCut };
  }

  #toRecord(intake: Intake, request: InboundRequest): Omit<InboundRecord, Outcome> {
    const { id, receivedAt, head, body, redeliveryOf, origin, verified } = intake;
    const { pipeline, address } = head;
    const bodyBytes = body?.length ?? announcedBytes(head);
    const deliveryId = shownId(this.#options.parts.redactor.text(origin?.deliveryId ?? ""));
    const of = { id, pipeline, receivedAt, address, redeliveryOf };
    return { ...of, request, bodyBytes, verified, deliveryId, deliveryKey: idKeyOf(intake) };
  }

  #toAnswer({ startedMs }: Intake, status: number, code: string | null): InboundAnswer {
    const tookMs = this.#options.parts.clock.elapsed() - startedMs;
    return { status, code, durationMs: Math.max(0, Math.round(tookMs * 10) / 10) };
  }
}

/** What tells the delivery from others by its sender's id; null where it gives none. */
export function idKeyOf({ deliveryKey, origin }: Intake): Uint8Array | null {
  return deliveryKey ?? (origin === null ? null : keyOfId(origin));
}

/** Of a body that was not read. */
function announcedBytes({ headers }: RequestHead): number {
  const announced = Number(headers["content-length"] ?? 0);
  return Number.isSafeInteger(announced) ? announced : 0;
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
