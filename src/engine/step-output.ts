// The output of one step on its way to the log, to followers, to `onOutput` and into the step's result.

import type { LogEntry } from "../core/log-entry.ts";
import type { StepOutput } from "../executors/executors.ts";
import type { OutputChunk, OutputEnd, Write } from "../store/store.ts";
import type { RedactedPiece, RedactionStream, Redactor } from "../telemetry/telemetry.ts";
import { HeadAndTail } from "./head-and-tail.ts";
import type { RunLog } from "./run-log.ts";
import { Utf8Chunker } from "./utf8-chunker.ts";

type Stream = StepOutput["stream"];

/** Kept in the log per step: this much of the head as it comes, and this much of what follows when the step ends. */
const logHeadBytes = 8 * 1024 * 1024;
const logTailBytes = 8 * 1024 * 1024;
const resultBytes = 1024 * 1024;
const tailChunkBytes = 64 * 1024;
const readAgainBytes = 1024 * 1024;

/** A place in what is stored of each stream of a step. */
export type StreamOffsets = Readonly<Record<Stream, number>>;

/** What an earlier life has stored of an attempt's output. */
export interface StoredOutput {
  readonly ends: Readonly<Record<Stream, OutputEnd>>;
  /** Where what the script was given ends. */
  readonly delivered: StreamOffsets;
  readonly read: (stream: Stream, offset: number, length: number) => Promise<Uint8Array>;
}

export interface StepOutputOptions {
  readonly runId: string;
  readonly stepId: string;
  readonly stepName: string;
  readonly log: RunLog;
  readonly now: () => number;
  readonly redactor: Pick<Redactor, "stream">;
  /** Where the attempt's output begins in the streams of its step; 0 for the first. */
  readonly base: StreamOffsets;
  /** Records the writes and calls back when they are durable, or when they never will be. */
  readonly record: (writes: readonly Write[], effect: () => void, dropped: () => void) => void;
  /** Hands a stored piece to the script; resolves when the script has dealt with it. Absent: nobody listens. */
  readonly deliver?: ((stream: Stream, offset: number, length: number, text: string) => Promise<void>) | undefined;
}

export class StepOutputSink {
  readonly #options: StepOutputOptions;
  readonly #chunkers = { stdout: new Utf8Chunker(), stderr: new Utf8Chunker() };
  readonly #results = { stdout: new HeadAndTail(resultBytes), stderr: new HeadAndTail(resultBytes) };
  /** What follows the head, per stream, within the tail's bound. */
  readonly #tails = { stdout: new HeadAndTail(logTailBytes), stderr: new HeadAndTail(logTailBytes) };
  /** Where what was passed on ends, in what is stored of the step. */
  readonly #ends: Record<Stream, number>;
  readonly #redactions: Readonly<Record<Stream, RedactionStream>>;
  /** Where it ends in what the attempt has written; what is held back is not taken, and read again in another life. */
  readonly #taken: Record<Stream, number> = { stdout: 0, stderr: 0 };
  #headBytes = 0;
  #headFull = false;
  /** Places in the log that are kept for the tails. */
  readonly #tailSeqs: number[] = [];

  constructor(options: StepOutputOptions) {
    this.#options = options;
    this.#ends = { ...options.base };
    const { redactor } = options;
    this.#redactions = { stdout: redactor.stream(), stderr: redactor.stream() };
  }

  /** Where what was passed on ends: the next attempt begins there. */
  get ends(): StreamOffsets {
    return this.#ends;
  }

  /** Goes on behind what an earlier life has stored; what of it the script was not given is delivered now. */
  async resume({ ends, delivered, read }: StoredOutput): Promise<void> {
    for (const stream of ["stdout", "stderr"] as const) {
      const { base, deliver } = this.#options;
      // What an earlier attempt has stored is none of this one's.
      const { stored: end, taken } = ends[stream];
      if (end <= base[stream]) continue;
      for (let offset = base[stream]; offset < end; offset += readAgainBytes) {
        const bytes = await read(stream, offset, Math.min(readAgainBytes, end - offset));
        this.#results[stream].push(bytes);
      }
      this.#headBytes += end - base[stream];
      this.#ends[stream] = end;
      this.#taken[stream] = taken ?? end - base[stream];
      const from = Math.max(base[stream], delivered[stream]);
      if (deliver === undefined || from >= end) continue;
      const bytes = await read(stream, from, end - from);
      await deliver(stream, from, bytes.length, textOf(bytes));
    }
  }

  /** Where the output goes on that has not been passed on, in what the attempt has written. */
  get taken(): StreamOffsets {
    return this.#taken;
  }

  /** Takes one piece of the attempt; resolves when the next may come. */
  async take({ stream, bytes }: StepOutput): Promise<void> {
    await this.#pass(stream, this.#redactions[stream].push(this.#chunkers[stream].push(bytes)));
  }

  /** The streams have ended: passes on what was held back. Resolves with what is to be recorded with the step's end. */
  async finish(): Promise<readonly Write[]> {
    for (const stream of ["stdout", "stderr"] as const) {
      await this.#pass(stream, this.#redactions[stream].push(this.#chunkers[stream].end()));
      await this.#pass(stream, this.#redactions[stream].end());
    }
    const [stdout, stderr] = [this.#tails.stdout.bytes(), this.#tails.stderr.bytes()];
    return [
      ...this.#tailWrites("stdout", lastBytes(stdout, roomBeside(stderr))),
      ...this.#tailWrites("stderr", lastBytes(stderr, roomBeside(stdout))),
    ];
  }

  /** A line of the run's log about the step, which is none of its output. */
  note(text: string, level: LogEntry["level"] = "info"): void {
    const { runId, stepId, stepName, record, log, now } = this.#options;
    const line = { at: now(), source: "system", level, text: `step ${JSON.stringify(stepName)}: ${text}` } as const;
    const { write, show } = log.append(runId, { ...line, afterCall: Number(stepId.slice(runId.length + 1)) });
    record([write], show, () => {});
  }

  resultText(stream: Stream): string {
    return this.#results[stream].text();
  }

  async #pass(stream: Stream, { bytes, taken }: RedactedPiece): Promise<void> {
    if (bytes.length === 0) return;
    const { base } = this.#options;
    const offset = this.#ends[stream];
    this.#ends[stream] += bytes.length;
    this.#taken[stream] += taken;
    this.#results[stream].push(bytes);
    const isShorter = this.#taken[stream] > this.#ends[stream] - base[stream];
    const chunk = { offset, bytes, ...(isShorter ? { taken: this.#taken[stream] } : {}) };
    this.#headFull ||= this.#headBytes + chunk.bytes.length > logHeadBytes;
    if (this.#headFull) {
      this.#reserveTail();
      this.#tails[stream].push(chunk.bytes);
      if (this.#options.log.followed) this.#options.log.publish(this.#entry(stream, textOf(chunk.bytes)));
      return;
    }
    this.#headBytes += chunk.bytes.length;
    await this.#store(stream, chunk);
    // Only what is stored is delivered: a replay must be able to hand it over again.
    const { deliver } = this.#options;
    if (deliver !== undefined) await deliver(stream, chunk.offset, chunk.bytes.length, textOf(chunk.bytes));
  }

  #store(stream: Stream, piece: Pick<OutputChunk, "offset" | "bytes" | "taken">): Promise<void> {
    const { runId, stepId, stepName, record, log } = this.#options;
    const entry = this.#entry(stream, textOf(piece.bytes));
    const chunk: OutputChunk = { stepId, stream, ...piece };
    return new Promise((resolve) => {
      const write: Write = { type: "log.output", runId, seq: entry.seq, at: entry.at, stepName, chunk };
      const publish = (): void => {
        log.publish(entry);
        resolve();
      };
      record([write], publish, resolve);
    });
  }

  /**
   * The tail is stored at the end, but comes before what is published from here on: who follows has seen that by
   * then, and must not be given it a second time.
   */
  #reserveTail(): void {
    if (this.#tailSeqs.length > 0) return;
    this.#noteUndelivered();
    const chunks = 2 * (Math.ceil(logTailBytes / tailChunkBytes) + 1);
    for (let count = 0; count < chunks; count++) this.#tailSeqs.push(this.#options.log.nextSeq());
  }

  /** Only what is stored as it comes can be handed over again in a replay, so `onOutput` ends with the head. */
  #noteUndelivered(): void {
    if (this.#options.deliver === undefined) return;
    this.note(
      "onOutput is given the first 8 MiB only; all of it is in the step's log and result as far as those keep it",
      "warn",
    );
  }

  /** Recorded with the end: a life that dies before that leaves the tail to be read again. */
  #tailWrites(stream: Stream, tail: Uint8Array): readonly Write[] {
    const { runId, stepId, stepName, now, log } = this.#options;
    const writes: Write[] = [];
    const firstOffset = this.#ends[stream] - tail.length;
    for (let start = 0; start < tail.length; start += tailChunkBytes) {
      const bytes = tail.subarray(start, start + tailChunkBytes);
      const chunk: OutputChunk = { stepId, stream, offset: firstOffset + start, bytes };
      const seq = this.#tailSeqs.shift() ?? log.nextSeq();
      writes.push({ type: "log.output", runId, seq, at: now(), stepName, chunk });
    }
    return writes;
  }

  #entry(stream: Stream, text: string): LogEntry {
    const { stepId, stepName, log, now } = this.#options;
    return { seq: log.nextSeq(), at: now(), source: stream, level: "info", stepId, stepName, text };
  }
}

/** One stream may have the tail to itself, the marker in it included; two share it. */
function roomBeside(other: Uint8Array): number {
  if (other.length === 0) return Number.POSITIVE_INFINITY;
  return Math.max(logTailBytes / 2, logTailBytes - other.length);
}

function lastBytes(bytes: Uint8Array, limit: number): Uint8Array {
  return bytes.length <= limit ? bytes : bytes.subarray(bytes.length - limit);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
