// A replay for people, as it happens, and as JSON.

import type { JsonValue } from "../core/json.ts";
import type {
  CallName,
  Place,
  ReplayDifference,
  ReplayedCall,
  ReplayedEnd,
  ReplayEvent,
  ReplayReport,
} from "../engine/engine.ts";
import { printable, printableLines } from "./printable.ts";
import { statusColours } from "./run-report.ts";
import type { Terminal } from "./terminal.ts";

const maxValueLength = 200;

export class ReplayPrinter {
  /** With JSON: everything, for the one line at the end. */
  readonly taken: ReplayEvent[] = [];
  readonly #terminal: Terminal;
  readonly #json: boolean;

  constructor(terminal: Terminal, json: boolean) {
    this.#terminal = terminal;
    this.#json = json;
  }

  async take(event: ReplayEvent): Promise<void> {
    if (this.#json) this.taken.push(event);
    else if (event.type === "console") await this.#terminal.out.line(printableLines(event.text));
    else if (event.type === "call") await this.#terminal.out.line(this.#callLine(event.call));
    else for (const line of this.#differenceLines(event.difference)) await this.#terminal.out.line(line);
  }

  async finish({ runId, differences, calls, end }: ReplayReport): Promise<void> {
    const { out, err } = this.#terminal;
    const { status } = end;
    const ended = status === "waiting" ? "goes no further than the journal" : describeEnd(end);
    await out.line(
      `${out.paint(statusColours[status], status === "waiting" ? "■" : status)} ${out.paint("dim", ended)}`,
    );
    const count = (amount: number, word: string): string => `${amount} ${word}${amount === 1 ? "" : "s"}`;
    await err.line(
      differences.length === 0
        ? `run ${printable(runId)}: ${err.paint("green", "identical")}, ${count(calls, "host call")}`
        : `run ${printable(runId)}: ${err.paint("red", count(differences.length, "difference"))}`,
    );
  }

  #callLine({ number, kind, name, answer, place }: ReplayedCall): string {
    const { out } = this.#terminal;
    const where = place === null ? "" : ` ${printable(`${place.file}:${place.line}`)}`;
    const answered = printable(answer ?? "no answer");
    return `${out.paint("dim", `#${number} ${printable(kind)}`)} ${printable(name)} ${out.paint("dim", `→ ${answered}${where}`)}`;
  }

  #differenceLines(difference: ReplayDifference): readonly string[] {
    const { out } = this.#terminal;
    const [first = "", ...rest] = describeDifference(difference).map(printable);
    return [`${out.paint("red", "differs")} ${first}`, ...rest.map((line) => `  ${line}`)];
  }
}

/** The first line says where, the others what. */
function describeDifference(difference: ReplayDifference): readonly string[] {
  switch (difference.type) {
    case "call": {
      const { number, recorded, now, place } = difference;
      return [`at call ${number}${shownPlace(place)}`, `recorded: ${shown(recorded)}`, `now:      ${shown(now)}`];
    }
    case "arguments": {
      const { number, call, changes, place } = difference;
      return [
        `at call ${number}, ${shown(call)}${shownPlace(place)}`,
        ...changes.map(
          ({ field, recorded, now }) => `${field || "arguments"}: recorded ${json(recorded)}, now ${json(now)}`,
        ),
      ];
    }
    case "missing":
      return [`at call ${difference.number}`, `recorded: ${shown(difference.recorded)}`, "now:      no such call"];
    case "extra":
      return [
        `at call ${difference.number}${shownPlace(difference.place)}`,
        "recorded: no such call",
        `now:      ${shown(difference.now)}`,
      ];
    case "end":
      return [
        "at the end",
        `recorded: ${difference.recorded.status} ${describeEnd(difference.recorded)}`,
        `now:      ${difference.now.status} ${describeEnd(difference.now)}`,
      ];
  }
}

function describeEnd({ result, error }: ReplayedEnd): string {
  if (error === null) return json(result);
  return `${error.file === null ? "" : `${error.file}:${error.line}: `}${error.message} (${error.code})`;
}

function shown({ kind, name }: CallName): string {
  return `${kind} ${JSON.stringify(name)}`;
}

function shownPlace(place: Place | null): string {
  return place === null ? "" : ` (${place.file}:${place.line})`;
}

function json(value: JsonValue | undefined): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length <= maxValueLength ? text : `${text.slice(0, maxValueLength - 1)}…`;
}

export function replayToJson(report: ReplayReport, events: readonly ReplayEvent[]): unknown {
  const { runId, pipeline, differences, end } = report;
  return {
    run_id: runId,
    pipeline,
    identical: differences.length === 0,
    calls: events.flatMap((event) => (event.type === "call" ? [event.call] : [])),
    console: events.flatMap((event) => (event.type === "console" ? [{ level: event.level, text: event.text }] : [])),
    differences,
    end,
  };
}
