// An artifact of a run, for reading.

import { AppError } from "../core/app-error.ts";
import { didYouMean } from "../core/did-you-mean.ts";
import type { Run } from "../core/run.ts";
import type { OpenArtifact } from "./contract.ts";
import type { RunParts } from "./run-parts.ts";

const listedNames = 10;

/** @throws {AppError} ARTIFACT_NOT_FOUND. */
export async function openArtifact({ store, files }: RunParts, run: Run, name: string): Promise<OpenArtifact> {
  const found = await store.artifacts.find(run.id, name);
  if (found === undefined) {
    const message = `run ${run.id} has no artifact ${JSON.stringify(name.slice(0, 250))}`;
    throw new AppError("ARTIFACT_NOT_FOUND", message, { hint: describeNames(run, name) });
  }
  const { number, bytes, createdAt } = found;
  return { artifact: { name, bytes, createdAt }, path: files.artifacts.path(run.id, number) };
}

function describeNames(run: Run, name: string): string {
  const names = run.artifacts.map((artifact) => artifact.name);
  const nearest = didYouMean(name, names);
  if (nearest !== undefined) return `did you mean ${nearest}?`;
  if (names.length === 0) return "it has none: a script saves them with artifacts.save";
  const more = names.length > listedNames ? `, and ${names.length - listedNames} more` : "";
  return `it has ${names.slice(0, listedNames).join(", ")}${more}`;
}
