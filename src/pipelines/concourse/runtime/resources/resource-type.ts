// What a type of resource does: find versions, fetch one, make a new one.

import type { Version } from "../../plan.ts";
import type { Filled } from "../../var-text.ts";
import type { StepOptions, StepResult, Folder } from "../script-globals.ts";

export interface ResourceContext {
  readonly source: Readonly<Record<string, Filled>>;
  /** A step of the job. */
  readonly run: (options: Omit<StepOptions, "name" | "job">) => Promise<StepResult>;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

export interface ResourceType {
  check(context: ResourceContext, from: Version | null): Promise<readonly Version[]>;
  get(
    context: ResourceContext,
    version: Version,
    params: Readonly<Record<string, Filled>>,
    folder: Folder,
  ): Promise<void>;
  put(
    context: ResourceContext,
    params: Readonly<Record<string, Filled>>,
    inputs: Readonly<Record<string, Folder>>,
  ): Promise<{ readonly version: Version }>;
}
