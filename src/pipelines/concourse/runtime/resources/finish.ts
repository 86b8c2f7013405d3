// A step of a resource that has to succeed.

import type { StepResult } from "../script-globals.ts";

/** A get or put that did its work, and that was no success. */
export class ResourceFailure extends Error {}

/** What it printed. @throws {ResourceFailure} with what it said last, where it did not succeed. */
export async function finish(step: Promise<StepResult>): Promise<string> {
  const { status, code, stdout, stderr, message } = await step;
  if (status === "complete" && code === 0) return stdout;
  const said = stderr.trim().slice(-1000);
  const why = status === "abort" && message !== undefined ? message : said;
  throw new ResourceFailure(why === "" ? `it exited with code ${code}` : why);
}
