// The journal of a run: host calls, their outcomes, deliveries and observed values; written one by one, read whole.

import type { JsonValue } from "../../core/json.ts";
import { formatStepId } from "../../core/step-id.ts";
import type {
  CallOutline,
  Journal,
  JournalCall,
  JournalOutline,
  JournalReader,
  KeptStep,
  StepInFlight,
} from "../reads.ts";
import type { CallError, CallOutcome, Delivery, JournalWrite, Observations } from "../writes.ts";
import type { ReadConnection } from "./read-connection.ts";
import { findKeptSteps } from "./steps.ts";
import type { WriteStatements } from "./write-statement.ts";

export const journalWrites: WriteStatements<JournalWrite["type"]> = {
  "journal.start": {
    sql: `INSERT INTO journal_calls (run_id, number, kind, name, args_hash, started_at, args, after_seq)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    bind: ({ runId, call }) => [
      runId,
      call.number,
      call.kind,
      call.name,
      call.argsHash,
      call.startedAt,
      JSON.stringify(call.args),
      call.afterSeq,
    ],
  },
  "journal.complete": {
    sql: "INSERT INTO journal_outcomes (run_id, number, ok, completed_at, value) VALUES (?, ?, ?, ?, ?)",
    bind: ({ runId, number, outcome, at }) => [runId, number, outcome.ok ? 1 : 0, at, formatOutcome(outcome)],
  },
  "journal.deliver": {
    sql: `INSERT INTO journal_deliveries (run_id, seq, call, stream, byte_offset, byte_length)
      VALUES (?, ?, ?, ?, ?, ?)`,
    // No host call has the number 0: it stands for what is no result of one.
    bind: ({ runId, delivery }) => [
      runId,
      delivery.seq,
      delivery.type === "cancel" ? 0 : delivery.call,
      ...(delivery.type === "output" ? [delivery.stream, delivery.offset, delivery.length] : [null, null, null]),
    ],
  },
  "journal.observe": {
    sql: `INSERT INTO journal_observations (run_id, ordinal, "values", after_seq) VALUES (?, ?, ?, ?)`,
    bind: ({ runId, observations }) => [
      runId,
      observations.ordinal,
      JSON.stringify(observations.values),
      observations.afterSeq,
    ],
  },
};

/** JSON text; null stands for `undefined`, which JSON lacks. */
function formatOutcome(outcome: CallOutcome): string | null {
  return JSON.stringify(outcome.ok ? outcome.value : outcome.error) ?? null;
}

interface CallRow {
  readonly number: number;
  readonly kind: string;
  readonly name: string;
  readonly args_hash: string;
  readonly started_at: number;
  readonly args: string;
  readonly after_seq: number;
  /** Null where there is no outcome yet. */
  readonly ok: 0 | 1 | null;
  readonly value: string | null;
}

interface DeliveryRow {
  readonly seq: number;
  readonly call: number;
  readonly stream: "stdout" | "stderr" | null;
  readonly byte_offset: number | null;
  readonly byte_length: number | null;
}

const selectCalls = `SELECT number, kind, name, args_hash, started_at, args, after_seq, ok, value
  FROM journal_calls LEFT JOIN journal_outcomes USING (run_id, number)`;

export class SqliteJournalReader implements JournalReader {
  readonly #db: ReadConnection;

  constructor(db: ReadConnection) {
    this.#db = db;
  }

  async load(runId: string): Promise<Journal> {
    return this.#db.snapshot(() => ({
      calls: this.#calls(runId),
      deliveries: this.#deliveries(runId),
      observations: this.#observations(runId),
      consoleLines:
        this.#db.get<{ lines: number }>(
          "SELECT count(*) AS lines FROM log_entries WHERE run_id = ? AND source = 'console'",
          runId,
        )?.lines ?? 0,
    }));
  }

  async outline(runId: string): Promise<JournalOutline> {
    return this.#db.snapshot(() => ({
      calls: this.#callOutlines(runId),
      deliveries: this.#deliveries(runId),
      observations: this.#observations(runId),
      strayLines:
        this.#db.get<{ lines: number }>(
          `SELECT count(*) AS lines FROM log_entries
            WHERE run_id = ? AND source = 'console' AND after_call IS NULL`,
          runId,
        )?.lines ?? 0,
    }));
  }

  async findCall(runId: string, number: number): Promise<JournalCall | undefined> {
    const row = this.#db.get<CallRow>(`${selectCalls} WHERE run_id = ? AND number = ?`, runId, number);
    return row && toCall(row);
  }

  async steps(runId: string): Promise<ReadonlyMap<number, KeptStep>> {
    return findKeptSteps(this.#db, runId);
  }

  async stepsInFlight(): Promise<readonly StepInFlight[]> {
    const rows = this.#db.all<{ runId: string; number: number; isRunning: 0 | 1 }>(
      `SELECT steps.run_id AS runId, steps.number, steps.status = 'running' AS isRunning
        FROM runs JOIN steps ON steps.run_id = runs.id WHERE runs.status IN ('running', 'waiting')
        AND (steps.status IN ('running', 'waiting') AND steps.kind IN ('process', 'container')
          OR steps.status = 'succeeded' AND steps.kind = 'container' AND (SELECT json_extract(args, '$.container.type')
            FROM journal_calls WHERE run_id = steps.run_id AND number = steps.number) = 'open')`,
    );
    return rows.map(({ runId, number, isRunning }) => ({
      stepId: formatStepId({ runId, number }),
      isRunning: isRunning === 1,
    }));
  }

  #calls(runId: string): readonly JournalCall[] {
    return this.#db.all<CallRow>(`${selectCalls} WHERE run_id = ? ORDER BY number`, runId).map(toCall);
  }

  #callOutlines(runId: string): readonly CallOutline[] {
    return this.#db
      .all<Pick<CallRow, "number" | "kind" | "name" | "started_at" | "after_seq" | "ok">>(
        `SELECT number, kind, name, started_at, after_seq, ok
          FROM journal_calls LEFT JOIN journal_outcomes USING (run_id, number) WHERE run_id = ? ORDER BY number`,
        runId,
      )
      .map(({ number, kind, name, started_at: startedAt, after_seq: afterSeq, ok }) => ({
        number,
        kind,
        name,
        startedAt,
        afterSeq,
        ok: ok === null ? null : ok === 1,
      }));
  }

  #deliveries(runId: string): readonly Delivery[] {
    return this.#db
      .all<DeliveryRow>(
        `SELECT seq, call, stream, byte_offset, byte_length FROM journal_deliveries WHERE run_id = ? ORDER BY seq`,
        runId,
      )
      .map(toDelivery);
  }

  #observations(runId: string): readonly Observations[] {
    return this.#db
      .all<{ ordinal: number; values: string; afterSeq: number }>(
        `SELECT ordinal, "values", after_seq AS afterSeq FROM journal_observations WHERE run_id = ? ORDER BY ordinal`,
        runId,
      )
      .map(({ ordinal, values, afterSeq }) => ({ ordinal, values: JSON.parse(values) as JsonValue, afterSeq }));
  }
}

function toCall(row: CallRow): JournalCall {
  const call = {
    number: row.number,
    kind: row.kind,
    name: row.name,
    argsHash: row.args_hash,
    args: JSON.parse(row.args) as JsonValue,
    startedAt: row.started_at,
    afterSeq: row.after_seq,
  };
  return row.ok === null ? call : { ...call, outcome: toOutcome(row.ok, row.value) };
}

function toOutcome(ok: 0 | 1, text: string | null): CallOutcome {
  const value = text === null ? undefined : (JSON.parse(text) as JsonValue);
  return ok === 1 ? { ok: true, value } : { ok: false, error: value as unknown as CallError };
}

function toDelivery({ seq, call, stream, byte_offset: offset, byte_length: length }: DeliveryRow): Delivery {
  if (call === 0) return { seq, type: "cancel" };
  return stream === null || offset === null || length === null
    ? { seq, type: "result", call }
    : { seq, type: "output", call, stream, offset, length };
}
