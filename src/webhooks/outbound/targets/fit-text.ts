// Texts cut to what a service takes: whole characters, and a sign that there was more.

const ellipsis = "…";

/** At most so many UTF-16 units, which is what most services count. */
export function fitCharacters(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  return wholeCharacters(text.slice(0, maxCharacters - ellipsis.length)) + ellipsis;
}

/** At most so many bytes of UTF-8. */
export function fitBytes(text: string, maxBytes: number): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes - Buffer.byteLength(ellipsis);
  // A byte of the form 10xxxxxx goes on with a character (RFC 3629 §3).
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return new TextDecoder().decode(bytes.subarray(0, end)) + ellipsis;
}

/** As much of the text as `measure` finds small enough, cut between characters. `measure` grows with the text. */
export function fitMeasured(text: string, measure: (text: string) => number, most: number): string {
  if (measure(text) <= most) return text;
  let [least, greatest] = [1, text.length];
  while (least < greatest) {
    const middle = Math.ceil((least + greatest) / 2);
    if (measure(fitCharacters(text, middle)) <= most) least = middle;
    else greatest = middle - 1;
  }
  return fitCharacters(text, least);
}

/** Line breaks and other control characters become spaces: headers and titles are one line. */
export function oneLine(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .replaceAll(/ {2,}/g, " ")
    .trim();
}

/** Title, message and link below each other, where they go into one text. */
export function joinLines(...lines: readonly (string | null)[]): string {
  return lines.filter((line) => line !== null && line !== "").join("\n");
}

/** Without half of a surrogate pair at its end. */
function wholeCharacters(text: string): string {
  return /[\uD800-\uDBFF]$/.test(text) ? text.slice(0, -1) : text;
}
