// Where a command writes: data to stdout, messages to stderr, colours only on a terminal.

import type { Environment } from "../config.ts";

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 } as const;
export type Colour = keyof typeof codes;

export interface OutputStream {
  /** Resolves when the content has been taken; never rejects, see `closed`. */
  write(content: string | Uint8Array): Promise<void>;
  /** Writes the text and a newline. */
  line(text: string): Promise<void>;
  /** The text in a colour, or as it is where there are none. */
  paint(colour: Colour, text: string): string;
  readonly isTerminal: boolean;
  readonly hasColours: boolean;
  readonly columns: number;
  /** True once the reader has gone, as with `| head`. */
  readonly closed: boolean;
}

export interface Terminal {
  readonly out: OutputStream;
  readonly err: OutputStream;
}

/** The standard streams of this process. */
export function openTerminal(environment: Environment): Terminal {
  return { out: openStream(process.stdout, environment), err: openStream(process.stderr, environment) };
}

function openStream(stream: NodeJS.WriteStream, environment: Environment): OutputStream {
  const isTerminal = stream.isTTY;
  // https://no-color.org: any value but an empty one.
  const hasColours = isTerminal && !environment["NO_COLOR"] && environment["TERM"] !== "dumb";
  let closed = false;
  // Without a listener a write into a closed pipe ends the process.
  stream.on("error", () => (closed = true));
  const write = (content: string | Uint8Array): Promise<void> =>
    new Promise((resolve) => {
      if (closed || content.length === 0) return resolve();
      stream.write(content, (error) => {
        if (error) closed = true;
        resolve();
      });
    });
  return {
    write,
    line: (text) => write(`${text}\n`),
    paint: (colour, text) => (hasColours && text !== "" ? `\u001B[${codes[colour]}m${text}\u001B[0m` : text),
    isTerminal,
    hasColours,
    get columns() {
      return stream.columns || 80;
    },
    get closed() {
      return closed;
    },
  };
}
