// The container engine as this server uses it: found at the first use, then asked through its command.

import type { Clock } from "../../core/clock.ts";
import { type EngineCommandEnd, reasonOf, runEngineCommand } from "./engine-command.ts";
import { type EngineChoice, findEngine, type FoundEngine, saysUnreachable, unavailable } from "./find-engine.ts";

export interface ContainerEngineOptions {
  readonly choice: EngineChoice;
  /** The server's own environment; the command is given the few variables of it that are about the engine. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The server's PATH. */
  readonly path: string;
  readonly clock: Clock;
}

export interface AskOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
  /** Variables for the command beside its own. */
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
}

const usualTimeoutMs = 120_000;
/** An engine that has nothing to say of itself for so long is none. */
const findTimeoutMs = 20_000;
const ownVariable =
  /^(?:HOME|USER|DOCKER_\w+|CONTAINERS?_\w+|XDG_(?:RUNTIME_DIR|CONFIG_HOME|DATA_HOME)|DBUS_SESSION_BUS_ADDRESS|SSH_AUTH_SOCK)$/;
const proxyVariable = /^(?:https?|no|all)_proxy$/i;

/** True for a variable that the engine's command may heed; a step must not set it for the command. */
export function isHeeded(name: string): boolean {
  return (
    ownVariable.test(name) ||
    proxyVariable.test(name) ||
    /^(?:PATH|TMPDIR|SHELL|LD_\w+|XDG_\w+|GO\w*|SSL_\w+|SSH_\w+|_?STORAGE_\w+|BUILD\w+|REGISTRY\w*)$/.test(name)
  );
}

export class ContainerEngine {
  readonly #options: ContainerEngineOptions;
  #found: Promise<FoundEngine> | null = null;

  constructor(options: ContainerEngineOptions) {
    this.#options = options;
  }

  /** What its command is given of the server's environment. */
  get env(): Readonly<Record<string, string>> {
    return { PATH: this.#options.path, ...this.#own(ownVariable) };
  }

  /**
   * The same for the life of the server once it is found: what was made with one engine is not known to another.
   * @throws {AppError} CONTAINER_ENGINE_UNAVAILABLE; looked for anew at the next use.
   */
  async find(): Promise<FoundEngine> {
    const { choice, path, clock } = this.#options;
    const run = (argv: readonly string[]): Promise<EngineCommandEnd> =>
      runEngineCommand(argv, { env: this.env, clock, timeoutMs: findTimeoutMs });
    this.#found ??= findEngine({ choice, path, run });
    try {
      return await this.#found;
    } catch (thrown) {
      this.#found = null;
      throw thrown;
    }
  }

  /**
   * Runs one command of the engine.
   * @throws {AppError} CONTAINER_ENGINE_UNAVAILABLE when the engine cannot be reached or does not answer.
   */
  async ask(args: readonly string[], options: AskOptions = {}): Promise<EngineCommandEnd> {
    const { program } = await this.find();
    const { env, ...rest } = options;
    const proxies = args[0] === "pull" ? this.#own(proxyVariable) : {};
    const end = await runEngineCommand([program, ...args], {
      clock: this.#options.clock,
      timeoutMs: usualTimeoutMs,
      ...rest,
      env: { ...env, ...this.env, ...proxies },
    });
    if (end.code === 0 || !saysUnreachable(end.stderr)) return end;
    throw unavailable(`the container engine cannot be reached: ${reasonOf({ ...end, stdout: "" })}`);
  }

  #own(pattern: RegExp): Record<string, string> {
    const entries = Object.entries(this.#options.env).filter(
      ([name, value]) => value !== undefined && pattern.test(name),
    );
    return Object.fromEntries(entries) as Record<string, string>;
  }
}
