// What is remembered of addresses.

import { expect, test } from "bun:test";
import { createPeerMemory } from "../../../../src/webhooks/outbound/peer-memory.ts";

test("an address that failed comes last until it answers, the one that failed latest at the very end", () => {
  let elapsedMs = 0;
  const peers = createPeerMemory(() => elapsedMs);
  const addresses = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
  peers.noteFailed("10.0.0.1", 80);
  expect(peers.order(addresses, 80)).toEqual(["10.0.0.2", "10.0.0.3", "10.0.0.1"]);
  expect(peers.order(addresses, 81)).toEqual(addresses);
  elapsedMs = 1000;
  peers.noteFailed("10.0.0.3", 80);
  expect(peers.order(addresses, 80)).toEqual(["10.0.0.2", "10.0.0.1", "10.0.0.3"]);
  elapsedMs = 2000;
  peers.noteFailed("10.0.0.1", 80);
  expect(peers.order(addresses, 80)).toEqual(["10.0.0.2", "10.0.0.3", "10.0.0.1"]);
  peers.noteAnswered("10.0.0.1", 80);
  peers.noteAnswered("10.0.0.3", 80);
  expect(peers.order(addresses, 80)).toEqual(addresses);
});

test("an address is warm for two seconds after each answer, unless it fails", () => {
  let elapsedMs = 0;
  const peers = createPeerMemory(() => elapsedMs);
  expect(peers.isWarm("10.0.0.1", 80)).toBeFalse();
  peers.noteAnswered("10.0.0.1", 80);
  elapsedMs = 1999;
  expect(peers.isWarm("10.0.0.1", 80)).toBeTrue();
  expect(peers.isWarm("10.0.0.1", 81)).toBeFalse();
  peers.noteAnswered("10.0.0.1", 80);
  elapsedMs = 3000;
  expect(peers.isWarm("10.0.0.1", 80)).toBeTrue();
  peers.noteFailed("10.0.0.1", 80);
  expect(peers.isWarm("10.0.0.1", 80)).toBeFalse();
  peers.noteAnswered("10.0.0.1", 80);
  elapsedMs = 5000;
  expect(peers.isWarm("10.0.0.1", 80)).toBeFalse();
});

test("of thousands of addresses the latest thousand are remembered", () => {
  const peers = createPeerMemory(() => 0);
  for (let n = 0; n < 5000; n++) peers.noteAnswered(`10.0.${n >> 8}.${n & 255}`, 80);
  expect(peers.isWarm("10.0.0.0", 80)).toBeFalse();
  expect(peers.isWarm("10.0.19.135", 80)).toBeTrue();
});
