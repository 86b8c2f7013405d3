// Where a text stops being JSON (RFC 8259): the engine's own parser does not tell. Used only after it refused one.

// Sticky: matched at one place.
const openString = String.raw`"(?:[^"\\\u0000-\u001F]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*`;
const number = String.raw`-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?`;
const scalar = new RegExp(`${openString}"|${number}|true|false|null`, "y");
const stringStart = new RegExp(openString, "y");
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
    } else if (!expecting.startsWith("key") && (char === "{" || char === "[")) {
      closers.push(char === "{" ? "}" : "]");
      expecting = char === "{" ? "key or }" : "value or ]";
      at++;
    } else {
      const isKey: boolean = expecting.startsWith("key");
      const end: number = isKey && char !== '"' ? at : skip(scalar, text, at);
      if (end === at) return char === '"' ? skip(stringStart, text, at) : at;
      expecting = isKey ? ":" : ", or end";
      at = end;
    }
  }
  return closers.length === 0 && expecting === ", or end" ? undefined : at;
}

/** Where a sticky pattern ends that is matched at `at`; `at` itself where it does not match. */
function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
