// Where a string of a JSON text ends, without reading what is in it.

const backslash = 0x5c;

/**
 * The offset of the quote that ends a string; that of the text's end where there is none.
 * @param start behind the quote that begins it.
 */
export function findStringEnd(text: string, start: number): number {
  for (let at = start; ; at++) {
    at = text.indexOf('"', at);
    if (at === -1) return text.length;
    let first = at;
    while (first > start && text.charCodeAt(first - 1) === backslash) first--;
    if ((at - first) % 2 === 0) return at;
  }
}
