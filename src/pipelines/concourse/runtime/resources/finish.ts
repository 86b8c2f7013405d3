// A step of a resource that has to succeed.

import type { StepResult } from "../script-globals.ts";

/** A get or put that did its work, and that was no success. */
export class ResourceFailure extends Error {}

/** What it printed. @throws {ResourceFailure} with what it said last, where it did not succeed. */
export async function finish(step: Promise<StepResult>): Promise<string> {
  const { status, code, stdout, stderr, message } = await step;
  if (status === "complete" && code === 0) return stdout;
  const lines = stderr.split("\n").map((line) => line.trim());
  // It is told in one line, and git's advice is for who stands in the repository.
  const said = lines.filter((line) => line !== "" && !line.startsWith("hint:")).join("; ");
  const why = status === "abort" && message !== undefined ? message : said.slice(-1000);
  throw new ResourceFailure(why === "" ? `it exited with code ${code}` : why);
}
