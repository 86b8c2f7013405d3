// What the runtime uses of the globals that every script has, with their types; pipelines/runner.d.ts says what they do.

import type { JsonValue } from "../../../core/json.ts";
import type { FinalRunStatus } from "../../../core/run.ts";
import type { SecretParts, SecretValue } from "../var-text.ts";
import type { Version } from "../plan.ts";

export interface StepResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly status: "complete" | "abort";
  readonly message?: string;
}

/** A volume, or a folder in one. */
export interface Folder {
  /** Absolute. */
  readonly path: string;
  readFiles(...paths: string[]): Promise<Readonly<Record<string, string>>>;
}

export interface Volume extends Folder {
  readonly name: string;
}

export type TextValue = string | SecretValue | SecretParts;

export interface StepOptions {
  readonly name: string;
  readonly job?: string;
  readonly image?: string;
  readonly privileged?: boolean;
  readonly containerLimits?: { readonly cpu?: number; readonly memory?: number | string };
  readonly command: string | { readonly path: string; readonly args?: readonly TextValue[]; readonly user?: string };
  readonly env?: Readonly<Record<string, TextValue>>;
  readonly workDir?: string;
  readonly mounts?: Readonly<Record<string, { readonly path: string; readonly move?: true }>>;
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  readonly stdin?: TextValue;
}

interface ScriptGlobals {
  readonly runtime: {
    run(options: StepOptions): Promise<StepResult>;
    gate(
      name: string,
      options: {
        readonly message?: string;
        readonly timeout?: string | number;
        readonly signal?: AbortSignal;
        readonly job?: string;
      },
    ): Promise<unknown>;
  };
  readonly volumes: { create(options?: { readonly cache?: string }): Promise<Volume> };
  readonly notify: {
    send(message: {
      readonly to: readonly string[];
      readonly message: string;
      readonly title?: string;
      readonly level?: string;
    }): Promise<unknown>;
  };
  readonly jobs: {
    declare(jobs: readonly { readonly name: string; readonly needs: readonly string[] }[]): void;
    begin(name: string): void;
    end(name: string, end: { readonly status: FinalRunStatus; readonly message?: string }): void;
  };
  readonly locks: {
    take(name: string, options?: { readonly limit?: number; readonly job?: string }): Promise<void>;
    release(name: string): Promise<void>;
  };
  readonly vars: { find(names: readonly string[]): Promise<Readonly<Record<string, JsonValue>>> };
  readonly resources: {
    found(
      resource: string,
      versions: readonly Version[],
      options: { readonly scope: string; readonly from?: Version | null },
    ): Promise<void>;
    newest(resource: string, options: { readonly scope: string }): Promise<Version | null>;
    take(
      resource: string,
      version: Version,
      options: { readonly scope: string; readonly jobs: readonly string[] },
    ): Promise<void>;
    choose(asked: {
      readonly resource: string;
      readonly scope: string;
      readonly job: string;
      readonly version: "latest" | "every";
      readonly passed: readonly string[];
    }): Promise<Version | null>;
    passed(
      job: string,
      versions: readonly { readonly resource: string; readonly scope: string; readonly version: Version }[],
    ): Promise<void>;
  };
  readonly setPipeline: (
    name: string,
    given: { readonly source: string; readonly vars?: unknown; readonly instanceVars?: unknown },
  ) => Promise<{ readonly pipeline: string; readonly change: "created" | "updated" | "unchanged" }>;
  readonly console: { log(text: string): void };
  readonly pipelineContext: {
    readonly params: Readonly<Record<string, JsonValue>>;
    readonly targetJobs?: readonly string[];
  };
  readonly YAML: { parse(text: string, options: { readonly asWritten: true }): JsonValue };
  readonly webhookTrigger: (condition: string) => boolean;
  readonly AbortController: typeof AbortController;
  readonly AbortSignal: typeof AbortSignal;
  readonly CancelledError: new (message?: string, code?: string) => Error & { readonly code?: string };
}

/** Asked for anew each time: a global is what it is when it is used. */
export const script = globalThis as unknown as ScriptGlobals;
