// Foreign text made safe for a terminal: escape sequences in a run's error or a step's output can retitle a window,
// write to the clipboard or rewrite what was printed before.

/** Control characters, and the marks that reorder text on screen. */
const unsafe = /[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu;

/** One line: every control character, tabs and newlines included, is replaced. */
export function printable(text: string): string {
  return text.replaceAll(/[\t\n\r]+/g, " ").replaceAll(unsafe, "\uFFFD");
}

/** The same, keeping newlines and tabs. */
export function printableLines(text: string): string {
  return text.replaceAll(unsafe, (character) => (character === "\n" || character === "\t" ? character : "\uFFFD"));
}

/** A complete colour sequence, or one that the end of the text may have cut. */
const escape = "\u001B";
const colour = new RegExp(String.raw`${escape}\[[\d;:]*m`, "g");
const cutColour = new RegExp(String.raw`${escape}(?:\[[\d;:]{0,32})?$`);

/**
 * A filter for output that arrives in chunks: colours pass (unless `colours` is false), as do newline, tab and
 * carriage return; every other control character is replaced. A colour cut by the end of a chunk waits for the next.
 */
export function createOutputFilter(colours: boolean): (chunk: string) => string {
  let held = "";
  return (chunk) => {
    const text = held + chunk;
    held = cutColour.exec(text)?.[0] ?? "";
    const whole = text.slice(0, text.length - held.length);
    let result = "";
    let from = 0;
    for (const match of whole.matchAll(colour)) {
      result += withoutControls(whole.slice(from, match.index)) + (colours ? match[0] : "");
      from = match.index + match[0].length;
    }
    return result + withoutControls(whole.slice(from));
  };
}

function withoutControls(text: string): string {
  return text.replaceAll(unsafe, (character) => (/[\n\r\t]/.test(character) ? character : "\uFFFD"));
}
