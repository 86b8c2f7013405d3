// Finding every process of a step, also those that left its session or were adopted by init.

import { readdirSync, readFileSync } from "node:fs";
import { Buffer } from "node:buffer";
import { isLive, readProcessStat, type ProcessIdentity, type ProcessStat } from "./process-stat.ts";
import { stepIdVariable } from "./step-environment.ts";

/** The step to look for. */
export interface StepMark {
  readonly stepId: string;
  /** Leader of the step's session, where known: finds also those who cleared their environment. */
  readonly leader: ProcessIdentity | null;
}

interface Request {
  readonly mark: StepMark;
  readonly resolve: (found: readonly ProcessStat[]) => void;
}

/** Processes looked at before others get a turn. */
const sliceSize = 64;

/** How often a look goes on with those that were born during it. */
const mostPasses = 50;

/** Looks through /proc; requests that come while none is running share one look. */
export class ProcessScan {
  #waiting: Request[] = [];
  #running = false;

  /** The live processes of a step. Those of other users are found only in its session. */
  find(mark: StepMark): Promise<readonly ProcessStat[]> {
    const { promise, resolve } = Promise.withResolvers<readonly ProcessStat[]>();
    this.#waiting.push({ mark, resolve });
    if (!this.#running) void this.#run();
    return promise;
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      await nextTurn(); // steps that are cancelled together ask within one turn
      const requests = this.#waiting.splice(0);
      // Without /proc nothing can be found; those who ask go on with what they know.
      const found = await findMarked(requests.map(({ mark }) => mark)).catch(() => []);
      requests.forEach(({ resolve }, index) => resolve(found[index] ?? []));
    }
    this.#running = false;
  }
}

/**
 * One who was not listed yet may have been born by a parent that ended before it was looked at, so the list is read
 * until there is nobody new in it.
 */
async function findMarked(marks: readonly StepMark[]): Promise<readonly (readonly ProcessStat[])[]> {
  const collected = marks.map((mark) => new Collected(mark));
  const byStepId = new Map(collected.map((each) => [each.mark.stepId, each]));
  const bySession = new Map(collected.flatMap((each) => (each.mark.leader ? [[each.mark.leader.pid, each]] : [])));
  const seen = new Set<string>();
  for (let pass = 0; pass < mostPasses; pass++) {
    const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && !seen.has(name));
    if (pids.length === 0) break;
    for (const [index, name] of pids.entries()) {
      if (index % sliceSize === sliceSize - 1) await nextTurn();
      seen.add(name);
      const stat = readProcessStat(Number(name));
      if (!stat || !isLive(stat)) continue;
      bySession.get(stat.sessionId)?.addOfSession(stat);
      byStepId.get(readStepId(stat.pid) ?? "")?.addMarked(stat);
    }
  }
  return collected.map((each) => each.processes());
}

/** The processes of one step, as they come up. */
class Collected {
  readonly mark: StepMark;
  readonly #marked = new Map<number, ProcessStat>();
  readonly #ofSession: ProcessStat[] = [];
  #sessionIsAnothers = false;

  constructor(mark: StepMark) {
    this.mark = mark;
  }

  addMarked(stat: ProcessStat): void {
    this.#marked.set(stat.pid, stat);
  }

  addOfSession(stat: ProcessStat): void {
    const leader = this.mark.leader;
    // The number of a session is not given again while it has members: a leader born later means they are its own.
    if (stat.pid === leader?.pid && stat.startTicks !== leader.startTicks) this.#sessionIsAnothers = true;
    this.#ofSession.push(stat);
  }

  processes(): readonly ProcessStat[] {
    if (!this.#sessionIsAnothers) for (const stat of this.#ofSession) this.#marked.set(stat.pid, stat);
    return [...this.#marked.values()];
  }
}

const needle = Buffer.from(`${stepIdVariable}=`);

/** The step that a process was started in; null where it is another user's, gone, or of none. */
function readStepId(pid: number): string | null {
  let environment: Buffer;
  try {
    environment = readFileSync(`/proc/${pid}/environ`);
  } catch {
    return null;
  }
  for (let at = environment.indexOf(needle); at >= 0; at = environment.indexOf(needle, at + 1)) {
    if (at > 0 && environment[at - 1] !== 0) continue;
    const end = environment.indexOf(0, at);
    return environment.toString("latin1", at + needle.length, end < 0 ? environment.length : end);
  }
  return null;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
