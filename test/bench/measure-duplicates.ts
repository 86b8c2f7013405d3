// What it costs to know deliveries again: webhooks to a pipeline that asks, and to one that does not, in turn.

import type { Row } from "./row.ts";
import { startRunner, withServer } from "./server-process.ts";
import { median } from "./statistics.ts";
import { sendWebhooks } from "./webhook-load.ts";

const rounds = 7;
const load = { connections: 8, status: 202, warmUpMs: 300, measureMs: 2000 };

export async function measureDuplicates(): Promise<Row[]> {
  const [asking, trusting]: [number[], number[]] = [[], []];
  await withServer(startRunner({ maxConcurrentSteps: 8 }), async (server) => {
    for (let round = -1; round < rounds; round++) {
      const withQuestion = await sendWebhooks(server, { pipeline: "accept", ...load });
      const without = await sendWebhooks(server, { pipeline: "accept-any", ...load });
      if (round < 0) continue;
      asking.push(withQuestion.requestsPerSecond);
      trusting.push(without.requestsPerSecond);
    }
  });
  const [rate, raw] = [median(asking), median(trusting)];
  return [
    {
      what: "webhook → 202, duplicates known, 8 connections",
      unit: "/s",
      runner: rate,
      baseline: { name: "`dedupe: false`", value: raw },
      goal: { text: "≥ 0.9 ×", met: rate >= 0.9 * raw },
    },
  ];
}
