// The server's own log on stderr: one line an entry, for people (pretty) or machines (json).

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export interface LoggerOptions {
  readonly format: "pretty" | "json";
  /** Entries below this are dropped; asked for with each. */
  readonly level: "debug" | "info" | "warn" | "error";
  /** Colours in pretty lines. */
  readonly colour: boolean;
  readonly write: (line: string) => void;
  readonly now: () => number;
}

const order = { debug: 0, info: 1, warn: 2, error: 3 } as const;
const marks = { debug: "·", info: " ", warn: "!", error: "✗" } as const;
const colours = { debug: "\u001B[2m", info: "", warn: "\u001B[33m", error: "\u001B[31m" } as const;

export function createLogger(options: LoggerOptions): Logger {
  const log = (level: keyof typeof order, message: string, fields: LogFields = {}): void => {
    if (order[level] < order[options.level]) return;
    const at = new Date(options.now());
    options.write(
      options.format === "json"
        ? JSON.stringify({ time: at.toISOString(), level, message, ...fields })
        : prettyLine(level, at, message, fields, options.colour),
    );
  };
  return {
    debug: (message, fields) => log("debug", message, fields),
    info: (message, fields) => log("info", message, fields),
    warn: (message, fields) => log("warn", message, fields),
    error: (message, fields) => log("error", message, fields),
  };
}

function prettyLine(level: keyof typeof order, at: Date, message: string, fields: LogFields, colour: boolean): string {
  const tail = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${printable(String(value))}`)
    .join("");
  const line = `${timeOfDay(at)} ${marks[level]} ${printable(message)}${tail}`;
  return colour && colours[level] ? `${colours[level]}${line}\u001B[0m` : line;
}

/** In the zone of this machine: it is read beside the operator's own clock. */
function timeOfDay(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

/** Control characters, and the marks that reorder text on screen. */
const unsafe = /[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu;

/** Foreign text must not control the operator's terminal, and its second line must not look like an entry. */
function printable(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll(unsafe, (character) => {
    if (character === "\n") return "\n    ";
    return character === "\t" ? character : "\uFFFD";
  });
}
