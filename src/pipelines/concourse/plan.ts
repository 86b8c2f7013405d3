// A YAML pipeline as it is compiled: checked, without anchors and short forms, each part with its place in the file. It
// is data in the compiled script, executed by runtime/.
//
// Texts may hold `((vars))`; where a field is not a text by nature it is a `Template`, whose value is known when the step
// begins. Names of jobs, resources, inputs and outputs are plain texts.

import type { JsonValue } from "../../core/json.ts";
import type { Filled } from "./var-text.ts";

/** Line and column in the file, from 1. */
export type Place = readonly [line: number, column: number];

/** A value of its type, or a text with `((vars))` that becomes one. */
export type Template<T> = T | string;

export type JsonObject = Readonly<Record<string, JsonValue>>;

export interface Plan {
  /** Path below the pipelines folder. */
  readonly file: string;
  readonly jobs: readonly JobPlan[];
  readonly resources: readonly ResourcePlan[];
  /** How many jobs of a run execute at once. */
  readonly maxInFlight?: number;
  /** The vars that the file asks for without a source, or from `secret` and `env`. */
  readonly vars: readonly VarPlan[];
  /** The static values of `var_sources`, by source. */
  readonly varSources?: Readonly<Record<string, JsonObject>>;
  readonly assert?: ExecutionAssert;
}

/** A var that is looked up outside of the file, named once. */
export interface VarPlan {
  /** The root: of `((db.password))` it is `db`. */
  readonly name: string;
  /** How a secret of that name is referred to, word for word: the host gives no other. */
  readonly secret: string;
  readonly at: Place;
}

export interface ResourcePlan {
  readonly name: string;
  readonly type: ResourceTypeName;
  readonly source: JsonObject;
  /** A version that is taken instead of any that is found. */
  readonly version?: Version;
  readonly at: Place;
}

export const resourceTypeNames = ["git", "time", "mock"] as const;
export type ResourceTypeName = (typeof resourceTypeNames)[number];

export type Version = Readonly<Record<string, string>>;

export interface JobPlan extends Hooks {
  readonly name: string;
  /** Jobs named by `passed`. */
  readonly needs: readonly string[];
  readonly plan: readonly StepPlan[];
  /** A condition on the webhook. */
  readonly webhookTrigger?: string;
  /** Of the job's runs at one time, over all runs of the pipeline. */
  readonly maxInFlight?: number;
  /** Jobs of one group, of all runs of the pipeline, execute one at a time. */
  readonly serialGroups?: readonly string[];
  /** As "90s", or milliseconds. */
  readonly timeout?: string | number;
  readonly assert?: JobAssert;
  readonly at: Place;
}

export interface Hooks {
  readonly onSuccess?: StepPlan;
  readonly onFailure?: StepPlan;
  readonly onError?: StepPlan;
  readonly onAbort?: StepPlan;
  readonly ensure?: StepPlan;
}

/** Order of what was executed, by name: jobs of a pipeline, or tasks, gets and puts of a job. */
export interface ExecutionAssert {
  readonly execution?: readonly string[];
  readonly at: Place;
}

export interface JobAssert extends ExecutionAssert {
  readonly status?: "succeeded" | "failed" | "skipped" | "cancelled";
}

/** Parts of the output, and the exit code. */
export interface StepAssert {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly code?: number;
  readonly at: Place;
}

/** What every step may have. Applied from the inside out: the step, timeout, attempts, across, hooks. */
export interface StepModifiers extends Hooks {
  readonly timeout?: Template<string | number>;
  readonly attempts?: Template<number>;
  readonly across?: readonly AcrossVar[];
  /** Of `across`: the first failure ends the rest. */
  readonly failFast?: Template<boolean>;
  readonly at: Place;
}

export interface AcrossVar {
  readonly var: string;
  readonly values: Template<readonly JsonValue[]>;
  readonly maxInFlight?: Template<number | "all">;
}

export type StepPlan = StepModifiers &
  (
    | TaskPlan
    | GetPlan
    | PutPlan
    | LoadVarPlan
    | SetPipelinePlan
    | GatePlan
    | NotifyPlan
    | { readonly type: "do"; readonly steps: readonly StepPlan[] }
    | { readonly type: "try"; readonly steps: readonly StepPlan[] }
    | {
        readonly type: "in_parallel";
        readonly steps: readonly StepPlan[];
        readonly limit?: Template<number>;
        readonly failFast?: Template<boolean>;
      }
  );

export interface TaskPlan {
  readonly type: "task";
  readonly name: string;
  /** Of `config`. Where the task is read from a file, null. */
  readonly config: TaskConfig | null;
  /** `artifact/path.yml`. */
  readonly file?: string;
  /** An artifact of the job that holds the image. */
  readonly image?: string;
  readonly privileged?: Template<boolean>;
  readonly params?: JsonObject;
  /** Values for the `((vars))` of the file. */
  readonly vars?: JsonObject;
  readonly inputMapping?: Readonly<Record<string, string>>;
  readonly outputMapping?: Readonly<Record<string, string>>;
  readonly containerLimits?: ContainerLimits;
  readonly assert?: StepAssert;
}

/** The contents of a task, inline or from a file: as written, or with its vars filled. */
export interface TaskConfig {
  readonly platform: string;
  readonly image?: TaskImage;
  readonly run: {
    readonly path: string;
    readonly args?: readonly Filled[];
    readonly dir?: string;
    readonly user?: string;
  };
  readonly inputs?: readonly TaskInput[];
  readonly outputs?: readonly TaskOutput[];
  /** Paths below the task's folder. */
  readonly caches?: readonly string[];
  readonly params?: Readonly<Record<string, Filled>>;
  readonly containerLimits?: ContainerLimits;
}

/** Of `image_resource`: an image of a registry; absent: a process of this machine. */
export interface TaskImage {
  readonly repository: string;
  readonly tag?: string;
  /** As "sha256:…". */
  readonly digest?: string;
}

export interface TaskInput {
  readonly name: string;
  readonly path?: string;
  readonly optional?: boolean;
}

export interface TaskOutput {
  readonly name: string;
  readonly path?: string;
}

/** `cpu` are shares, as in Concourse; `memory` bytes, or as "512MB". */
export interface ContainerLimits {
  readonly cpu?: Template<number>;
  readonly memory?: Template<number | string>;
}

export interface GetPlan {
  readonly type: "get";
  /** The artifact. */
  readonly name: string;
  readonly resource: string;
  readonly version: "latest" | "every" | Version;
  readonly passed: readonly string[];
  readonly trigger: boolean;
  readonly params?: JsonObject;
}

export interface PutPlan {
  readonly type: "put";
  readonly name: string;
  readonly resource: string;
  /** Artifacts that it sees: all, those that its params name, or these, among which `detect` stands for those. */
  readonly inputs: "all" | "detect" | readonly string[];
  readonly params?: JsonObject;
  /** Of the get that follows. */
  readonly getParams?: JsonObject;
  readonly noGet: boolean;
}

export interface LoadVarPlan {
  readonly type: "load_var";
  readonly name: string;
  /** `artifact/path`. */
  readonly file: string;
  /** Absent: as the name of the file ends. */
  readonly format?: "json" | "yaml" | "trim" | "raw";
  /** Its value may be shown. */
  readonly reveal: boolean;
}

export interface SetPipelinePlan {
  readonly type: "set_pipeline";
  /** `self`: this one. */
  readonly name: string;
  readonly file: string;
  readonly vars?: JsonObject;
  readonly varFiles?: readonly string[];
  readonly instanceVars?: JsonObject;
}

export interface GatePlan {
  readonly type: "gate";
  readonly name: string;
  readonly message?: string;
}

export interface NotifyPlan {
  readonly type: "notify";
  /** Targets of runner.toml. */
  readonly to: readonly string[];
  /** Absent: what `messageFile` has, `artifact/path`. */
  readonly message?: string;
  readonly messageFile?: string;
  readonly title?: string;
  readonly level?: "info" | "success" | "warning" | "error";
}
