// The forms in which programs write a secret: as it is, base64, hex, URL-encoded, escaped for JSON.

import { Buffer } from "node:buffer";

/** Of shorter values nothing is masked: they are in every second word. */
export const shortestSecret = 4;

/** Columns after which `base64`, and OpenSSL, begin a new line. */
const lineWidths = [76, 64];

/** "Bearer TOKEN" is sent whole, and told and logged as TOKEN alone (RFC 9110 §11.4). */
const credentials = /^(?:bearer|basic|token|bot) +(\S{8,})$/i;

/** Each form once, as UTF-8. */
export function secretForms(value: string): readonly Uint8Array[] {
  const text = value.toWellFormed();
  const [, token] = credentials.exec(text) ?? [];
  const forms = [text, ...(token === undefined ? [] : [token])].flatMap(formsOf);
  return [...new Set(forms)].map((form) => Buffer.from(form));
}

function formsOf(text: string): readonly string[] {
  const bytes = Buffer.from(text);
  const hex = bytes.toString("hex");
  return [text, ...base64Forms(bytes), hex, hex.toUpperCase(), ...urlForms(text), ...jsonForms(text)];
}

/**
 * What base64 makes of the secret wherever it stands in what is encoded: three alignments. Of a character that the bytes
 * beside the secret have a part in, only that one is known which ends the text, or is followed by a line break.
 */
function base64Forms(bytes: Uint8Array): readonly string[] {
  const forms = [0, 1, 2].flatMap((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]);
    const start = Math.ceil((before * 8) / 6);
    const text = whole.toString("base64").replaceAll("=", "");
    const certain = text.slice(start, Math.floor((whole.length * 8) / 6));
    return [certain, text.slice(start)];
  });
  const wrapped = forms
    .slice(0, 2)
    .flatMap((form) => lineWidths.filter((width) => form.length > width).map((width) => wrap(form, width)));
  const standard = [...forms, ...wrapped];
  return [...standard, ...standard.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"))];
}

function wrap(text: string, width: number): string {
  const lines: string[] = [];
  for (let start = 0; start < text.length; start += width) lines.push(text.slice(start, start + width));
  return lines.join("\n");
}

/** As in a path and as in a form; strict encoders leave no punctuation, and some write hex digits small. */
function urlForms(text: string): readonly string[] {
  const component = encodeURIComponent(text);
  const strict = component.replaceAll(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  const form = new URLSearchParams([["", text]]).toString().slice(1);
  const forms = [component, strict, form];
  return [...forms, ...forms.map((each) => each.replaceAll(/%[\dA-F]{2}/g, (code) => code.toLowerCase()))];
}

/** Some encoders write what is not ASCII as \u and put a backslash before each slash. */
function jsonForms(text: string): readonly string[] {
  const plain = JSON.stringify(text).slice(1, -1);
  const ascii = plain.replaceAll(
    /[\u0080-\uFFFF]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return [plain, ascii].flatMap((form) => [form, form.replaceAll("/", "\\/")]);
}
