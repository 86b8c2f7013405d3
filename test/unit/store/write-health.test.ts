// A store that cannot write says so at once, tries by itself, and notices the end of its trouble.

import { expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import { WriteHealth } from "../../../src/store/sqlite/write-health.ts";
import { ManualClock } from "../engine/manual-clock.ts";

const full = new AppError("STORE_UNAVAILABLE", "the disk is full");

function open(): { clock: ManualClock; health: WriteHealth; told: (string | null)[]; probes: number[] } {
  const clock = new ManualClock();
  const told: (string | null)[] = [];
  const probes: number[] = [];
  const startedAt = clock.now();
  const health: WriteHealth = new WriteHealth({
    clock,
    probe: () => void probes.push(clock.now() - startedAt),
    onChange: (trouble) => told.push(trouble?.message ?? null),
  });
  return { clock, health, told, probes };
}

test("what the last write met is thrown until one succeeds, and told once", () => {
  const { health, told } = open();
  expect(() => health.check()).not.toThrow();
  health.failed(full);
  health.failed(new AppError("STORE_UNAVAILABLE", "the disk reported an error"));
  expect(() => health.check()).toThrow("the disk reported an error");
  health.succeeded();
  health.succeeded();
  expect(() => health.check()).not.toThrow();
  expect(told).toEqual(["the disk is full", null]);
});

test("a write is tried after 100 ms, then less and less often down to once a second, until one succeeds", async () => {
  const { clock, health, probes } = open();
  health.failed(full);
  for (let step = 0; step < 60; step++) {
    const before = probes.length;
    await clock.advance(100);
    if (probes.length > before) health.failed(full);
  }
  expect(probes).toEqual([100, 300, 700, 1500, 2500, 3500, 4500, 5500]);
  health.succeeded();
  await clock.advance(5000);
  expect(probes.length).toBe(8);
  health.failed(full);
  expect(clock.pendingMs).toEqual([100]);
});

test("many failures at once plan one probe, and none after the close", async () => {
  const { clock, health, probes } = open();
  for (let count = 0; count < 100; count++) health.failed(full);
  expect(clock.pendingMs).toEqual([100]);
  health.close();
  health.failed(full);
  await clock.advance(5000);
  expect(probes).toEqual([]);
});
