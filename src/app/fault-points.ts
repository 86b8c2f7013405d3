// Where a test build can be made to die: the contracts between the parts, each call with a point before and after it.

import { type FaultBoundary, faultBoundaries, faultPoint } from "../core/fault-point.ts";
import type { Engine } from "../engine/engine.ts";
import type { ContainerEngine, Executor, Fetcher, StepListener } from "../executors/executors.ts";
import type { RunFiles } from "../files/files.ts";
import type { CallKind, SandboxPool } from "../sandbox/sandbox.ts";
import type { Store, Write } from "../store/store.ts";

/** The parts that runs are executed with, beside the store. */
interface FaultyParts {
  readonly pool: SandboxPool;
  readonly executor: Executor;
  readonly fetcher: Fetcher;
  readonly files: RunFiles;
}

export function withFaultPoints<Parts extends FaultyParts>(parts: Parts): Parts {
  const { pool, executor, fetcher, files } = parts;
  return {
    ...parts,
    pool: faultyPool(pool),
    executor: faultyExecutor(executor),
    fetcher: around(fetcher, { fetch: "fetch" }),
    files: {
      ...files,
      caches: around(files.caches, { open: "create volume" }),
      volumes: around(files.volumes, {
        create: "create volume",
        readFiles: "read volume",
        removeRun: "remove volumes",
      }),
    },
  };
}

/** What callers are answered: the answer is on its way a moment after the engine has given it. */
export function engineWithFaultPoints(engine: Engine): Engine {
  const answering = <Given extends unknown[], Answer>(
    boundary: FaultBoundary,
    verb: (...given: Given) => Promise<Answer>,
  ): ((...given: Given) => Promise<Answer>) => {
    return async (...given) => {
      const answer = await verb(...given);
      faultPoint(`before ${boundary}`);
      setTimeout(() => faultPoint(`after ${boundary}`), 1);
      return answer;
    };
  };
  return replace(engine, {
    receiveWebhook: answering("answer webhook", async (head, readBody) => await engine.receiveWebhook(head, readBody)),
    trigger: answering("answer trigger", async (pipeline, input) => await engine.trigger(pipeline, input)),
    rerun: answering("answer rerun", async (id, options) => await engine.rerun(id, options)),
    decide: answering("answer decision", async (id, name, decision) => await engine.decide(id, name, decision)),
    signal: answering("answer signal", async (id, name, value) => await engine.signal(id, name, value)),
    cancel: answering("answer cancel", async (id) => await engine.cancel(id)),
  });
}

const engineVerbs: Readonly<Record<string, FaultBoundary>> = {
  create: "container create",
  start: "container start",
  inspect: "container inspect",
  rm: "container rm",
};

export function containersWithFaultPoints(engine: ContainerEngine): ContainerEngine {
  return replace(engine, {
    ask: async (args, options) => {
      const [noun, verb] = args;
      const boundary = engineVerbs[(noun === "container" ? verb : noun) ?? ""];
      const ask = async (): ReturnType<ContainerEngine["ask"]> => await engine.ask(args, options);
      return await (boundary === undefined ? ask() : passAll([boundary], ask));
    },
  });
}

export function storeWithFaultPoints(store: Store): Store {
  return replace(store, {
    commit: async (writes) =>
      await passAll(writes.map(boundaryOfWrite), async () => {
        await store.commit(writes);
      }),
    runs: around(store.runs, { unfinished: "list unfinished", findKept: "load run" }),
    journal: around(store.journal, { load: "load journal", stepsInFlight: "list steps in flight" }),
    logs: around(store.logs, { readOutput: "load output" }),
  });
}

function boundaryOfWrite(write: Write): FaultBoundary | undefined {
  switch (write.type) {
    case "journal.start":
      return `commit ${write.call.kind as CallKind} call`;
    case "journal.deliver":
      return `commit ${write.delivery.type} delivery`;
    default: {
      const name = `commit ${write.type}`;
      return faultBoundaries.find((boundary) => boundary === name);
    }
  }
}

function faultyPool(pool: SandboxPool): SandboxPool {
  return replace(pool, {
    open: (bundle, spec, listener) => {
      const guest = pass("open guest", () => pool.open(bundle, spec, faultyGuestListener(listener)));
      return replace(guest, {
        deliver: async (delivery) =>
          await passAll([`deliver ${delivery.type}`], async () => {
            await guest.deliver(delivery);
          }),
        close: () => pass("close guest", () => guest.close()),
      });
    },
  });
}

type GuestListener = Parameters<SandboxPool["open"]>[2];

function faultyGuestListener(listener: GuestListener): GuestListener {
  return replace(listener, {
    onTurn: (turn) => pass(turn.end === null ? "turn" : "last turn", () => listener.onTurn(turn)),
    onAsk: async (call) => await passAll(["answer call"], async () => await listener.onAsk(call)),
  });
}

function faultyExecutor(executor: Executor): Executor {
  const faultyListener = (listener: StepListener): StepListener =>
    replace(listener, {
      onOutput: async (output) =>
        await passAll(["output"], async () => {
          await listener.onOutput(output);
        }),
    });
  return replace(around(executor, { discard: "discard", endRun: "tidying of run" }), {
    start: async (spec, listener) => {
      const step = await passAll(["start step"], async () => await executor.start(spec, faultyListener(listener)));
      return replace(step, { outcome: seeEnd(step.outcome) });
    },
    attach: async (spec, earlier, listener) => {
      const attach = async (): ReturnType<Executor["attach"]> =>
        await executor.attach(spec, earlier, faultyListener(listener));
      const step = await passAll(["attach step"], attach);
      return typeof step === "string" ? step : replace(step, { outcome: seeEnd(step.outcome) });
    },
  });
}

/** The end of a step, before and after the engine hears of it. */
async function seeEnd<Outcome>(outcome: Promise<Outcome>): Promise<Outcome> {
  try {
    return await outcome;
  } finally {
    faultPoint("before exit");
    setTimeout(() => faultPoint("after exit"), 0);
  }
}

function pass<Result>(boundary: FaultBoundary, work: () => Result): Result {
  faultPoint(`before ${boundary}`);
  const result = work();
  faultPoint(`after ${boundary}`);
  return result;
}

async function passAll<Result>(
  boundaries: readonly (FaultBoundary | undefined)[],
  work: () => Promise<Result>,
): Promise<Result> {
  const passed = new Set(boundaries.filter((boundary) => boundary !== undefined));
  for (const boundary of passed) faultPoint(`before ${boundary}`);
  const result = await work();
  for (const boundary of passed) faultPoint(`after ${boundary}`);
  return result;
}

/** The same object with asynchronous methods that pass points. */
function around<Target extends object>(
  target: Target,
  boundaries: { readonly [Key in keyof Target]?: FaultBoundary },
): Target {
  const replaced = Object.entries<FaultBoundary | undefined>(boundaries).flatMap(([key, boundary]) => {
    const method: unknown = Reflect.get(target, key);
    if (boundary === undefined || typeof method !== "function") return [];
    return [[key, async (...given: unknown[]) => await passAll([boundary], () => method.apply(target, given))]];
  });
  return replace(target, Object.fromEntries(replaced));
}

/** The same object with other parts; what is private to it stays reachable to its own methods. */
function replace<Target extends object>(target: Target, parts: Partial<Target>): Target {
  return new Proxy(target, {
    get: (object, key) => {
      const part: unknown = Reflect.get(Object.hasOwn(parts, key) ? parts : object, key);
      return typeof part === "function" ? part.bind(object) : part;
    },
  });
}
