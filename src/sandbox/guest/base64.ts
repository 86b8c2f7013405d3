// Base64 of bytes and of Latin-1 texts (`atob`, `btoa`). RFC 4648 §4; WHATWG "forgiving-base64 decode".

import { defineGlobal } from "./host.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const notInAlphabet = 255;
/** By character code. */
const values = new Uint8Array(128).fill(notInAlphabet);
for (let value = 0; value < alphabet.length; value++) values[alphabet.charCodeAt(value)] = value;

export function decodeBase64(text: string): Uint8Array {
  let clean = text.replaceAll(/[\t\n\f\r ]/g, "");
  if (clean.length % 4 === 0) clean = clean.replace(/={1,2}$/, "");
  if (clean.length % 4 === 1) throw new TypeError("atob: the text is not valid base64: its length is wrong");
  const bytes = new Uint8Array(Math.floor((clean.length * 3) / 4));
  let length = 0;
  for (let index = 0; index < clean.length; index += 4) {
    const first = values[clean.charCodeAt(index)] ?? notInAlphabet;
    const second = values[clean.charCodeAt(index + 1)] ?? notInAlphabet;
    // Behind the end there is nothing to decode.
    const third = index + 2 < clean.length ? (values[clean.charCodeAt(index + 2)] ?? notInAlphabet) : 0;
    const fourth = index + 3 < clean.length ? (values[clean.charCodeAt(index + 3)] ?? notInAlphabet) : 0;
    if ((first | second | third | fourth) > 63) throw notBase64(clean.slice(index, index + 4));
    bytes[length++] = (first << 2) | (second >> 4);
    bytes[length++] = ((second & 15) << 4) | (third >> 2);
    bytes[length++] = ((third & 3) << 6) | fourth;
  }
  return bytes;
}

function notBase64(text: string): TypeError {
  const wrong = Array.from(text).find((character) => !alphabet.includes(character)) ?? text;
  return new TypeError(`atob: ${JSON.stringify(wrong)} is not a base64 character`);
}

export function encodeBase64(bytes: Uint8Array): string {
  const digits: string[] = [];
  for (let index = 0; index < bytes.length; index += 3) {
    const left = bytes.length - index;
    const word = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    digits.push(
      alphabet[word >> 18] ?? "",
      alphabet[(word >> 12) & 63] ?? "",
      left > 1 ? (alphabet[(word >> 6) & 63] ?? "") : "=",
      left > 2 ? (alphabet[word & 63] ?? "") : "=",
    );
  }
  return digits.join("");
}

export function installBase64(): void {
  defineGlobal("atob", (text: unknown) => {
    const bytes = decodeBase64(String(text));
    const characters: string[] = [];
    for (const byte of bytes) characters.push(String.fromCharCode(byte));
    return characters.join("");
  });
  defineGlobal("btoa", (text: unknown) => {
    const source = String(text);
    const bytes = new Uint8Array(source.length);
    for (let index = 0; index < source.length; index++) {
      const code = source.charCodeAt(index);
      if (code > 255) throw new TypeError("btoa: the text has characters beyond Latin-1; encode it as UTF-8 first");
      bytes[index] = code;
    }
    return encodeBase64(bytes);
  });
}
