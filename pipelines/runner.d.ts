// Written by `runner init`, which also brings it up to date: what a script finds beside JavaScript itself, for editors.

// ── what a script says about itself ─────────────────────────────────────────────────────────────────────────────────

/** `export const config = { … } satisfies PipelineConfig;` All of it is optional; it is read when the file is saved. */
interface PipelineConfig {
  /** `false`: no webhook. Without it every request to /api/webhooks/NAME is accepted. */
  readonly webhook?: false | WebhookConfig;
  /** Values that are given by `runner trigger NAME --param k=v`; a webhook gives none, only defaults count. */
  readonly params?: Readonly<Record<string, ParamConfig>>;
  /** Of a run, waiting included, as "30m"; without it there is no limit. */
  readonly timeout?: string | number;
  /** Of the sandbox, from "16MiB" to "1GiB"; "64MiB" without it. */
  readonly memory?: string | number;
  /** Queued runs of a higher one begin earlier: a whole number from -100 to 100; 0 without it. */
  readonly priority?: number;
  readonly concurrency?: ConcurrencyConfig;
  /** When runs begin by themselves: "0 3 * * *", "@daily", "@every 15m", or one with options; one or several. */
  readonly schedule?: string | ScheduleConfig | readonly (string | ScheduleConfig)[];
  /** A run begins when one of that pipeline has ended like this; one or several. */
  readonly after?: AfterConfig | readonly AfterConfig[];
  /** Of what happens to its runs, which targets of runner.toml are told; one rule or several. */
  readonly notify?: NotifyConfig | readonly NotifyConfig[];
  /**
   * Ended runs of this pipeline that stay, where that is less than the server keeps: the newest so many, those of so many
   * days, and in any case so many of the newest that succeeded.
   */
  readonly retention?: { readonly runs?: number; readonly days?: number; readonly minSucceeded?: number };
}

interface NotifyConfig {
  /** `failed` is also of runs that were over their time; `recovered`: a success after a failure; `approval`: one waits for it. */
  readonly on: NotifyReason | readonly NotifyReason[];
  /** `[targets.NAME]` of runner.toml. */
  readonly to: string | readonly string[];
}

type NotifyReason = RunEndStatus | "recovered" | "approval";

interface ConcurrencyConfig {
  /** Runs with the same key share the limit, also those of other pipelines; without it those of this pipeline do. An
   *  expression between `${` and `}` may ask about the webhook, as webhookTrigger() does, and about `params`. */
  readonly key?: string;
  /** How many execute at once; 1 without it. The others wait in order. */
  readonly limit?: number;
  /** What becomes of a run that comes while the limit is reached; it is queued without it. */
  readonly onConflict?: "queue" | "cancel-running" | "skip" | "replace-queued";
}

interface ScheduleConfig {
  /** Five fields, or six with seconds first; "@daily" and the like; "@every 15m". */
  readonly cron: string;
  /** As "Europe/Berlin"; that of the server without it. */
  readonly timezone?: string;
  /** A run begins up to this much later, as "5m". */
  readonly jitter?: string | number;
  /** What becomes of the times that passed while the server was down: nothing, the last, or each of up to 100. */
  readonly catchUp?: "none" | "last" | "all";
  /** `true`: also while the run before is not over; else the time is skipped. */
  readonly overlap?: boolean;
  /** For these runs. */
  readonly params?: Readonly<Record<string, string | number | boolean>>;
}

interface AfterConfig {
  readonly pipeline: string;
  /** "succeeded" without it. */
  readonly status?: RunEndStatus | readonly RunEndStatus[];
}

type RunEndStatus = "succeeded" | "failed" | "cancelled" | "timed_out" | "skipped";

interface WebhookConfig {
  /** The one sender that is believed; without it the headers of a request decide. */
  readonly provider?: WebhookProvider;
  /**
   * "env:NAME", "file:/path" and "secret:NAME" (of `runner secret set`) are read by the server each time, so that a
   * changed one counts at once; else the text is the secret itself. Of several, 8 at most, any may have signed, as while a
   * secret is changed: ["secret:NEW", "secret:OLD"].
   */
  readonly secret?: string | readonly string[];
  /** SHA-1 signatures of github and generic, which are believed only where this asks for them, and then no others. */
  readonly algorithm?: "sha1";
  /** How far the time that a sender signs may be from now; without it 300, of linear 60. */
  readonly toleranceSeconds?: number;
  /** A caller may follow its run by `?stream=1`, which answers with its log; `http.respond` has no effect then. */
  readonly stream?: boolean;
  /** A condition as for webhookTrigger(), asked before anything runs: where it does not hold the caller gets 202 with
   *  `{"skipped": true}`, and there is no run. */
  readonly when?: string;
  /** What tells a delivery from others, as an expression like "payload.id"; "delivery-id", the id that the sender gives
   *  it, without it. One that comes again in seven days begins no run, unless the one that it began did not succeed: its
   *  caller gets 200 with `{"run_id": …, "duplicate": true}`. false: every delivery is new. */
  readonly dedupe?: string | false;
  /**
   * A JSON Schema (draft 07, or 2020-12 by its `$schema`) of the payload that conditions see, asked before `when`: where
   * it does not fit the caller gets 422 with the places, and there is no run.
   */
  readonly schema?: Readonly<Record<string, unknown>>;
  /** How often requests are taken, else they are answered with 429; `false`: however often they come. */
  readonly rate?: false | WebhookRateConfig;
  /** The only addresses and networks from which requests are taken, as "192.168.1.0/24" or "fd00::/8"; else 403. */
  readonly allow?: readonly string[];
  /** The longest body that is taken, up to "25MiB"; "1MiB" without it. `memory` must be 15MiB and eight times that. */
  readonly maxBody?: string | number;
}

/** Each so many at once, and after those as many a minute, from 1 to 1,000,000. */
interface WebhookRateConfig {
  /** Of requests that are believed, together; without it there is no limit. */
  readonly perMinute?: number;
  /**
   * Of requests from one address (of IPv6 from one /64; 8 times that from a /48, 64 times from a /32), believed or not;
   * without it 60 where the pipeline has no secret and the address is not this machine's.
   */
  readonly perAddressPerMinute?: number;
}

type WebhookProvider =
  | "forgejo"
  | "gitea"
  | "gogs"
  | "github"
  | "gitlab"
  | "bitbucket"
  | "slack"
  | "stripe"
  | "pagerduty"
  | "linear"
  | "sentry"
  | "honeybadger"
  | "shopify"
  | "discord"
  | "twilio"
  | "meraki"
  | "grafana"
  | "standard"
  | "homeassistant"
  | "dockerhub"
  | "bearer"
  | "basic"
  | "generic";

interface ParamConfig {
  /** Without it that of `default`, else "string"; "any" is data as it was given. */
  readonly type?: "string" | "number" | "boolean" | "any";
  readonly default?: unknown;
  /** The only values that are taken. */
  readonly enum?: readonly (string | number | boolean)[];
  /** A run without it is refused. */
  readonly required?: boolean;
  readonly description?: string;
}

// ── the run and its webhook ─────────────────────────────────────────────────────────────────────────────────────────

/** The run that this is. */
declare const pipelineContext: {
  /** UUIDv7. */
  readonly runID: string;
  readonly pipelineID: string;
  readonly triggeredBy: "webhook" | "manual" | "schedule" | "pipeline" | "rerun";
  /** What executes the steps: "local". */
  readonly driverName: string;
  /** The values of `config.params`, of their declared types. */
  readonly params: Readonly<Record<string, any>>;
  /** The jobs of `config.jobs` that this run is for, as `--job` named them, with those that need them; empty: all. */
  readonly targetJobs: readonly string[];
  /** What was given by `--arg`, in order. */
  readonly args: readonly string[];
  /** The run that this one repeats; null where it repeats none. */
  readonly rerunOf: string | null;
  /** The end of another run that this one begins with, by `config.after`; else null. */
  readonly after: PrecedingRun | null;
};

interface PrecedingRun {
  readonly runID: string;
  readonly pipelineID: string;
  readonly status: RunEndStatus;
  /** What it returned. */
  readonly result: any;
  readonly error: { readonly code: string; readonly message: string } | null;
}

interface HttpRequest {
  /** Who sent it. */
  readonly provider: WebhookProvider;
  /** The sender's name for what happened, as "push"; empty where it has none. */
  readonly eventType: string;
  readonly method: string;
  /** Path with query string, as received. Here, in headers and query a token or a cookie that was sent in clear is "********". */
  readonly url: string;
  /** Listed in lower case, read in any case; those sent more than once are joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** As received, up to 1 MiB; bytes that are not UTF-8 become U+FFFD. */
  readonly body: string;
  /** The exact bytes. Not listed among the others, as by JSON.stringify. */
  readonly bodyBase64: string;
  /** The first value of each parameter. */
  readonly query: Readonly<Record<string, string>>;
}

interface HttpAnswer {
  /** 200 to 599; 200 without it. */
  readonly status?: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

declare const http: {
  /** The webhook that started this run; undefined when it was started by hand. */
  request(): HttpRequest | undefined;
  /**
   * Answers the webhook's caller; the run goes on. Only the first call has an effect, and none where no webhook waits.
   * Without it the caller gets 202 and the run's id after `--webhook-timeout`.
   * @throws TypeError, RangeError where the answer could not be sent.
   */
  respond(answer?: HttpAnswer): void;
};

/**
 * Whether a condition holds for the webhook, as `provider == "github" && payload.ref == "refs/heads/main"`; always true
 * when the run was started by hand. The language is that of https://expr-lang.org/docs/language-definition; variables are
 * provider eventType method headers query body payload. A condition that cannot be evaluated is false, and the log says
 * why.
 */
declare function webhookTrigger(condition: string): boolean;

/**
 * True where another run of this pipeline has asked with the same value in the last seven days, which goes on or has
 * succeeded and is not the one that this one repeats. An expression as for webhookTrigger(), of any value; false for `nil` and "", and always by hand.
 */
declare function webhookDedup(expression: string): boolean;

/**
 * What expressions of that language come to on the webhook, by name: `webhookParams({ branch: "payload.ref" }).branch`.
 * One without a value is null, and the log says why. Without a webhook each is the run's parameter of that name, or null.
 * @throws TypeError where it is not given an object.
 */
declare function webhookParams<Name extends string>(expressions: Readonly<Record<Name, string>>): Record<Name, any>;

// ── steps ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** How often something is tried, and how long is waited in between. */
interface RetryPolicy {
  /** In all, the first included: 1 to 100; 3 without it. */
  readonly attempts?: number;
  /** Whether each wait is twice the one before, or all are alike; "exponential" without it. */
  readonly backoff?: "exponential" | "constant";
  /** The first wait; "1s" without it. */
  readonly initial?: string | number;
  /** The longest, a day at most; without it "1m", or `initial` where that is longer. */
  readonly max?: string | number;
  /** Share of a wait, 0 to 1, by which it is longer or shorter by chance; 0.1 without it. */
  readonly jitter?: number;
  /** Another attempt follows these codes alone: exit codes, HTTP statuses, codes of errors. */
  readonly on?: readonly (number | string)[];
}

interface Repeatable {
  /** A number is the attempts. The result is that of the last one; a timeout is that of each. */
  readonly retry?: number | RetryPolicy | null;
  /**
   * What becomes of it where the machine or the server ended and nobody knows how far it came: done again, or an Error
   * with the code INTERRUPTED. Steps are run again without it, fetches where their method is idempotent.
   */
  readonly onInterrupt?: "fail" | "retry";
}

interface Abortable {
  /**
   * Ends it before its time: a step as its timeout would. The promise is rejected with the signal's reason once it has
   * ended; what was aborted before begins nothing.
   */
  readonly signal?: AbortSignal | null;
}

/** Names the job of `jobs.declare` that it is of. */
interface OfJob {
  readonly job?: string;
}

/** What steps and sandboxes have in common. An option that there is not is refused. */
interface StepSettings extends Repeatable, Abortable, OfJob {
  /** Shown in the log; else the command, or the image. */
  name?: string;
  /**
   * Added to the few variables a step has; values are made texts, undefined and null are left out. A secret is
   * `{ secret: "secret:NAME" }`, or that text itself where the script has it word for word.
   */
  env?: Readonly<Record<string, unknown>>;
  /** As "90s", or in milliseconds; then SIGTERM, and 10 s later SIGKILL. */
  timeout?: string | number;
  /** Called with output as it comes, up to 8 MiB of it. */
  onOutput?: (stream: "stdout" | "stderr", text: string) => void;
}

interface CommandPath {
  /** A program on the step's PATH, or an absolute path. */
  readonly path: string;
  /** A secret as in `env`, by `{ secret }` alone: who may list the processes of this machine can read it. */
  readonly args?: readonly unknown[];
}

interface ContainerCommand extends CommandPath {
  /** As "1000", "1000:1000" or "www-data"; else that of the image. */
  readonly user?: string | number;
}

/** A volume, an absolute path of this machine, or one of them that may only be read. */
type MountSource = Volume | string | { readonly source: Volume | string; readonly readOnly?: boolean };

/** A process of this machine. */
interface ProcessStep extends StepSettings {
  image?: undefined;
  pull?: undefined;
  privileged?: undefined;
  containerLimits?: undefined;
  /** A text is run by `sh -c`. What comes from outside belongs into `env` or `stdin`, never into the text. */
  command: string | CommandPath;
  /** Else an empty folder that goes with the step; a relative one is made within that. */
  workDir?: string;
  /** Links in the step's folder by these names: `{ src: volume }`. With `move` and an absolute `workDir` the folder
   *  itself goes there for good, and is no longer at its `path`: `..` in it is the step's folder. */
  mounts?: Readonly<Record<string, Volume | string | { readonly source: Volume | string; readonly move?: true }>>;
  /** A secret as in `env`. */
  stdin?: string | SecretReference | SecretParts;
}

/** What a container is made of. */
interface ContainerSettings extends StepSettings {
  /** As "alpine" or "registry.example.org/tools:1.2"; or the path of an archive, as `docker save` writes it. */
  image: string;
  /** When the image is fetched; "missing" without it. */
  pull?: "always" | "missing" | "never";
  /** Where in the container they are seen; a relative name is taken within `workDir`. */
  mounts?: Readonly<Record<string, MountSource>>;
  workDir?: string;
  /** May do all that root may do on this machine. */
  privileged?: boolean;
  /** `cpu`: processors, as 0.5, or CPU shares from 64 on. `memory`: bytes, or as "512MiB". */
  containerLimits?: { readonly cpu?: number; readonly memory?: number | string };
}

interface ContainerStep extends ContainerSettings {
  /** A text is run by `sh -c` of the image. What comes from outside belongs into `env` or `stdin`, never into the text. */
  command: string | ContainerCommand;
  stdin?: string | SecretReference;
}

interface SandboxSettings extends ContainerSettings {
  user?: string | number;
}

interface SandboxCommand extends StepSettings {
  command: string | ContainerCommand;
  stdin?: string | SecretReference;
  workDir?: string;
  user?: string | number;
}

interface StepResult {
  /** The exit code; 128 + the signal's number where a signal ended it; never 0 where the step was ended. */
  readonly code: number;
  /** Up to 1 MiB of each: head and tail, with a mark where something was left out. */
  readonly stdout: string;
  readonly stderr: string;
  /** "abort" where the step was ended: by its timeout, its output limit or a cancellation. */
  readonly status: "complete" | "abort";
  /** One sentence on how it ended, where that was not by itself. */
  readonly message?: string;
}

/** A container that is kept open until `close`, at the latest until the run ends. */
interface Sandbox {
  readonly id: string;
  /** Runs one command in it and waits for its end. */
  exec(command: SandboxCommand): Promise<StepResult>;
  close(): Promise<void>;
}

declare const runtime: {
  /**
   * Runs a step and waits for its end, whatever its exit code: without `image` a process of this machine, with it a
   * container.
   * @throws an Error with a `code` where it cannot be started: STEP_NOT_STARTED, IMAGE_UNAVAILABLE, …
   */
  run(step: ProcessStep | ContainerStep): Promise<StepResult>;
  /** Opens a container for several commands, one after the other. The image needs `sh` and `sleep`. */
  startSandbox(sandbox: SandboxSettings): Promise<Sandbox>;
  /** Another name of `volumes.create`. */
  createVolume(options?: VolumeOptions): Promise<Volume>;
  /** Another name of `volumes.readFiles`. */
  readFilesFromVolume(
    volume: Volume | string,
    ...paths: (string | readonly string[])[]
  ): Promise<Record<string, string>>;
  /** As `approval`, but throws where it is denied or nobody decides in time. */
  gate: Gate;
};

/**
 * Runs a part of the script as one step of the run, tried again as a whole where `retry` says so: after what it throws,
 * by `on` after errors with such a `code` or `name`. Resolves with its value as JSON, throws what its last attempt threw.
 * When the run is executed again after a restart, so is the part, with what it awaited taken from the journal.
 */
declare function step<T>(
  name: string,
  run: () => T | Promise<T>,
  options?: OfJob & { readonly retry?: number | RetryPolicy | null },
): Promise<T>;

interface DeclaredJob {
  /** 1 to 200 characters on one line. */
  readonly name: string;
  /** The jobs that come before it, declared with it or earlier. */
  readonly needs?: readonly string[];
}

declare const vars: {
  /**
   * What `[vars]` of runner.toml has by these names, else `{ secret: "secret:NAME" }` where a secret is kept by that name
   * and the script has that text word for word; a name that has neither is absent.
   */
  find(names: readonly string[]): Promise<Record<string, any>>;
};

/** The named parts of a run, as `runner runs RUN` draws them: what is told here changes nothing else. */
declare const jobs: {
  /** 1,000 of a run at most. */
  declare(jobs: readonly DeclaredJob[]): void;
  begin(name: string): void;
  /** Those that have not ended when the run does are ended with it. */
  end(
    name: string,
    end: {
      readonly status: "succeeded" | "failed" | "cancelled" | "timed_out" | "skipped";
      readonly message?: string;
    },
  ): void;
};

// ── waiting for people, for other programs, for other pipelines ─────────────────────────────────────────────────────

interface ApprovalOptions extends Abortable, OfJob {
  /** What is asked, for whoever decides; up to 4,000 characters. */
  readonly message?: string;
  /** As "4h", or in milliseconds; without it as long as the run may. */
  readonly timeout?: string | number;
}

interface Approval extends ApprovalOptions {
  /** One to 100 characters. Those that a run waits for at one time have different names. */
  readonly name: string;
  /** What becomes of it when nobody decides in time; "deny" without it, "fail" throws with the code APPROVAL_TIMEOUT. */
  readonly onTimeout?: "deny" | "approve" | "fail";
}

interface ApprovalDecision {
  readonly approved: boolean;
  /** Who: a name, or "api", "link" or "timeout". */
  readonly by: string;
  readonly comment: string | null;
}

/**
 * Waits until somebody decides: `runner approve RUN [NAME]`, `runner deny`, POST /api/runs/RUN/approvals/NAME, or the
 * page behind the link that is in the run's log (with `--public-url`). Meanwhile the run takes no memory.
 */
declare function approval(asked: Approval): Promise<ApprovalDecision>;

/** @throws an Error with the code APPROVAL_DENIED or APPROVAL_TIMEOUT. */
type Gate = (name: string, options?: ApprovalOptions) => Promise<ApprovalDecision>;

/** In a file that exports a function named `pipeline`, editors take the name for that: use `runtime.gate` there. */
declare const pipeline: { gate: Gate };

declare const signal: {
  /**
   * Waits for the JSON that is sent by this name: `runner signal RUN NAME --data JSON`, POST /api/runs/RUN/signals/NAME.
   * What is sent while nobody waits is refused, not kept; all that wait for a name get it.
   * @throws an Error with the code SIGNAL_TIMEOUT.
   */
  wait(name: string, options?: OfJob & { readonly timeout?: string | number }): Promise<any>;
};

/** What only so many runs of the pipeline have at one time. All that a run has is given back when it ends, however it does. */
declare const locks: {
  /**
   * Waits until it is this run's turn, in the order of asking; meanwhile the run takes no memory. A lock that is taken
   * with `limit: 2` is given while at most one other has it; without that, while nobody has. Names have 1 to 100
   * characters, a run up to 2,000 locks.
   * @throws an Error with the code DEADLOCK where the run has it, or waits for it, already.
   */
  take(name: string, options?: OfJob & { readonly limit?: number }): Promise<void>;
  release(name: string): Promise<void>;
};

/**
 * Puts `pipelines/NAME.yml` into force, as `runner set-pipeline` does. `self` is the pipeline that runs. With
 * `instanceVars` it is a pipeline of its own for each set of values: `NAME/branch-main`; values that no name can have
 * are told by a hash. Vars that are not given are left to its runs.
 * @throws an Error with the code LOAD_FAILED that says what is wrong in which lines, and VALIDATION_FAILED where a script
 *   has that name.
 */
declare function setPipeline(
  name: string,
  pipeline: {
    readonly source: string;
    readonly vars?: Readonly<Record<string, unknown>>;
    readonly instanceVars?: Readonly<Record<string, unknown>>;
  },
): Promise<{ readonly pipeline: string; readonly change: "created" | "updated" | "unchanged" }>;

interface TriggerOptions extends OfJob {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly args?: readonly unknown[];
}

interface StartedRun {
  readonly id: string;
  /** The same. */
  readonly runID: string;
}

interface EndedRun extends StartedRun {
  readonly status: "succeeded" | "failed" | "cancelled" | "timed_out" | "skipped";
  readonly result: any;
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint: string | null;
    readonly file: string | null;
    readonly line: number | null;
  } | null;
}

/**
 * Starts a run of another pipeline and waits for its end, however it ends: look at `status`. It is cancelled with this
 * run as long as that waits for it. At most 10 runs start each other.
 * @throws an Error with the code PIPELINE_NOT_FOUND, PIPELINE_BROKEN, PARAM_INVALID, DEPTH_LIMIT, DEADLOCK, …
 */
declare function triggerPipeline(name: string, options?: TriggerOptions & { readonly wait?: true }): Promise<EndedRun>;
/** Goes on as soon as that run is recorded; it goes its own way. */
declare function triggerPipeline(name: string, options: TriggerOptions & { readonly wait: false }): Promise<StartedRun>;

/** As `{ ref: "61cbef" }`. */
type ResourceVersion = Readonly<Record<string, string>>;

/** What YAML pipelines are compiled to: versions of what they get and put, kept by the server. `scope`: what the resource is,
 *  as its address; where that changes its versions begin afresh. */
declare const resources: {
  /** Versions in their order, the newest last; at most 1,000 are kept. With `from`, the newest when they were looked for,
   *  they do not count where another is the newest by now. */
  found(
    resource: string,
    versions: readonly ResourceVersion[],
    options?: { readonly scope?: string; readonly from?: ResourceVersion | null },
  ): Promise<void>;
  newest(resource: string, options?: { readonly scope?: string }): Promise<ResourceVersion | null>;
  /** The version that a job is to take, of those that all of `passed` have passed: the newest, or with "every" the next
   *  that it has not had. */
  choose(asked: {
    readonly resource: string;
    readonly scope?: string;
    readonly job: string;
    readonly version?: "latest" | "every";
    readonly passed?: readonly string[];
  }): Promise<ResourceVersion | null>;
  /** These jobs have it too. */
  take(
    resource: string,
    version: ResourceVersion,
    options: { readonly scope?: string; readonly jobs: readonly string[] },
  ): Promise<void>;
  /** The job has succeeded with these. */
  passed(
    job: string,
    versions: readonly { readonly resource: string; readonly scope?: string; readonly version: ResourceVersion }[],
  ): Promise<void>;
};

// ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A folder that lives as long as the run, shared by its steps by their `mounts`. */
interface Volume {
  readonly name: string;
  /** Absolute, on this machine. */
  readonly path: string;
  /** As `volumes.readFiles`. */
  readFiles(...paths: (string | readonly string[])[]): Promise<Record<string, string>>;
}

interface VolumeOptions {
  /** The same name gives the same volume; without one it is a new volume. */
  name?: string;
  /** Instead of a name: a folder that lasts from run to run of this pipeline, for runs at one time the same; it goes
   *  when none has asked for it in 30 days. */
  cache?: string;
  /** Without effect: a volume is a folder. */
  size?: number;
}

declare const volumes: {
  /** At most 1,000 in a run. */
  create(options?: VolumeOptions): Promise<Volume>;
  /**
   * The texts of files by the paths that were asked for, at most 10 MiB together.
   * @throws an Error with the code FILE_NOT_FOUND or FILE_TOO_LARGE.
   */
  readFiles(volume: Volume | string, ...paths: (string | readonly string[])[]): Promise<Record<string, string>>;
};

/** A text to keep, or a file: of a volume, or by its absolute path on this machine. */
type ArtifactContent =
  string | { readonly text: string } | { readonly path: string; readonly volume?: Volume | string };

/** Files kept with the run: `runner artifacts RUN`, GET /api/runs/RUN/artifacts/NAME. */
declare const artifacts: {
  /**
   * Keeps a copy, at most 1000 in a run. The name has no slash; a second one of the same name replaces the first.
   * @throws an Error with the code FILE_NOT_FOUND or FILE_TOO_LARGE (`--max-artifact-size`).
   */
  save(name: string, content: ArtifactContent): Promise<{ readonly name: string; readonly bytes: number }>;
};

// ── the network ─────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Looked up by the server, as "env:NAME", "file:/path" or "secret:NAME"; the script, the journal and the log never hold
 * it. A header or a variable of a step may also be that text itself, where the script has it word for word.
 */
/** A text of which only some is secret. */
interface SecretParts {
  readonly parts: readonly (string | SecretReference)[];
}

interface SecretReference {
  readonly secret: string;
  /** What stands before it, as "Bearer ". */
  readonly prefix?: string;
}

interface FetchOptions extends Repeatable, Abortable, OfJob {
  /** GET without it. */
  method?: string;
  headers?:
    | Readonly<Record<string, string | number | boolean | null | undefined | SecretReference | SecretParts>>
    | Iterable<readonly [string, string | SecretReference | SecretParts]>;
  /** Up to 1 MiB. Data is sent by JSON.stringify, with the header "Content-Type": "application/json". */
  body?: string | URLSearchParams | ArrayBuffer | ArrayBufferView;
  /** Of the whole of it, as "5s" or in milliseconds; 30 s without it, 10 min at most. */
  timeout?: string | number;
  /** "follow" without it: up to 10 of them, never from https to http. */
  redirect?: "follow" | "manual" | "error";
}

/** Listed in lower case, read in any case; also by `get` and `has`, and as pairs. */
type FetchHeaders = Readonly<Record<string, string>> & {
  readonly get: (name: string) => string | null;
  readonly has: (name: string) => boolean;
  readonly [Symbol.iterator]: () => IterableIterator<[string, string]>;
};

/** Complete when the promise of `fetch` resolves: `text()` and `json()` are values already, and may be awaited. */
interface FetchAnswer {
  readonly status: number;
  readonly statusText: string;
  /** The status is 200 to 299. */
  readonly ok: boolean;
  /** The address that answered, after redirects. */
  readonly url: string;
  readonly redirected: boolean;
  readonly headers: FetchHeaders;
  text(): string;
  /** @throws SyntaxError where the body is no JSON. */
  json(): any;
  bytes(): Uint8Array<ArrayBuffer>;
  arrayBuffer(): ArrayBuffer;
}

/**
 * Makes an HTTP request, a step of the run. The answer has at most 10 MiB.
 * @throws an Error with the code FETCH_FAILED, FETCH_TIMEOUT or VALUE_TOO_LARGE; not for a status as 404 or 500.
 */
declare function fetch(url: string | URL | SecretReference | SecretParts, options?: FetchOptions): Promise<FetchAnswer>;

interface Yaml {
  /** @throws SyntaxError with line and column. Texts up to 1 MiB. With `asWritten` whole numbers that would be printed
   *  otherwise, as 0755 or 123456789012345678, are texts. */
  parse(text: string, options?: { readonly asWritten?: boolean }): any;
  /** Every document of a text that has several. */
  parseAll(text: string): any[];
  stringify(value: unknown): string;
}

/** YAML 1.2 as JSON data. */
declare const YAML: Yaml;
/** Another name of `YAML`. */
declare const yaml: Yaml;

// ── values that stay, and waiting ───────────────────────────────────────────────────────────────────────────────────

/** JSON values of this pipeline, kept from run to run. Keys have 1 to 512 characters. */
declare const storage: {
  /** The value; undefined where there is none. */
  get(key: string): any;
  /** The keys that begin with `prefix`, in order, at most 10,000. */
  list(prefix?: string): string[];
  /** On disk when it resolves. */
  set(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
};

/**
 * Waits, as for "2s" or "3d", or 500 for milliseconds; to the second, over restarts of the server too. A run that waits
 * for a minute or more takes no memory meanwhile.
 */
declare function sleep(duration: string | number): Promise<void>;
/** Waits until a moment: a Date, milliseconds since 1970, or a text as "2026-01-31T03:00:00Z". */
declare function sleepUntil(moment: Date | number | string): Promise<void>;

/**
 * What every waiting call throws when the run is cancelled or over its time. For 30 s from then on `finally` blocks may
 * run steps; the run ends as cancelled or timed out in any case.
 */
declare class CancelledError extends Error {
  readonly name: "CancelledError";
  /** "RUN_CANCELLED" or "RUN_TIMEOUT". */
  readonly code: string;
  constructor(message?: string, code?: string);
}

interface AbortEvent {
  readonly type: "abort";
  readonly target: AbortSignal;
  readonly currentTarget: AbortSignal;
}

type AbortListener = ((event: AbortEvent) => unknown) | { handleEvent(event: AbortEvent): unknown };

/** Made by an AbortController, or by one of its own functions. */
declare class AbortSignal {
  private constructor();
  readonly aborted: boolean;
  readonly reason: any;
  onabort: ((event: AbortEvent) => unknown) | null;
  throwIfAborted(): void;
  addEventListener(type: "abort", listener: AbortListener): void;
  removeEventListener(type: "abort", listener: AbortListener): void;
  static abort(reason?: unknown): AbortSignal;
  /** Aborts by itself after so many milliseconds, with a TimeoutError. */
  static timeout(delayMs: number): AbortSignal;
  /** Aborts as soon as one of them does. */
  static any(signals: Iterable<AbortSignal>): AbortSignal;
}

/** Ends what was given its signal. */
declare class AbortController {
  readonly signal: AbortSignal;
  /** The reason is an AbortError where none is given. */
  abort(reason?: unknown): void;
}

declare function setTimeout<T extends unknown[]>(
  callback: (...values: T) => void,
  delayMs?: number,
  ...values: T
): number;
declare function setInterval<T extends unknown[]>(
  callback: (...values: T) => void,
  delayMs?: number,
  ...values: T
): number;
declare function setImmediate<T extends unknown[]>(callback: (...values: T) => void, ...values: T): number;
declare function clearTimeout(timer: number | undefined): void;
declare function clearInterval(timer: number | undefined): void;
declare function clearImmediate(timer: number | undefined): void;
declare function queueMicrotask(callback: () => void): void;

// ── checking and telling ────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Announces something, as `await events.emit("deploy.done", { host: "nas" })`, to whoever follows the server's events or
 * subscribes to them: once, whatever happens to the server. Secrets in it are masked.
 * @throws TypeError where the type is not words with dots between them, or one that runner tells by itself, as
 * "run.failed"; where the data is no object that JSON can hold, or has more than 64 KiB.
 */
declare const events: {
  emit(type: string, data?: Readonly<Record<string, unknown>>): Promise<{ readonly id: string }>;
};

interface NotifyMessage {
  /** `[targets.NAME]` of runner.toml, or several. */
  readonly to?: string | readonly string[];
  /** The same, as in PocketCI. */
  readonly name?: string;
  /** Up to 30,000 characters; each target cuts it to what its service takes. */
  readonly message: string;
  readonly title?: string;
  /** "info" without it. */
  readonly level?: "info" | "success" | "warning" | "error";
  /** An address of http or https to open. */
  readonly link?: string;
  /** Resolves at once, whatever comes of it. */
  readonly async?: boolean;
}

interface Notified {
  readonly success: true;
}

/** A service that the script names itself, as in PocketCI. A token is best "secret:NAME". Mails go by the target of the name. */
type NotifyBackend =
  | {
      readonly type: "slack" | "discord";
      readonly token: string;
      readonly channels?: readonly string[];
      readonly recipients?: readonly string[];
    }
  | { readonly type: "teams"; readonly webhook: string }
  | {
      readonly type: "http";
      readonly url: string;
      readonly method?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly type: "smtp"; readonly [field: string]: unknown };

declare const notify: {
  /**
   * Records that a target is to be told, once; the server then sends it, with the retries of every delivery. `runner run`
   * sends nothing. Once there is a context the message is a template, as "{{ .Status | upper }}".
   * @throws Error with the code TARGET_NOT_FOUND.
   */
  send(message: NotifyMessage): Promise<Notified>;
  sendMultiple(message: {
    readonly names: readonly string[];
    readonly message: string;
    readonly async?: boolean;
  }): Promise<Notified>;
  /** PocketCI's way: each message to a backend is a request like that of fetch, and a refused one an Error. */
  configure(given: {
    readonly backends?: Readonly<Record<string, NotifyBackend>>;
    readonly context?: Readonly<Record<string, unknown>>;
  }): void;
  setConfigs(backends: Readonly<Record<string, NotifyBackend>>): void;
  setContext(context: Readonly<Record<string, unknown>>): void;
  /** Fields that are empty leave what there was. */
  updateContext(context: Readonly<Record<string, unknown>>): void;
  updateStatus(status: string): void;
  updateJobName(jobName: string): void;
};

interface GithubDispatch extends Repeatable {
  /** "owner/name". */
  readonly repo: string;
  /** At most 100 characters, as in `on: repository_dispatch: types: [deploy]`. */
  readonly eventType: string;
  /** At most 10 properties and 64 KiB. */
  readonly payload?: Readonly<Record<string, unknown>>;
  /** "secret:NAME", "env:NAME" or "file:/path", word for word in the script; it may write contents of the repository. */
  readonly token: string | SecretReference;
  /** "https://api.github.com" without it. */
  readonly apiUrl?: string;
  readonly timeout?: string | number;
}

declare const github: {
  /**
   * Begins the workflows of a repository that wait for this event; a step like a fetch, tried 4 times where `retry` says
   * nothing else, and again after an interruption.
   * @throws Error where GitHub refuses it, with its status and a hint.
   */
  dispatch(given: GithubDispatch): Promise<void>;
};

/** A failed assertion is an ordinary error; uncaught it fails the run with its message. */
declare const assert: {
  /** The same JSON-like structure. */
  equal(actual: unknown, expected: unknown, message?: string): void;
  notEqual(actual: unknown, expected: unknown, message?: string): void;
  truthy(value: unknown, message?: string): void;
  containsString(text: string, part: string, message?: string): void;
  containsElement(list: readonly unknown[], element: unknown, message?: string): void;
  /** Asks again every `intervalMs` (100) for `timeoutMs` (5000) until the text has the part. */
  eventuallyContainsString(
    getText: () => unknown,
    part: string,
    options?: { timeoutMs?: number; intervalMs?: number; message?: string },
  ): Promise<void>;
};

/** Its lines are part of the run's log: at most 10,000 of them, or 4 MiB. */
declare const console: {
  log(...values: unknown[]): void;
  info(...values: unknown[]): void;
  debug(...values: unknown[]): void;
  trace(...values: unknown[]): void;
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
  dir(...values: unknown[]): void;
  /** Writes a line where the condition does not hold. */
  assert(condition: unknown, ...values: unknown[]): void;
  /** Writes how often it was called with this label. */
  count(label?: string): void;
};

// ── texts, bytes and addresses, as in a browser ─────────────────────────────────────────────────────────────────────

declare const crypto: {
  randomUUID(): string;
  /** At most 65,536 bytes. */
  getRandomValues<T extends ArrayBufferView>(array: T): T;
  /**
   * HMAC as hex in lower case, by "sha256", "sha512", "sha1", "sha384", "sha224" or "md5". With a key like
   * `{ secret: "secret:NAME" }` the secret itself stays outside the script.
   */
  hmac(
    algorithm: string,
    key: string | ArrayBuffer | ArrayBufferView | { readonly secret: string },
    data: string | ArrayBuffer | ArrayBufferView,
  ): Promise<string>;
};

declare class TextEncoder {
  readonly encoding: string;
  encode(text?: string): Uint8Array<ArrayBuffer>;
}

/** UTF-8 only. */
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  decode(bytes?: ArrayBuffer | ArrayBufferView): string;
}

declare class URL {
  /** @throws TypeError where it is none. */
  constructor(url: string | URL, base?: string | URL);
  static canParse(url: string | URL, base?: string | URL): boolean;
  static parse(url: string | URL, base?: string | URL): URL | null;
  href: string;
  readonly origin: string;
  protocol: string;
  username: string;
  password: string;
  host: string;
  hostname: string;
  port: string;
  pathname: string;
  search: string;
  hash: string;
  readonly searchParams: URLSearchParams;
  toString(): string;
  toJSON(): string;
}

declare class URLSearchParams {
  constructor(init?: string | Readonly<Record<string, string>> | Iterable<readonly [string, string]>);
  readonly size: number;
  append(name: string, value: string): void;
  delete(name: string, value?: string): void;
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string, value?: string): boolean;
  set(name: string, value: string): void;
  sort(): void;
  forEach(callback: (value: string, name: string, params: URLSearchParams) => void): void;
  entries(): IterableIterator<[string, string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
  toString(): string;
}

declare function atob(base64: string): string;
declare function btoa(text: string): string;
declare function structuredClone<T>(value: T): T;

// ── tests ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * `export const tests = { "deploys main": { … } } satisfies PipelineTests;` Executed by `runner test`, with no effect:
 * what the script asks for is answered from here, and no time passes but on the test's own clock. Only data.
 */
type PipelineTests = Readonly<Record<string, PipelineTest>>;

interface PipelineTest {
  /** The webhook; without it the run is started by hand. One that `when` or `schema` turns away ends as "skipped". */
  readonly request?: TestRequest;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly args?: readonly string[];
  readonly triggeredBy?: "webhook" | "manual" | "schedule" | "pipeline" | "rerun";
  /** `pipelineContext.after`; a text is the pipeline whose run succeeded. */
  readonly after?:
    | string
    | {
        readonly pipelineID: string;
        readonly status?: TestStatus;
        readonly result?: unknown;
        readonly error?: TestError;
      };
  /** What `new Date()` tells at the beginning; a fixed day without it. */
  readonly now?: string | number;
  /** By the name of the step; a name that ends in * stands for all that begin so. A list has one answer for each try. */
  readonly steps?: TestAnswers<TestStep>;
  /** By "METHOD address", or by the address alone; a secret address by its reference, as "POST env:HOOK". */
  readonly fetch?: TestAnswers<TestFetch>;
  /** By name: what is decided, or "timeout" where nobody does in time. */
  readonly approvals?: TestAnswers<TestApproval>;
  /** By name: what is sent, or "timeout". */
  readonly signals?: TestAnswers<"timeout" | { readonly value?: unknown; readonly after?: string | number }>;
  /** How the runs end that `triggerPipeline` starts, by the name of the pipeline; a text is the status. */
  readonly pipelines?: TestAnswers<TestChild>;
  /** What `storage` holds at the beginning. */
  readonly storage?: Readonly<Record<string, unknown>>;
  /** As of `[vars]` in runner.toml. */
  readonly vars?: Readonly<Record<string, unknown>>;
  /** What `readFiles` finds: name of the volume, path, text. */
  readonly volumes?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The keys of `crypto.hmac`, by their references. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Without it the run has to succeed. */
  readonly expect?: TestExpectation;
}

type TestAnswers<Answer> = Readonly<Record<string, Answer | readonly Answer[]>>;

interface TestRequest {
  /** "POST" without it. */
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  /** A text, or data that is sent as JSON. */
  readonly body?: unknown;
  /** Without them as the headers and the body tell. */
  readonly provider?: string;
  readonly eventType?: string;
}

/** A number is the exit code, a text what is written to stdout. */
type TestStep =
  | number
  | string
  | {
      /** 0 without it. */
      readonly code?: number;
      readonly stdout?: string;
      readonly stderr?: string;
      /** How long, as "90s": against timers and time limits. */
      readonly takes?: string | number;
      /** It cannot be started: why. */
      readonly error?: TestError;
      /** The run is cancelled while it executes. */
      readonly cancel?: boolean;
    };

/** A number is the status, a text the body. */
type TestFetch =
  | number
  | string
  | {
      /** 200 without it. */
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** A text, or data that is sent as JSON. */
      readonly body?: unknown;
      readonly takes?: string | number;
      /** There is no answer: why. */
      readonly error?: TestError;
    };

type TestApproval =
  | boolean
  | "timeout"
  | {
      readonly approved: boolean;
      /** "test" without it. */
      readonly by?: string;
      readonly comment?: string;
      readonly after?: string | number;
    };

type TestChild =
  | TestStatus
  | {
      readonly status?: TestStatus;
      readonly result?: unknown;
      readonly error?: TestError;
      readonly takes?: string | number;
    };

type TestStatus = "succeeded" | "failed" | "cancelled" | "timed_out" | "skipped";

/** With the code that the script finds in it. */
type TestError = string | { readonly code?: string; readonly message: string };

interface TestExpectation {
  /** "succeeded" without it, or "failed" with `error`. */
  readonly status?: TestStatus;
  readonly result?: unknown;
  /** A part of the message. */
  readonly error?: string | { readonly code?: string; readonly message?: string; readonly line?: number };
  /** null: none; a text is the body. */
  readonly respond?:
    | null
    | string
    | { readonly status?: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> };
  /** All of them in their order, each by its name, or with parts of its options: { name: "deploy", env: { REF: "main" } }. */
  readonly steps?: readonly TestCall[];
  /** Their names are as in the log: method and address without its query. */
  readonly fetch?: readonly TestCall[];
  /** The pipelines that were started. */
  readonly pipelines?: readonly TestCall[];
  /** That `events.emit` announced: each by its type, or with parts of its data: { name: "deploy.done", data: { host: "nas" } }. */
  readonly events?: readonly TestCall[];
  /** Of `notify.send`: each by its target, or with parts of it: { name: "ops", message: "done" }. */
  readonly notify?: readonly TestCall[];
  /** Parts of lines, in their order. */
  readonly console?: readonly string[];
  /** What `storage` holds at the end; null: nothing by this key. */
  readonly storage?: Readonly<Record<string, unknown>>;
  /** Names. */
  readonly artifacts?: readonly string[];
}

type TestCall = string | { readonly name: string; readonly [option: string]: unknown };
