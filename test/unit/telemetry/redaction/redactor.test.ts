// The masking of secrets in texts, bytes, JSON and streams.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { JsonValue } from "../../../../src/core/json.ts";
import { Redactor } from "../../../../src/telemetry/telemetry.ts";

function redactorOf(...secrets: readonly string[]): Redactor {
  const redactor = new Redactor();
  for (const secret of secrets) redactor.add(`literal ${secret}`, secret);
  return redactor;
}

/** The text as it comes out of a stream that is cut after these many bytes, over and over. */
function throughStream(redactor: Redactor, text: string, lengths: readonly number[]): string {
  const stream = redactor.stream();
  const bytes = Buffer.from(text);
  const parts: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1;
    parts.push(stream.push(bytes.subarray(at, at + length)).bytes);
    at += length;
  }
  return Buffer.concat([...parts, stream.end().bytes]).toString();
}

const lengths = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 });
const secret = 'pä"ss/w+rd \\ %41?&\n~end';

describe("Redactor", () => {
  test("masks a token without the word that stands before it in a header", () => {
    for (const word of ["Bearer", "basic", "token", "Bot"]) {
      const redactor = redactorOf(`${word} abcdefgh12`);
      const base64 = Buffer.from("abcdefgh12").toString("base64").replaceAll("=", "");
      expect(redactor.text(`${word} abcdefgh12 token=abcdefgh12 ${base64}`)).toBe("*** token=*** ***");
    }
    expect(redactorOf("token ring").text("a ring and a token ring")).toBe("a ring and a ***");
    expect(redactorOf("correct horse12345").text("a horse12345")).toBe("a horse12345");
  });

  test("masks a secret as it is, escaped for JSON, for URLs and for forms, and as hex", () => {
    const redactor = redactorOf(secret);
    const hex = Buffer.from(secret).toString("hex");
    const form = new URLSearchParams({ a: secret }).toString().slice(2);
    const escaped = JSON.stringify(secret).slice(1, -1);
    const ascii = escaped.replaceAll("ä", "\\u00e4");
    const forms = [secret, encodeURIComponent(secret), form, hex, hex.toUpperCase(), escaped, ascii];
    const slashed = [escaped, ascii].map((each) => each.replaceAll("/", "\\/"));
    for (const each of [...forms, ...slashed, encodeURIComponent(secret).toLowerCase()]) {
      expect(redactor.text(`before ${each} after`)).toBe("before *** after");
    }
  });

  test("leaves of a secret no more than the ends of its base64, wherever it stands in what is encoded", () => {
    const known = fc.string({ unit: "binary-ascii", minLength: 6, maxLength: 40 }).filter((text) => text.trim() !== "");
    fc.assert(
      fc.property(known, fc.uint8Array({ maxLength: 5 }), fc.uint8Array({ maxLength: 5 }), (value, before, after) => {
        const redactor = redactorOf(value);
        const whole = Buffer.concat([before, Buffer.from(value), after]);
        for (const encoding of ["base64", "base64url"] as const) {
          const encoded = whole.toString(encoding);
          // A character more than those of the bytes around it, at each side, and the padding.
          const around = Math.ceil((before.length * 8) / 6) + Math.ceil((after.length * 8) / 6) + 4;
          const masked = redactor.text(encoded);
          expect(masked).toContain("***");
          expect(masked.replaceAll("***", "").length).toBeLessThanOrEqual(around);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("masks base64 in lines as base64(1) and OpenSSL write it", () => {
    const long = "k".repeat(100) + "\u00fc0123456789".repeat(9);
    for (const width of [64, 76]) {
      const lines =
        Buffer.from(`${long}\n`)
          .toString("base64")
          .match(new RegExp(`.{1,${width}}`, "g")) ?? [];
      const masked = redactorOf(long).text(lines.join("\n"));
      expect(masked).toStartWith("***");
      expect(masked.length).toBeLessThan(9);
    }
  });

  test("masks nothing for a secret of fewer than four characters, and leaves other texts as they are", () => {
    const redactor = redactorOf("abc", "abcd");
    expect([redactor.text("abc"), redactor.text("abcd"), redactor.text("abc\uD800")]).toEqual([
      "abc",
      "***",
      "abc\uD800",
    ]);
  });

  test("masks all of what overlaps at once, and what follows one another each for itself", () => {
    const redactor = redactorOf("abcdef", "defghi");
    expect([redactor.text("xabcdefghix"), redactor.text("abcdefdefghi")]).toEqual(["x***x", "******"]);
  });

  test("gives the same text however it is cut, also where secrets overlap, repeat and end in the middle", () => {
    const unit = fc.constantFrom("a", "b", "A", "=", "%", "é");
    const values = fc.array(fc.string({ unit, minLength: 4, maxLength: 9 }), { minLength: 1, maxLength: 5 });
    const text = fc.array(
      fc.oneof(
        fc.string({ unit, maxLength: 30 }),
        values.map((each) => each[0] ?? ""),
      ),
    );
    fc.assert(
      fc.property(values, text, lengths, (given, parts, cuts) => {
        const redactor = redactorOf(...given);
        const whole = [...parts, ...given, ...parts].join("");
        expect(throughStream(redactor, whole, cuts)).toBe(redactor.text(whole));
      }),
      { numRuns: 600 },
    );
  });

  test("tells how many bytes it has dealt with, of which a stream that begins anew there needs none", () => {
    const values = ["abcabc", "cab-cab", "0123456789"];
    const text = fc.array(fc.constantFrom(...values, "ab", "c", "-", "0123", "\n")).map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, lengths, fc.nat(20), (whole, cuts, stopAfter) => {
        const redactor = redactorOf(...values);
        const bytes = Buffer.from(whole);
        const first = redactor.stream();
        let [at, taken] = [0, 0];
        const passed: Uint8Array[] = [];
        for (let turn = 0; turn < stopAfter && at < bytes.length; turn++) {
          const next = at + (cuts[turn % cuts.length] ?? 1);
          const piece = first.push(bytes.subarray(at, next));
          passed.push(piece.bytes);
          taken += piece.taken;
          at = next;
        }
        const rest = throughStream(redactor, bytes.subarray(taken).toString(), cuts);
        expect(Buffer.concat(passed).toString() + rest).toBe(redactor.text(whole));
      }),
      { numRuns: 600 },
    );
  });

  test("passes on at once what can be no part of a secret", () => {
    const stream = redactorOf("secret-value").stream();
    expect(stream.push(Buffer.from("Password: ")).bytes.toString()).toBe("Password: ");
    expect(stream.push(Buffer.from("is secr")).bytes.toString()).toBe("is ");
    expect(stream.push(Buffer.from("et")).bytes.toString()).toBe("");
    expect(stream.push(Buffer.from("s\n")).bytes.toString()).toBe("secrets\n");
  });

  test("holds back no more than 64 KiB of a secret that repeats itself without an end", () => {
    const stream = redactorOf("aaaa").stream();
    let held = 0;
    for (let count = 0; count < 100; count++) {
      held += 10_000 - stream.push(Buffer.alloc(10_000, "a")).taken;
      expect(held).toBeLessThan(80_000);
    }
    expect(stream.push(Buffer.from("\n")).bytes.toString()).toBe("***\n");
  });

  test("masks a secret that becomes known while a stream flows", () => {
    const redactor = new Redactor();
    const stream = redactor.stream();
    expect(stream.push(Buffer.from("later\n")).bytes.toString()).toBe("later\n");
    redactor.add("env:A", "later");
    expect(stream.push(Buffer.from("later\n")).bytes.toString()).toBe("***\n");
  });

  test("goes on masking what a secret was before, and forgets what it was long ago", () => {
    const redactor = new Redactor();
    for (let turn = 0; turn < 12; turn++) redactor.add("file:/rotated", `value-${turn}.`);
    expect(redactor.text("value-0. value-4. value-11.")).toBe("value-0. *** ***");
  });

  test("masks texts, names and numbers in JSON, and gives the same value where there is nothing to mask", () => {
    const redactor = redactorOf("12345678", "s3cret");
    const value: JsonValue = { a: ["s3cret", { s3cret: 12_345_678 }], b: null, c: 1234, d: true };
    expect(redactor.json(value)).toEqual({
      a: ["***", { "***": "***" }],
      b: null,
      c: 1234,
      d: true,
    });
    expect(redactor.json(undefined)).toBeUndefined();
  });
});
