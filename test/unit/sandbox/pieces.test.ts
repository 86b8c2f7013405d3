// Messages in pieces, with a window.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createPieceReceiver, type Piece, PieceSender } from "../../../src/sandbox/channel/pieces.ts";

const pieceLength = 60_000;
const windowLength = 256 * 1024;

/** What IPC makes of a piece: JSON there and back. */
function cross(piece: Piece): Piece {
  return JSON.parse(JSON.stringify(piece)) as Piece;
}

function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, [, text]) => sum + text.length, 0);
}

describe("pieces", () => {
  test("any messages arrive whole and in order, whenever their pieces are acknowledged", () => {
    const long = fc.tuple(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 40_000 }));
    const message = fc.oneof(
      fc.jsonValue(),
      long.map(([text, count]) => text.slice(0, 8).repeat(count)),
    );
    fc.assert(
      fc.property(fc.array(message, { maxLength: 6 }), fc.integer({ min: 1, max: 5 }), (messages, every) => {
        const received: unknown[] = [];
        const underWay: Piece[] = [];
        const take = createPieceReceiver((whole) => received.push(whole));
        const sender = new PieceSender((piece) => underWay.push(cross(piece)));
        for (const each of messages) sender.send(each);
        let handled = 0;
        for (let piece = underWay.shift(), count = 1; piece !== undefined; piece = underWay.shift(), count++) {
          take(piece);
          handled += piece[1].length;
          if (count % every > 0 && underWay.length > 0) continue;
          sender.acknowledge(handled);
          handled = 0;
        }
        expect(received).toEqual(messages.map((each) => JSON.parse(JSON.stringify(each)) as unknown));
        expect(sender.unacknowledged).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test("surrogates that stand alone, or at the cut of two pieces, arrive as they were", () => {
    const text = `${"x".repeat(pieceLength - 2)}\u{1F600}\uD83D`;
    const received: unknown[] = [];
    const take = createPieceReceiver((whole) => received.push(whole));
    new PieceSender((piece) => take(cross(piece))).send(text);
    expect(received).toEqual([text]);
  });

  test("no piece is longer than 60,000 units, and only the last of a message says so", () => {
    const pieces: Piece[] = [];
    new PieceSender((piece) => pieces.push(piece)).send("x".repeat(150_000));
    expect(pieces.map(([more, text]) => [more, text.length])).toEqual([
      [1, pieceLength],
      [1, pieceLength],
      [0, 150_002 - 2 * pieceLength],
    ]);
  });

  test("a message of exactly one piece is one piece", () => {
    const pieces: Piece[] = [];
    new PieceSender((piece) => pieces.push(piece)).send("x".repeat(pieceLength - 2));
    expect(pieces.map(([more]) => more)).toEqual([0]);
  });
});

describe("the window", () => {
  test("keeps back what goes beyond it by more than a piece, until something is acknowledged", () => {
    const sent: Piece[] = [];
    const sender = new PieceSender((piece) => sent.push(piece));
    sender.send("x".repeat(2_000_000));
    sender.send("after");
    const first = lengthOf(sent);
    expect(first).toBeLessThan(windowLength + pieceLength);
    expect(sender.unacknowledged).toBe(first);
    sender.acknowledge(pieceLength);
    expect(lengthOf(sent)).toBe(first + pieceLength);
    while (sender.unacknowledged > 0) sender.acknowledge(Math.min(1000, sender.unacknowledged));
    expect(sent.at(-1)).toEqual([0, '"after"']);
    expect(lengthOf(sent)).toBe(2_000_000 + 2 + 7);
  });

  test("is never exceeded, not even by one piece", () => {
    const sender = new PieceSender(() => {});
    sender.send("x".repeat(2_000_000));
    expect(sender.unacknowledged).toBeLessThanOrEqual(windowLength);
  });

  test("a receiver that acknowledges only every 64 KiB never brings the sender to a halt", () => {
    const sender = new PieceSender((piece) => queue.push(piece));
    const queue: Piece[] = [];
    const received: unknown[] = [];
    const take = createPieceReceiver((whole) => received.push(whole));
    for (let count = 0; count < 300; count++) sender.send("y".repeat(count * 700));
    let unacknowledged = 0;
    for (let piece = queue.shift(); piece !== undefined; piece = queue.shift()) {
      take(piece);
      unacknowledged += piece[1].length;
      if (unacknowledged < 64 * 1024) continue;
      sender.acknowledge(unacknowledged);
      unacknowledged = 0;
    }
    expect(received).toHaveLength(300);
  });
});
