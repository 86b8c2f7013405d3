// How often the senders of a network may come, of which they can have thousands.

import { describe, expect, test } from "bun:test";
import { WebhookGate } from "../../../src/engine/webhook-gate.ts";

const perMinute = 60;

function createGate() {
  const gate = new WebhookGate({ elapsed: () => 5000 });
  const webhook = {};
  return (address: string): boolean => gate.checkSender(webhook, address, false) === null;
}

/** How many of them are let through. */
function countPassed(pass: (address: string) => boolean, count: number, addressOf: (index: number) => string): number {
  return Array.from({ length: count }, (_, index) => addressOf(index)).filter(pass).length;
}

const hex = (index: number): string => index.toString(16);

describe("a flood from all networks", () => {
  test("of one site is let through eight times as often as one sender, and shuts nobody else out", () => {
    const pass = createGate();
    expect(countPassed(pass, 65_536, (index) => `2001:db8:0:${hex(index)}::1`)).toBe(8 * perMinute);
    expect(pass("2001:db8:0:1::1")).toBe(false);
    expect(countPassed(pass, 70, () => "2001:db8:1::1")).toBe(perMinute);
    expect(countPassed(pass, 70, () => "192.0.2.1")).toBe(perMinute);
  });

  test("of one provider is let through 64 times as often, and shuts out no other's senders", () => {
    const pass = createGate();
    expect(countPassed(pass, 65_536, (index) => `2001:db8:${hex(index)}::1`)).toBe(64 * perMinute);
    expect(countPassed(pass, 70, () => "2001:db9::1")).toBe(perMinute);
    expect(countPassed(pass, 70, () => "192.0.2.1")).toBe(perMinute);
  });

  test("of many providers shuts out no sender of IPv4", () => {
    const pass = createGate();
    countPassed(pass, 65_536, (index) => `2001:${hex(index)}::1`);
    expect(pass("2002::1")).toBe(false);
    expect(countPassed(pass, 70, () => "192.0.2.1")).toBe(perMinute);
  });
});

test("each address of IPv4 counts for itself alone", () => {
  const pass = createGate();
  expect(countPassed(pass, 2000, (index) => `192.0.${String(index % 20)}.1`)).toBe(20 * perMinute);
});
