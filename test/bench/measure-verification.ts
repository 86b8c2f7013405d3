// What it takes to verify a webhook, by provider.

import type { Row } from "./row.ts";
import { runScript } from "./server-process.ts";

interface Verifications {
  readonly bytes: number;
  readonly bare: number;
  readonly perSecond: Readonly<Record<string, number>>;
}

/** The slowest of those with an HMAC, and Discord, whose signatures are of another kind. */
export async function verification(): Promise<Row[]> {
  const { bytes, bare, perSecond } = await runScript<Verifications>("verifications.ts", []);
  if (Math.abs(bytes - 2048) > 64) throw new Error(`the body has ${bytes} bytes instead of 2 KB`);
  const { discord = 0, ...byHmac } = perSecond;
  for (const [provider, rate] of Object.entries(perSecond)) {
    console.error(`  ${provider}: ${rate.toFixed(0)}/s, ${(rate / bare).toFixed(2)} × HMAC-SHA256 alone`);
  }
  const slowest = Math.min(...Object.values(byHmac));
  const baseline = { name: "HMAC-SHA256 alone", value: bare };
  return [
    {
      what: "webhook of 2 KB verified, slowest HMAC provider, one core",
      unit: "/s",
      runner: slowest,
      baseline,
      goal: { text: "≥ 100,000/s", met: slowest >= 100_000 },
    },
    {
      what: "webhook of 2 KB verified, discord (Ed25519), one core",
      unit: "/s",
      runner: discord,
      baseline,
      goal: null,
    },
  ];
}
