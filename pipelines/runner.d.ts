// What a script finds beside JavaScript itself, for editors; nothing is loaded from this file.

interface HttpRequest {
  /** Who sent it: github, slack or generic. */
  readonly provider: string;
  /** The sender's name for what happened, as "push"; empty where it has none. */
  readonly eventType: string;
  readonly method: string;
  /** Path with query string. */
  readonly url: string;
  /** Listed in lower case, read in any case. */
  readonly headers: Readonly<Record<string, string>>;
  /** As received. */
  readonly body: string;
  readonly query: Readonly<Record<string, string>>;
}

declare const http: {
  /** The webhook that started this run; undefined when it was started by hand. */
  request(): HttpRequest | undefined;
  /** Answers the webhook's caller; the run goes on. Only the first call has an effect. */
  respond(response?: { status?: number; body?: string; headers?: Record<string, string> }): void;
};

/** Whether a condition holds for the webhook; always true when the run was started by hand. */
declare function webhookTrigger(expression: string): boolean;

declare const pipelineContext: {
  readonly runID: string;
  readonly pipelineID: string;
  readonly triggeredBy: "webhook" | "manual";
  readonly driverName: string;
  /** The values of `config.params`. */
  readonly params: Readonly<Record<string, any>>;
  readonly args: readonly string[];
};

interface StepOptions {
  /** Shown in the log; else the command. */
  name?: string;
  /** A text is run by `sh -c`. */
  command: string | { path: string; args?: readonly string[] };
  env?: Record<string, unknown>;
  /** Absolute; else an empty folder that goes with the step. */
  workDir?: string;
  stdin?: string;
  /** As "90s" or in milliseconds. */
  timeout?: string | number;
  onOutput?: (stream: "stdout" | "stderr", text: string) => void;
}

interface StepResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** "abort" where the step was ended: by its timeout, its output limit or a cancellation. */
  readonly status: "complete" | "abort";
  readonly message?: string;
}

declare const runtime: {
  /** Runs a process and waits for its end. Rejects only where it cannot be started. */
  run(step: StepOptions): Promise<StepResult>;
};

/** Values of this pipeline, kept from run to run. */
declare const storage: {
  get(key: string): any;
  list(prefix?: string): any;
  set(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
};

/** A failed assertion is an ordinary error. */
declare const assert: {
  equal(actual: unknown, expected: unknown, message?: string): void;
  notEqual(actual: unknown, expected: unknown, message?: string): void;
  truthy(value: unknown, message?: string): void;
  containsString(text: string, part: string, message?: string): void;
  containsElement(list: readonly unknown[], element: unknown, message?: string): void;
  eventuallyContainsString(
    getText: () => unknown,
    part: string,
    options?: { timeoutMs?: number; intervalMs?: number; message?: string },
  ): Promise<void>;
};

/** Waits, as for "2s" or 500 ms. */
declare function sleep(duration: string | number): Promise<void>;

interface Crypto {
  /** HMAC in hex. With `{ secret: "env:NAME" }` as key the secret itself stays outside the script. */
  hmac(algorithm: string, key: string | Uint8Array | { secret: string }, data: string | Uint8Array): Promise<string>;
}
