// When the disk has too little room, when it has enough again, and how often that is looked at.

import { describe, expect, test } from "bun:test";
import type { AppError } from "../../../src/core/app-error.ts";
import { type DiskSpace, type FreeSpaceWatch, openFreeSpaceWatch } from "../../../src/files/free-space.ts";
import { ManualClock } from "../engine/manual-clock.ts";

const mib = 1024 * 1024;

class Bench {
  readonly clock = new ManualClock();
  readonly told: (string | null)[] = [];
  looks = 0;
  /** Free MiB by folder; an error where there is none. */
  readonly free = new Map<string, number>([["/data", 500]]);
  blocks = 1_000_000;

  async open(folders: readonly string[] = ["/data"], minBytes = 64 * mib): Promise<FreeSpaceWatch> {
    return await openFreeSpaceWatch({
      folders,
      minBytes,
      clock: this.clock,
      onChange: (low: AppError | null) => this.told.push(low?.message ?? null),
      statfs: async (folder): Promise<DiskSpace> => {
        this.looks++;
        const free = this.free.get(folder);
        if (free === undefined) throw new Error("ENOENT");
        return { bsize: 4096, blocks: this.blocks, bavail: (free * mib) / 4096 };
      },
    });
  }

  async secondWith(freeMib: number): Promise<void> {
    this.free.set("/data", freeMib);
    await this.clock.advance(1000);
  }
}

function codeOf(watch: FreeSpaceWatch): string | null {
  try {
    watch.check();
    return null;
  } catch (thrown) {
    return (thrown as AppError).code;
  }
}

describe("check()", () => {
  test("knows from the start", async () => {
    const bench = new Bench();
    bench.free.set("/data", 10);
    expect(codeOf(await bench.open())).toBe("DISK_LOW");
    expect(bench.told).toEqual([expect.stringContaining("the disk of /data has 10.0 MiB free, less than 64 MiB")]);
  });

  test("throws below the least, and not again before there is a tenth more than that", async () => {
    const bench = new Bench();
    const watch = await bench.open();
    const seen: (string | null)[] = [];
    for (const free of [64, 63.9, 64, 70, 70.3, 70.4, 66, 64, 63]) {
      await bench.secondWith(free);
      seen.push(codeOf(watch));
    }
    const low = "DISK_LOW";
    expect(seen).toEqual([null, low, low, low, low, null, null, null, low]);
    expect(bench.told.map((message) => message === null)).toEqual([false, true, false]);
  });

  test("looks at most once a second, however often it is asked", async () => {
    const bench = new Bench();
    const watch = await bench.open();
    for (let count = 0; count < 1000; count++) watch.check();
    await bench.clock.advance(999);
    expect(bench.looks).toBe(1);
    await bench.clock.advance(1);
    expect(bench.looks).toBe(2);
  });

  test("is about the disk of each folder", async () => {
    const bench = new Bench();
    bench.free.set("/other", 1);
    expect(codeOf(await bench.open(["/data", "/other"]))).toBe("DISK_LOW");
    expect(bench.told[0]).toContain("/other");
  });

  test("has nothing to say of a file system that does not tell, or cannot be asked", async () => {
    const bench = new Bench();
    bench.blocks = 0;
    bench.free.set("/data", 0);
    expect(codeOf(await bench.open())).toBeNull();
    expect(codeOf(await bench.open(["/gone"]))).toBeNull();
  });

  test("with 0 never looks", async () => {
    const bench = new Bench();
    bench.free.set("/data", 0);
    expect(codeOf(await bench.open(["/data"], 0))).toBeNull();
    expect([bench.looks, bench.clock.pendingMs]).toEqual([0, []]);
  });
});

test("close() ends the looking", async () => {
  const bench = new Bench();
  const watch = await bench.open();
  watch.close();
  await bench.clock.advance(5000);
  expect(bench.looks).toBe(1);
});
