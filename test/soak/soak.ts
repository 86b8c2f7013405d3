// The long crash test: batch after batch, each with its own seed, until there were enough kills or something was wrong.

import { parseArgs } from "node:util";
import { type CrashReport, runCrashBatch } from "../fixtures/crash/crash-batch.ts";
import { faultPointsOf, type Life, planMoments, planPoints, shuffled } from "../fixtures/crash/crash-plan.ts";
import { createDraw } from "../fixtures/crash/draw.ts";
import { answers, prepareImages } from "../fixtures/images/images.ts";

const batchKills = 100;
/** A batch takes minutes, so it says how far it is. */
const tellEvery = 10;
/** One of so many batches has steps in containers, which are slow. */
const containersEvery = 8;

const usage = `scripts/soak [--kills=10000] [--seed=N] [--servers=2]

  --kills    how often servers are killed in all, in batches of ${String(batchKills)}
  --seed     of the first batch, each further one has the next number; drawn by lot unless given
  --servers  how many there are at a time`;

interface Options {
  readonly kills: number;
  readonly seed: number;
  readonly servers: number;
}

/** Null where the arguments are not understood. */
function readOptions(args: readonly string[]): Options | null {
  const text = { type: "string" } as const;
  try {
    const { values } = parseArgs({ args: [...args], options: { kills: text, seed: text, servers: text } });
    const options = {
      kills: Number(values.kills ?? 10_000),
      seed: Number(values.seed ?? 1 + Math.floor(Math.random() * 1e6)),
      servers: Number(values.servers ?? 2),
    };
    return Object.values(options).every((value) => Number.isSafeInteger(value) && value > 0) ? options : null;
  } catch {
    return null;
  }
}

/** About half of the lives end at fault points, the others at moments. */
function planBatch(seed: number, kills: number, containers: boolean): readonly Life[] {
  const draw = createDraw(seed);
  const points = [...faultPointsOf(false), ...(containers ? faultPointsOf(true) : [])];
  const atPoints = planPoints(points, draw, 1).slice(0, Math.floor(kills / 2));
  return shuffled([...atPoints, ...planMoments(kills - atPoints.length, draw)], draw);
}

class Soak {
  readonly #options: Options;
  readonly #hasContainers = answers("docker");
  readonly #startedAt = performance.now();
  readonly #points = new Set<string>();
  #planned = 0;
  #nextSeed: number;
  #killed = 0;
  #runs = 0;
  #failed = false;

  constructor(options: Options) {
    this.#options = options;
    this.#nextSeed = options.seed;
  }

  /** True when every run was as it should be. */
  async run(): Promise<boolean> {
    if (this.#hasContainers) await prepareImages();
    else console.log("no container engine answers: steps in containers are left out");
    await Promise.all(Array.from({ length: this.#options.servers }, async () => await this.#serve()));
    const known = [...faultPointsOf(false), ...faultPointsOf(true)];
    console.log(`${this.#progress()}, killed at ${String(this.#points.size)} of ${String(known.length)} fault points`);
    return !this.#failed;
  }

  /** One batch after the other. */
  async #serve(): Promise<void> {
    while (!this.#failed && this.#planned < this.#options.kills) {
      const kills = Math.min(batchKills, this.#options.kills - this.#planned);
      const seed = this.#nextSeed++;
      this.#planned += kills;
      const containers = this.#hasContainers && seed % containersEvery === 0;
      const lives = planBatch(seed, kills, containers);
      const onLife = (killed: number): void => {
        if (killed % tellEvery === 0) console.log(`seed ${String(seed)}: ${String(killed)} of ${String(kills)} kills`);
      };
      this.#take(seed, kills, await runCrashBatch({ seed, programs: 8, lives, containers, onLife }));
    }
  }

  #take(seed: number, kills: number, report: CrashReport): void {
    this.#killed += report.killed;
    this.#runs += report.runs;
    for (const point of report.killedAt.keys()) this.#points.add(point);
    console.log(`${this.#progress()}, seed ${String(seed)} ${report.problems.length === 0 ? "ok" : "FAILED"}`);
    if (report.problems.length === 0) return;
    this.#failed = true;
    console.log(`\n${report.problems.join("\n")}\n\n  its folder: ${report.folder}`);
    console.log(`  again: scripts/soak --seed=${String(seed)} --kills=${String(kills)} --servers=1\n`);
  }

  #progress(): string {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const rate = (this.#killed / seconds).toFixed(1);
    return `${String(this.#killed)} of ${String(this.#options.kills)} kills (${rate}/s), ${String(this.#runs)} runs`;
  }
}

const options = readOptions(Bun.argv.slice(2));
if (options === null) {
  console.error(usage);
  process.exit(2);
}
process.exit((await new Soak(options).run()) ? 0 : 1);
