// `artifacts` of a script: the file first, then its row together with the call's result.

import { AppError } from "../core/app-error.ts";
import type { ArtifactSource } from "../files/files.ts";
import type { NewRun } from "../store/store.ts";
import { RunTurns } from "./run-turns.ts";
import type { Work, WorkContext, WorkResult } from "./work-call.ts";

const maxArtifacts = 1000;
const maxNameLength = 200;

/** Of two calls that save one name the later one wins, and the file of the other goes. */
const turns = new RunTurns();
/** What a live run has saved so far: name → number of the call, which names the file. */
const savedByRun = new WeakMap<NewRun, Map<string, number>>();

export const saveArtifact: Work = async (args, context) => {
  const { name, ...source } = args as unknown as { readonly name: string } & ArtifactSource;
  checkName(name);
  const endTurn = await turns.take(context.run);
  try {
    return await save(name, source, context);
  } finally {
    endTurn();
  }
};

async function save(name: string, source: ArtifactSource, context: WorkContext): Promise<WorkResult> {
  const { parts, run, number, signal } = context;
  const { artifacts } = parts.files;
  const saved = await loadSaved(context);
  if (!saved.has(name) && saved.size >= maxArtifacts) {
    throw new AppError("VALIDATION_FAILED", `a run keeps at most ${maxArtifacts} artifacts`, {
      hint: "put many files into one archive in a step",
    });
  }
  const bytes = await artifacts.save({ runId: run.id, number, name, source, signal });
  const replaced = saved.get(name);
  saved.set(name, number);
  return {
    value: { name, bytes },
    writes: [{ type: "artifact.put", runId: run.id, artifact: { name, number, bytes, createdAt: parts.clock.now() } }],
    after: () => {
      if (replaced !== undefined) void artifacts.remove(run.id, replaced).catch(() => undefined);
    },
  };
}

async function loadSaved({ parts, run }: WorkContext): Promise<Map<string, number>> {
  const known = savedByRun.get(run);
  if (known !== undefined) return known;
  const rows = await parts.store.artifacts.list(run.id);
  const saved = new Map(rows.map(({ name, number }) => [name, number]));
  savedByRun.set(run, saved);
  return saved;
}

/** A name is one segment of an address and one file in the folder of whoever downloads it. */
function checkName(name: string): void {
  const isName =
    name !== "" &&
    name !== "." &&
    name !== ".." &&
    name.length <= maxNameLength &&
    name.isWellFormed() &&
    !/[/\p{Cc}\u2028\u2029]/u.test(name);
  if (isName) return;
  throw new AppError("VALIDATION_FAILED", `${JSON.stringify(name.slice(0, 250))} is no name for an artifact`, {
    hint: "use 1 to 200 characters without slashes and control characters",
  });
}
