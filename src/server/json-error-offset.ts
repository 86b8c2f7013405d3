// Where a text stops being JSON (RFC 8259): the engine's own parser does not tell. Used only after it refused one.

// Sticky: matched at one place.
const numberOrWord = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const space = /[ \t\n\r]*/y;

type Expecting = "value" | "value or ]" | "key" | "key or }" | ":" | ", or end";

/** The offset of the first character that cannot stand where it stands; undefined if the text is JSON. */
export function findJsonError(text: string): number | undefined {
  // A stack of its own, because a body can be a million opening brackets.
  const closers: ("]" | "}")[] = [];
  let expecting: Expecting = "value";
  let at = skip(space, text, 0);
  for (; at < text.length; at = skip(space, text, at)) {
    const char = text.charAt(at);
    const closer = closers.at(-1);
    if (char === closer && (expecting === ", or end" || expecting.endsWith(closer))) {
      closers.pop();
      expecting = ", or end";
      at++;
    } else if (expecting === ", or end") {
      if (closer === undefined || char !== ",") return at;
      expecting = closer === "}" ? "key" : "value";
      at++;
    } else if (expecting === ":") {
      if (char !== ":") return at;
      expecting = "value";
      at++;
    } else if (char === '"') {
      const string = scanString(text, at);
      if (!string.complete) return string.end;
      expecting = expecting.startsWith("key") ? ":" : ", or end";
      at = string.end;
    } else if (expecting.startsWith("key")) {
      return at;
    } else if (char === "{" || char === "[") {
      closers.push(char === "{" ? "}" : "]");
      expecting = char === "{" ? "key or }" : "value or ]";
      at++;
    } else {
      const end = skip(numberOrWord, text, at);
      if (end === at) return at;
      expecting = ", or end";
      at = end;
    }
  }
  return closers.length === 0 && expecting === ", or end" ? undefined : at;
}

/** The end of the string that begins at `start`, or the place where it breaks. */
function scanString(text: string, start: number): { readonly end: number; readonly complete: boolean } {
  let at = start + 1;
  while (at < text.length) {
    const char = text.charCodeAt(at);
    if (char === 0x22) return { end: at + 1, complete: true };
    const next = char === 0x5c ? skip(escape, text, at) : at + 1;
    if (char < 0x20 || next === at) break;
    at = next;
  }
  return { end: at, complete: false };
}

/** Where a sticky pattern ends that is matched at `at`; `at` itself where it does not match. */
function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
