// The server killed at every fault point and at random moments, life after life, while it executes random pipelines.

import { beforeAll, describe, expect, test } from "bun:test";
import { type CrashReport, runCrashBatch } from "../fixtures/crash/crash-batch.ts";
import { faultPointsOf, type Life, planMoments, planPoints, shuffled } from "../fixtures/crash/crash-plan.ts";
import { createDraw } from "../fixtures/crash/draw.ts";
import { answers, prepareImages } from "../fixtures/images/images.ts";

const seed = 4;
const draw = createDraw(seed);
/** Servers at a time: each waits more than it works. */
const servers = 3;
const moments = 40;
/** Against a hang alone: a loaded machine manages a kill in two seconds, an idle one some in each. */
const waitAtMostMs = 1_500_000;

const points = faultPointsOf(false);
const lives = shuffled([...planPoints(points, draw, 4), ...planMoments(moments, draw)], draw);

function livesOf(server: number): readonly Life[] {
  return lives.filter((_, index) => index % servers === server);
}

function killsAt(reports: readonly CrashReport[]): ReadonlySet<string> {
  return new Set(reports.flatMap(({ killedAt }) => [...killedAt.keys()]));
}

describe("processes", () => {
  let reports: readonly CrashReport[] = [];
  beforeAll(async () => {
    reports = await Promise.all(
      Array.from({ length: servers }, (_, server) =>
        runCrashBatch({ seed: seed + server, programs: 8, lives: livesOf(server) }),
      ),
    );
  }, waitAtMostMs);

  test("no run that was promised is lost, and each ends as its undisturbed twin", () => {
    expect(reports.flatMap(({ problems }) => problems)).toEqual([]);
    expect(Math.min(...reports.map(({ acknowledged }) => acknowledged))).toBeGreaterThan(20);
  });

  test("every fault point was passed", () => {
    const passed = killsAt(reports);
    expect(points.filter((point) => !passed.has(point))).toEqual([]);
  });

  test("the server was killed at least 200 times", () => {
    expect(reports.reduce((sum, { killed }) => sum + killed, 0)).toBeGreaterThanOrEqual(200);
  });
});

describe.skipIf(!answers("docker"))("containers", () => {
  const containerPoints = faultPointsOf(true);
  let report: CrashReport;
  beforeAll(async () => {
    await prepareImages();
    const containerLives = [...containerPoints.map(atFirstPassage), ...planMoments(8, draw)];
    report = await runCrashBatch({ seed, programs: 5, lives: shuffled(containerLives, draw), containers: true });
  }, waitAtMostMs);

  test("no run that was promised is lost, and each ends as its undisturbed twin", () => {
    expect(report.problems).toEqual([]);
  });

  test("every fault point was passed", () => {
    expect(containerPoints.filter((point) => !report.killedAt.has(point))).toEqual([]);
  });
});

function atFirstPassage(point: (typeof points)[number]): Life {
  return { kill: { type: "point", point, passage: 1 }, sandboxAfterMs: null };
}
