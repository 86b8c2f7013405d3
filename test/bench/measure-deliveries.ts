// Deliveries with durable records beside bare requests to the same receiver, and what a dead endpoint costs the others.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { request } from "./api.ts";
import { recordEvents, sentBytes } from "./record-events.ts";
import type { Row } from "./row.ts";
import { runScript, type ServerProcess, startRawReceiver, startRunner, withServer } from "./server-process.ts";
import { median } from "./statistics.ts";

/** Requests to one endpoint at a time, as the server sends them. */
const connections = 4;
const rounds = 3;
const giveUpMs = 120_000;

type Received = Readonly<Record<string, { readonly count: number; readonly firstAt: number; readonly lastAt: number }>>;

interface Work {
  readonly events: number;
  /** Addresses of the endpoints; each is sent all events. */
  readonly urls: readonly string[];
}

/** What the receiver has counted once it has everything that comes to these paths. */
async function waitForAll(receiver: ServerProcess, paths: readonly string[], events: number): Promise<Received> {
  const giveUpAt = performance.now() + giveUpMs;
  for (;;) {
    const seen = (await (await fetch(`http://127.0.0.1:${receiver.port}/`)).json()) as Received;
    if (paths.every((path) => (seen[path]?.count ?? 0) >= events)) return seen;
    if (performance.now() > giveUpAt) throw new Error(`not all deliveries came: ${JSON.stringify(seen)}`);
    await Bun.sleep(50);
  }
}

/** A server finds events on record that its endpoints were not sent: deliveries of them all in a second. */
async function deliver({ events, urls }: Work, receiver: ServerProcess): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "runner-bench-deliveries-"));
  const database = join(folder, "runner.db");
  const args = [`--storage=sqlite://${database}`, `--secret-key-file=${join(folder, "key")}`];
  await Bun.write(join(folder, "key"), "the key of the benchmark, which is long enough\n");
  try {
    await withServer(startRunner({ maxConcurrentSteps: 8, args }), async (server) => {
      for (const url of urls) await request(server, "POST", "/v1/webhooks", { url, events: ["bench.*"] });
    });
    recordEvents(database, events);
    return await withServer(startRunner({ maxConcurrentSteps: 8, args }), async () => {
      const paths = urls.map((url) => new URL(url)).filter(({ port }) => Number(port) === receiver.port);
      const seen = await waitForAll(
        receiver,
        paths.map(({ pathname }) => pathname),
        events,
      );
      const received = paths.flatMap(({ pathname }) => seen[pathname] ?? []);
      const firstAt = Math.min(...received.map((each) => each.firstAt));
      const lastAt = Math.max(...received.map((each) => each.lastAt));
      return (events * paths.length) / ((lastAt - firstAt) / 1000);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function addressOf(receiver: ServerProcess, path: string): string {
  return `http://127.0.0.1:${receiver.port}/${path}`;
}

export async function deliveries(): Promise<Row[]> {
  const events = 10_000;
  const [ours, raw]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    await withServer(startRawReceiver(), async (receiver) => {
      ours.push(await deliver({ events, urls: [addressOf(receiver, "hook")] }, receiver));
      const args = [addressOf(receiver, "raw"), String(events), String(connections), String(sentBytes)];
      raw.push((await runScript<{ perSecond: number }>("raw/fetches.ts", args)).perSecond);
    });
  }
  const [rate, rawRate] = [median(ours), median(raw)];
  return [
    {
      what: "events to a local endpoint, each attempt on record",
      unit: "/s",
      runner: rate,
      baseline: { name: "fetch, 4 at a time", value: rawRate },
      goal: { text: "≥ 0.5 ×", met: rate >= 0.5 * rawRate },
    },
  ];
}

export async function deadEndpoint(): Promise<Row[]> {
  const [endpoints, events] = [100, 200];
  const [withDead, without]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    for (const [isDead, rates] of [
      [true, withDead],
      [false, without],
    ] as const) {
      await withServer(startRawReceiver(), async (receiver) => {
        const urls = Array.from({ length: endpoints }, (_, index) => addressOf(receiver, `hook-${index}`));
        // Nothing listens at the port of discarded bytes.
        if (isDead) urls[endpoints / 2] = "http://127.0.0.1:9/";
        rates.push(await deliver({ events, urls }, receiver));
      });
    }
  }
  const [rate, raw] = [median(withDead), median(without)];
  return [
    {
      what: "events to 99 endpoints beside a dead one",
      unit: "/s",
      runner: rate,
      baseline: { name: "100 endpoints, none dead", value: raw },
      goal: { text: "≥ 0.95 ×", met: rate >= 0.95 * raw },
    },
  ];
}
