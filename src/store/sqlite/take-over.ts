// What a new run takes over of an ended one: copied within the database, since it may be large.

import { AppError } from "../../core/app-error.ts";
import type { JournalCut, TakeOverWrite } from "../take-over-writes.ts";
import type { Bind, WriteStatement, WriteStatements } from "./write-statement.ts";

// Numbered binds, the same for all of them: what a statement does not name is not bound.
const from = "?1";
const to = "?2";
const number = "?3";

function take(sql: string, more: (cut: JournalCut) => readonly Bind[] = () => []): WriteStatement<TakeOverWrite> {
  return { sql, bind: ({ cut }) => [cut.from, cut.to, cut.number, ...more(cut)] };
}

/** True for a call whose outcome has been taken over. */
function hasOutcome(callNumber: string): string {
  return `EXISTS (SELECT 1 FROM journal_outcomes taken WHERE taken.run_id = ${to} AND taken.number = ${callNumber})`;
}

const isOpen = "number IN (SELECT value FROM json_each(?4))";
const openCalls = ({ open }: JournalCut): string => JSON.stringify(open);

export const takeOverWrites: WriteStatements<TakeOverWrite["type"]> = {
  "take_over.check": {
    // A change that changes nothing tells whether the row is there.
    sql: `UPDATE runs SET finished_at = finished_at WHERE id = ?1 AND finished_at IS NOT NULL
      AND ?2 <= coalesce((SELECT max(seq) FROM log_entries WHERE run_id = ?1), 0)`,
    bind: ({ cut }) => [cut.from, cut.lastSeq],
    missed: ([id]) => new AppError("RUN_NOT_FOUND", `run ${String(id)} has just been removed, for its age`),
  },
  "take_over.calls": take(
    `INSERT INTO journal_calls (run_id, number, kind, name, args_hash, started_at, args, after_seq)
      SELECT ${to}, number, kind, name, args_hash, CASE WHEN ${isOpen} THEN started_at + ?5 ELSE started_at END, args,
        after_seq FROM journal_calls WHERE run_id = ${from} AND number < ${number}`,
    (cut) => [openCalls(cut), cut.shiftMs],
  ),
  "take_over.outcomes": take(
    `INSERT INTO journal_outcomes (run_id, number, ok, completed_at, value)
      SELECT ${to}, number, ok, completed_at, value FROM journal_outcomes
      WHERE run_id = ${from} AND number < ${number} AND NOT ${isOpen}`,
    (cut) => [openCalls(cut)],
  ),
  "take_over.deliveries": {
    sql: `INSERT INTO journal_deliveries (run_id, seq, call, stream, byte_offset, byte_length)
      SELECT ?2, seq, call, stream, byte_offset, byte_length FROM journal_deliveries WHERE run_id = ?1 AND seq <= ?3`,
    bind: ({ cut }) => [cut.from, cut.to, cut.afterSeq],
  },
  "take_over.observations": {
    sql: `INSERT INTO journal_observations (run_id, ordinal, "values", after_seq)
      SELECT ?2, ordinal, "values", after_seq FROM journal_observations WHERE run_id = ?1 AND after_seq <= ?3`,
    bind: ({ cut }) => [cut.from, cut.to, cut.afterSeq],
  },
  "take_over.steps": take(
    `INSERT INTO steps (run_id, number, name, kind, status, code, attempts, started_at, finished_at, message, until,
        child_run, job, progress)
      SELECT ${to}, number, name, kind, status, code, attempts, started_at, finished_at, message, until, child_run,
        job, progress FROM steps WHERE run_id = ${from} AND number < ${number} AND ${hasOutcome("steps.number")}`,
  ),
  "take_over.log": take(
    `INSERT INTO log_entries (run_id, seq, at, source, level, step_number, step_name, byte_offset, text, bytes,
        after_call, taken)
      SELECT ${to}, seq, at, source, level, step_number, step_name, byte_offset, text, bytes, after_call,
        taken
      FROM log_entries WHERE run_id = ${from} AND CASE
        WHEN step_number IS NULL THEN after_call < ${number}
        WHEN step_number >= ${number} THEN false
        WHEN ${hasOutcome("step_number")} THEN true
        ELSE byte_offset < coalesce(json_extract(?4, '$."' || step_number || '.' || source || '"'), 0) END
      ORDER BY seq`,
    ({ given }) => [JSON.stringify(given)],
  ),
  "take_over.artifacts": take(
    `INSERT INTO artifacts (run_id, name, number, bytes, created_at)
      SELECT ${to}, name, number, bytes, created_at FROM artifacts
      WHERE run_id = ${from} AND number < ${number} AND ${hasOutcome("artifacts.number")}`,
  ),
};
