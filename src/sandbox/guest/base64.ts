// Base64 of bytes and of Latin-1 texts (`atob`, `btoa`). RFC 4648 §4; WHATWG "forgiving-base64 decode".

import { defineGlobal } from "./host.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const valueOf = new Map(Array.from(alphabet, (character, value) => [character, value]));

export function decodeBase64(text: string): Uint8Array {
  let clean = text.replaceAll(/[\t\n\f\r ]/g, "");
  if (clean.length % 4 === 0) clean = clean.replace(/={1,2}$/, "");
  if (clean.length % 4 === 1) throw new TypeError("atob: the text is not valid base64: its length is wrong");
  const bytes = new Uint8Array(Math.floor((clean.length * 3) / 4));
  let buffer = 0;
  let bits = 0;
  let length = 0;
  for (const character of clean) {
    const value = valueOf.get(character);
    if (value === undefined) throw new TypeError(`atob: ${JSON.stringify(character)} is not a base64 character`);
    buffer = ((buffer << 6) | value) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[length++] = (buffer >> bits) & 0xff;
    }
  }
  return bytes;
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
