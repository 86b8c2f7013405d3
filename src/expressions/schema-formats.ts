// The formats of texts that a schema may ask for. Those left out have patterns that a long text makes dear, or check
// nothing; a schema that names one of them is refused rather than believed.

import type { Format } from "ajv";
import { fastFormats, fullFormats } from "ajv-formats/dist/formats.js";

/** Longer texts have none of these formats: the patterns are not all linear. */
const maxCharacters = 2048;

const known: Readonly<Record<string, Format>> = {
  date: fullFormats.date,
  time: fullFormats.time,
  "date-time": fullFormats["date-time"],
  duration: fullFormats.duration,
  email: fastFormats.email,
  hostname: fullFormats.hostname,
  ipv4: fullFormats.ipv4,
  ipv6: fullFormats.ipv6,
  uri: fastFormats.uri,
  "uri-reference": fastFormats["uri-reference"],
  uuid: fullFormats.uuid,
  "json-pointer": fullFormats["json-pointer"],
};

export const formatNames: readonly string[] = Object.keys(known);

export const schemaFormats: Record<string, Format> = Object.fromEntries(
  Object.entries(known).map(([name, format]) => [name, limitLength(format)]),
);

function limitLength(format: Format): Format {
  const test = testOf(format);
  return (text: string) => text.length <= maxCharacters && test(text);
}

function testOf(format: Format): (text: string) => boolean {
  if (format instanceof RegExp) return (text) => format.test(text);
  if (typeof format === "function") return format;
  const validate: unknown = typeof format === "object" ? format.validate : undefined;
  if (validate instanceof RegExp) return (text) => validate.test(text);
  return validate as (text: string) => boolean;
}
