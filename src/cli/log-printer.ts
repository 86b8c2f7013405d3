// Prints the log of a run as it happens: console lines and the steps' stdout to stdout, the rest to stderr.

import type { LogEntryJson } from "../core/log-entry-json.ts";
import { createOutputFilter, printable, printableLines } from "./printable.ts";
import type { Colour, OutputStream, Terminal } from "./terminal.ts";

export type PrintableEntry = Pick<LogEntryJson, "source" | "level" | "step_id" | "step_name" | "text">;

export interface LogPrinter {
  print(entry: PrintableEntry): Promise<void>;
  /**
   * Ends a line that the run left unfinished. The last entry of a failed run says why it failed: it is left out where
   * `told`, the error that the caller prints, is what it says.
   */
  finish(told?: string): Promise<void>;
}

const levelColours: Readonly<Record<PrintableEntry["level"], Colour | null>> = {
  debug: "dim",
  info: null,
  warn: "yellow",
  error: "red",
};

export function createLogPrinter(terminal: Terminal): LogPrinter {
  const writer = createEntryWriter(terminal);
  /** An error of the system, until it is known whether it was the last entry. */
  let held: PrintableEntry | undefined;
  const release = async (): Promise<void> => {
    const entry = held;
    held = undefined;
    if (entry) await writer.write(entry);
  };
  // Entries may be handed over faster than they are written, and must not overtake each other in between.
  let tail = Promise.resolve();
  const inOrder = (task: () => Promise<void>): Promise<void> => (tail = tail.then(task));
  return {
    print: (entry) =>
      inOrder(async () => {
        await release();
        if (entry.source === "system" && entry.level === "error") held = entry;
        else await writer.write(entry);
      }),
    finish: (told) =>
      inOrder(async () => {
        if (held && told !== undefined && tells(held.text, told)) held = undefined;
        await release();
        await writer.endLines();
      }),
  };
}

/** An entry is one line, and may be cut. */
function tells(entry: string, error: string): boolean {
  const [firstLine = ""] = error.split("\n", 1);
  return entry.includes(firstLine.slice(0, 100));
}

interface EntryWriter {
  write(entry: PrintableEntry): Promise<void>;
  endLines(): Promise<void>;
}

/**
 * On a terminal each line of a step begins with the step's name and only colours pass; anywhere else a step's bytes
 * are passed on as they are, so that `runner trigger backup > file` is what the step wrote.
 */
function createEntryWriter({ out, err }: Terminal): EntryWriter {
  const filters = new Map<string, (chunk: string) => string>();
  /** What was written last to each stream, and whether its line is unfinished. */
  const last = new Map<OutputStream, { readonly writer: string; readonly midLine: boolean }>();

  const write = async (stream: OutputStream, writer: string, text: string, prefix: string): Promise<void> => {
    if (text === "") return;
    // Both streams of a terminal are one screen.
    const others = [...last.keys()].filter((each) => each !== stream && each.isTerminal && stream.isTerminal);
    for (const other of others) await endLine(other);
    if (last.get(stream)?.writer !== writer) await endLine(stream);
    const atStart = !last.get(stream)?.midLine;
    const body = text.endsWith("\n") ? text.slice(0, -1) : text;
    const prefixed = prefix === "" ? body : (atStart ? prefix : "") + body.replaceAll("\n", () => `\n${prefix}`);
    last.set(stream, { writer, midLine: !text.endsWith("\n") });
    await stream.write(text.endsWith("\n") ? `${prefixed}\n` : prefixed);
  };

  const endLine = async (stream: OutputStream): Promise<void> => {
    const state = last.get(stream);
    if (!state?.midLine) return;
    last.set(stream, { ...state, midLine: false });
    await stream.write(stream.hasColours ? "\u001B[0m\n" : "\n");
  };

  const filterOf = (stream: OutputStream, writer: string): ((chunk: string) => string) => {
    const found = filters.get(writer) ?? createOutputFilter(stream.hasColours);
    filters.set(writer, found);
    return found;
  };

  const print = async ({ source, level, step_id, step_name, text }: PrintableEntry): Promise<void> => {
    if (source === "console" || source === "system") {
      const stream = source === "console" ? out : err;
      const shown = stream.isTerminal ? printableLines(text) : text;
      const colour = source === "system" ? "dim" : levelColours[level];
      return write(stream, source, `${colour ? stream.paint(colour, shown) : shown}\n`, "");
    }
    const stream = source === "stdout" ? out : err;
    const writer = `${source} ${step_id}`;
    if (!stream.isTerminal) return write(stream, writer, text, "");
    const prefix = stream.paint("cyan", `${printable(step_name ?? "step")} │ `);
    return write(stream, writer, filterOf(stream, writer)(text), prefix);
  };

  return {
    write: print,
    endLines: async () => {
      await endLine(out);
      await endLine(err);
    },
  };
}
