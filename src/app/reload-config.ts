// runner.toml while the server runs: what of it can be taken over without a restart is, and the log says what.

import { type Config, type ConfigProblem, configTable } from "../config.ts";
import { type AppError, toAppError } from "../core/app-error.ts";
import type { Logger } from "../telemetry/telemetry.ts";

/** Where the configuration comes from. */
export interface ConfigSource {
  /** Absolute path of runner.toml, whether it is there or not. */
  readonly file: string;
  /** Reads all sources again. @throws {AppError} CONFIG_INVALID. */
  load(): Promise<Config>;
}

/** Takes over one key; in force when it resolves. */
export type Apply = (config: Config) => Promise<void> | void;

export interface ConfigReloadOptions {
  readonly config: Config;
  readonly source: ConfigSource;
  readonly logger: Logger;
  /** By key: what can be taken over. */
  readonly live: Readonly<Partial<Record<keyof Config, Apply>>>;
}

type Key = keyof Config;

export class ConfigReload {
  readonly #options: ConfigReloadOptions;
  /** As the server runs by it. */
  #inForce: Config;
  /** Keys whose last change waits for a restart, so that it is told once. */
  #told = "";
  /** The last one could not be read, and was told of. */
  #isBroken = false;
  #lastReload: Promise<void> = Promise.resolve();

  constructor(options: ConfigReloadOptions) {
    this.#options = options;
    this.#inForce = options.config;
  }

  /** One at a time; never rejects. `isAsked`: by somebody, who is told also that nothing has changed. */
  reload(isAsked: boolean): Promise<void> {
    this.#lastReload = this.#lastReload.then(() => this.#reload(isAsked));
    return this.#lastReload;
  }

  async #reload(isAsked: boolean): Promise<void> {
    const { source, logger } = this.#options;
    let config: Config;
    try {
      config = await source.load();
    } catch (thrown) {
      this.#tellBroken(toAppError(thrown));
      this.#isBroken = true;
      return;
    }
    const changed = (Object.keys(config) as Key[]).filter((key) => isOther(config[key], this.#inForce[key]));
    const taken: Key[] = [];
    const waiting: Key[] = [];
    for (const key of changed) {
      const apply = this.#options.live[key];
      if (apply === undefined) waiting.push(key);
      else if (await this.#apply(key, apply, config)) taken.push(key);
    }
    const told = waiting.map((key) => `${key} ${JSON.stringify(config[key])}`).join("\n");
    if (taken.length > 0) logger.info(`${source.file} was read again: in force now`, { keys: namesOf(taken) });
    if (waiting.length > 0 && (isAsked || told !== this.#told)) {
      logger.warn(`${source.file} was read again: some changes need a restart of the server`, {
        keys: namesOf(waiting),
      });
    }
    if (changed.length === 0 && (isAsked || this.#isBroken || this.#told !== "")) {
      logger.info(`${source.file} was read again: all of it is in force`);
    }
    this.#told = told;
    this.#isBroken = false;
  }

  /** False where it failed, and all stays as it was. */
  async #apply(key: Key, apply: Apply, config: Config): Promise<boolean> {
    try {
      await apply(config);
      this.#inForce = { ...this.#inForce, [key]: config[key] };
      return true;
    } catch (thrown) {
      const { message } = toAppError(thrown);
      this.#options.logger.error("a change of the configuration could not be taken over", {
        key: nameOf(key),
        reason: message,
      });
      return false;
    }
  }

  #tellBroken({ message, details }: AppError): void {
    const { source, logger } = this.#options;
    const problems = details["problems"] as readonly ConfigProblem[] | undefined;
    const lines = problems?.map(textOf) ?? [message];
    logger.error(`${source.file} is not taken over, all stays as it was: ${lines.join("; ")}`);
  }
}

function textOf({ where, message, hint }: ConfigProblem): string {
  return `${where}: ${message}${hint === null ? "" : ` (${hint})`}`;
}

function isOther(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) !== JSON.stringify(other);
}

function namesOf(keys: readonly Key[]): string {
  return keys.map(nameOf).join(", ");
}

/** As it is written in runner.toml. */
function nameOf(key: Key): string {
  return configTable.find((names) => names.key === key)?.toml ?? key;
}
