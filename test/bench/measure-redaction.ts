// The masking of secrets in a step's output, beside a plain copy of the same pieces, in turn.

import { Redactor } from "../../src/telemetry/telemetry.ts";
import { cpuSeconds } from "./cpu-time.ts";
import type { Row } from "./row.ts";
import { median } from "./statistics.ts";

const secretCount = 50;
const pieceBytes = 64 * 1024;
const totalBytes = 32 * 1024 * 1024;
const rounds = 9;

export async function measureRedaction(): Promise<Row[]> {
  const redactor = new Redactor();
  const secrets = Array.from({ length: secretCount }, (_, index) => makeSecret(index));
  for (const secret of secrets) redactor.add(secret, secret);
  const pieces = makeOutput(secrets);
  const ours: number[] = [];
  const raws: number[] = [];
  for (let round = -2; round < rounds; round++) {
    const [ourRate, rawRate] = [
      measure(pieces, () => maskAll(redactor, pieces)),
      measure(pieces, () => copyAll(pieces)),
    ];
    if (round < 0) continue;
    ours.push(ourRate);
    raws.push(rawRate);
  }
  const rate = median(ours);
  return [
    {
      what: `redaction with ${String(secretCount)} secrets`,
      unit: "MB/s",
      runner: rate,
      baseline: { name: "a plain copy", value: median(raws) },
      goal: { text: "≥ 300 MB/s", met: rate >= 300 },
    },
  ];
}

/** Keys as services give them: 20 to 44 characters, some of them hex; the same in each run. */
function makeSecret(index: number): string {
  const digest = new Bun.CryptoHasher("sha256").update(`secret ${String(index)}`);
  const text = index % 3 === 0 ? digest.digest("hex") : digest.digest("base64");
  return text.slice(0, 20 + (index % 25));
}

/** Lines as a build writes them; in every hundredth there is a secret. */
function makeOutput(secrets: readonly string[]): readonly Uint8Array[] {
  const lines: string[] = [];
  for (let index = 0, length = 0; length < totalBytes; index++) {
    const id = new Bun.CryptoHasher("sha1").update(String(index)).digest("hex");
    const secret = index % 100 === 0 ? ` token=${secrets[(index / 100) % secrets.length] ?? ""}` : "";
    const line = `2026-01-31T03:00:00.${String(index % 1000)}Z INFO GET /api/v1/items/${String(index)} 200 request=${id}${secret}\n`;
    lines.push(line);
    length += line.length;
  }
  const bytes = Buffer.from(lines.join(""));
  const count = Math.ceil(bytes.length / pieceBytes);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes));
}

function maskAll(redactor: Redactor, pieces: readonly Uint8Array[]): number {
  const stream = redactor.stream();
  let length = 0;
  for (const piece of pieces) length += stream.push(piece).bytes.length;
  return length + stream.end().bytes.length;
}

function copyAll(pieces: readonly Uint8Array[]): number {
  let length = 0;
  for (const piece of pieces) length += new Uint8Array(piece).length;
  return length;
}

/** Megabytes of output in a second of one core. */
function measure(pieces: readonly Uint8Array[], work: () => number): number {
  let length = 0;
  const seconds = cpuSeconds(() => {
    length = work();
  });
  if (length === 0) throw new Error("nothing came out");
  return pieces.reduce((sum, piece) => sum + piece.length, 0) / 1e6 / seconds;
}
