// `TextEncoder` and `TextDecoder` for UTF-8. WHATWG Encoding Standard §8; malformed bytes become U+FFFD, or throw if fatal.

import { defineGlobal } from "./host.ts";

export function encodeUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Length(text));
  let end = 0;
  for (let index = 0; index < text.length; index++) {
    let code = text.charCodeAt(index);
    if (code < 0x80) {
      bytes[end++] = code;
      continue;
    }
    code = text.codePointAt(index) ?? 0;
    if (code > 0xffff) index++;
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
    if (code < 0x800) bytes[end++] = 0xc0 | (code >> 6);
    else {
      if (code < 0x10000) bytes[end++] = 0xe0 | (code >> 12);
      else {
        bytes[end++] = 0xf0 | (code >> 18);
        bytes[end++] = 0x80 | ((code >> 12) & 63);
      }
      bytes[end++] = 0x80 | ((code >> 6) & 63);
    }
    bytes[end++] = 0x80 | (code & 63);
  }
  return bytes;
}

/** A surrogate stands for half of a character of four bytes, and one without its other half for U+FFFD. */
export function utf8Length(text: string): number {
  let length = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x80) length++;
    else if (code < 0x800) length += 2;
    else {
      length += 3;
      if ((text.codePointAt(index) ?? 0) > 0xffff) {
        length++;
        index++;
      }
    }
  }
  return length;
}

/** Length of a well-formed sequence at `start`: 0 malformed (skip one byte), -1 cut off by the end of the bytes. */
function sequenceLength(bytes: Uint8Array, start: number): number {
  const lead = bytes[start] ?? 0;
  if (lead < 0x80) return 1;
  const length =
    lead >= 0xf0 && lead <= 0xf4 ? 4 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xc2 && lead < 0xe0 ? 2 : 0;
  if (length === 0) return 0;
  for (let index = 1; index < length; index++) {
    const byte = bytes[start + index];
    if (byte === undefined) return -1;
    // The second byte's range is narrower for some leads, which excludes overlong forms and surrogates.
    const low = index === 1 ? (lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80) : 0x80;
    const high = index === 1 ? (lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf) : 0xbf;
    if (byte < low || byte > high) return 0;
  }
  return length;
}

function codeAt(bytes: Uint8Array, start: number, length: number): number {
  const lead = bytes[start] ?? 0;
  if (length === 1) return lead;
  let code = lead & (0xff >> (length + 1));
  for (let index = 1; index < length; index++) code = (code << 6) | ((bytes[start + index] ?? 0) & 63);
  return code;
}

function decodeUtf8(bytes: Uint8Array, fatal: boolean): string {
  const parts: string[] = [];
  for (let index = 0; index < bytes.length;) {
    const length = sequenceLength(bytes, index);
    if (length > 0) {
      parts.push(String.fromCodePoint(codeAt(bytes, index, length)));
      index += length;
      continue;
    }
    if (fatal) throw new TypeError(`TextDecoder: the bytes are not valid UTF-8 (at byte ${index})`);
    parts.push("\uFFFD");
    index = length === -1 ? bytes.length : index + 1;
  }
  return parts.join("");
}

function bytesOf(input: unknown): Uint8Array {
  if (input === undefined) return new Uint8Array(0);
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  throw new TypeError("TextDecoder: decode takes an ArrayBuffer or a view of one");
}

class GuestTextEncoder {
  readonly encoding = "utf-8";
  encode(text: unknown = ""): Uint8Array {
    return encodeUtf8(String(text));
  }
}

class GuestTextDecoder {
  readonly encoding = "utf-8";
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  constructor(label = "utf-8", options: { readonly fatal?: boolean; readonly ignoreBOM?: boolean } = {}) {
    if (!/^(utf-?8|unicode-1-1-utf-8)$/i.test(String(label).trim())) {
      throw new RangeError(`TextDecoder: the encoding ${JSON.stringify(label)} is not supported; only utf-8 is`);
    }
    this.fatal = options.fatal === true;
    this.ignoreBOM = options.ignoreBOM === true;
  }
  decode(input?: unknown): string {
    const text = decodeUtf8(bytesOf(input), this.fatal);
    return !this.ignoreBOM && text.startsWith("\uFEFF") ? text.slice(1) : text;
  }
}

export function installTextEncoding(): void {
  defineGlobal("TextEncoder", GuestTextEncoder);
  defineGlobal("TextDecoder", GuestTextDecoder);
}
