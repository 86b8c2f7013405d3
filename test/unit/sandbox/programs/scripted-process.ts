// A sandbox process whose guests do what the text of their bundle says: `prepare` or `compute`, so many milliseconds.

import { writeLine } from "../../../../src/sandbox/channel/blocking-pipe.ts";
import { createPieceReceiver, type Piece } from "../../../../src/sandbox/channel/pieces.ts";
import type { ToSandbox } from "../../../../src/sandbox/protocol.ts";

const sources = new Map<string, string>();

function compute(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

function open(guest: number, code: string): void {
  const [verb, ms] = code.split(" ");
  if (verb === "prepare") writeLine({ type: "preparing", guest });
  compute(Number(ms));
  if (verb === "prepare") writeLine({ type: "begun", guest });
  writeLine({ type: "turn", guest, done: true, calls: [], console: [], observed: null, end: null, cpuMs: 0 });
}

const receive = createPieceReceiver<ToSandbox>((message) => {
  if (message.type === "source") sources.set(message.hash, message.code);
  if (message.type === "open") open(message.guest, sources.get(message.spec.bundleHash) ?? "");
});
process.on("message", (piece) => receive(piece as Piece));
writeLine({ type: "ready" });
