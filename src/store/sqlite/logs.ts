// The logs of runs: console lines, notes of the system, and the output of steps as exact bytes.

import { AppError } from "../../core/app-error.ts";
import type { LogEntry, LogLevel, LogSource } from "../../core/log-entry.ts";
import { formatStepId, parseStepId } from "../../core/step-id.ts";
import type { LogQuery, LogReader, OutputEnd } from "../reads.ts";
import type { LogWrite } from "../writes.ts";
import type { ReadConnection } from "./read-connection.ts";
import type { WriteStatements } from "./write-statement.ts";

export const logWrites: WriteStatements<LogWrite["type"]> = {
  "log.line": {
    sql: "INSERT INTO log_entries (run_id, seq, at, source, level, text, after_call) VALUES (?, ?, ?, ?, ?, ?, ?)",
    bind: ({ runId, seq, at, source, level, text, afterCall }) => [
      runId,
      seq,
      at,
      source,
      level,
      text,
      afterCall ?? null,
    ],
  },
  "log.output": {
    sql: `INSERT INTO log_entries (run_id, seq, at, source, level, step_number, step_name, byte_offset, bytes, taken)
      VALUES (?, ?, ?, ?, 'info', ?, ?, ?, ?, ?)`,
    bind: ({ runId, seq, at, stepName, chunk }) => [
      runId,
      seq,
      at,
      chunk.stream,
      parseStepId(chunk.stepId, runId).number,
      stepName,
      chunk.offset,
      chunk.bytes,
      chunk.taken ?? null,
    ],
  },
};

interface EntryRow {
  readonly seq: number;
  readonly at: number;
  readonly source: LogSource;
  readonly level: LogLevel;
  readonly step_number: number | null;
  readonly step_name: string | null;
  readonly text: string | null;
  readonly bytes: Uint8Array | null;
}

interface ChunkRow {
  readonly byte_offset: number;
  readonly bytes: Uint8Array;
}

export class SqliteLogReader implements LogReader {
  readonly #db: ReadConnection;
  // With ignoreBOM a byte order mark is kept, like every other byte of the output.
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  constructor(db: ReadConnection) {
    this.#db = db;
  }

  async list(runId: string, { afterSeq, limit }: LogQuery): Promise<readonly LogEntry[]> {
    if (!Number.isInteger(limit) || limit < 1 || limit > 10_000) {
      throw new AppError("BAD_REQUEST", `cannot list ${limit} entries of a log`, {
        hint: "limit is a whole number from 1 to 10000",
      });
    }
    return this.#db
      .all<EntryRow>(
        `SELECT seq, at, source, level, step_number, step_name, text, bytes FROM log_entries
          WHERE run_id = ? AND seq > ? ORDER BY seq LIMIT ?`,
        runId,
        afterSeq,
        limit,
      )
      .map((row) => this.#toEntry(runId, row));
  }

  async readOutput(stepId: string, stream: "stdout" | "stderr", offset: number, length: number): Promise<Uint8Array> {
    const { runId, number } = parseStepId(stepId);
    const place = "run_id = ?1 AND step_number = ?2 AND source = ?3";
    // Chunks of a stream follow one another, so the last one that begins at or before `offset` is the first that counts.
    const chunks = this.#db.all<ChunkRow>(
      `SELECT byte_offset, bytes FROM log_entries
        WHERE ${place} AND byte_offset < ?5 AND byte_offset >=
          coalesce((SELECT max(byte_offset) FROM log_entries WHERE ${place} AND byte_offset <= ?4), 0)
        ORDER BY byte_offset, seq`,
      runId,
      number,
      stream,
      offset,
      offset + length,
    );
    const end = offset + length;
    return concatBytes(
      chunks.map(({ byte_offset: start, bytes }) =>
        bytes.subarray(Math.max(0, offset - start), Math.max(0, end - start)),
      ),
    );
  }

  async outputEnds(stepId: string): Promise<{ readonly stdout: OutputEnd; readonly stderr: OutputEnd }> {
    const { runId, number } = parseStepId(stepId);
    const end = (stream: string): OutputEnd =>
      this.#db.get<OutputEnd>(
        `SELECT byte_offset + length(bytes) AS stored, taken FROM log_entries
          WHERE run_id = ? AND step_number = ? AND source = ? ORDER BY byte_offset DESC LIMIT 1`,
        runId,
        number,
        stream,
      ) ?? { stored: 0, taken: null };
    return { stdout: end("stdout"), stderr: end("stderr") };
  }

  async lastSeq(runId: string): Promise<number> {
    return (
      this.#db.get<{ seq: number | null }>("SELECT max(seq) AS seq FROM log_entries WHERE run_id = ?", runId)?.seq ?? 0
    );
  }

  #toEntry(runId: string, row: EntryRow): LogEntry {
    return {
      seq: row.seq,
      at: row.at,
      source: row.source,
      level: row.level,
      stepId: row.step_number === null ? null : formatStepId({ runId, number: row.step_number }),
      stepName: row.step_name,
      text: row.text ?? this.#decoder.decode(row.bytes ?? new Uint8Array()),
    };
  }
}

function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}
