// The server's own log, on stderr.

import { type Config, environment } from "../config.ts";
import { createLogger, type Logger, type Redactor } from "../telemetry/telemetry.ts";

/** `redactor`: absent where no secret is looked up. The level may change while it is in use. */
export function openLogger(
  config: Pick<Config, "logFormat" | "logLevel">,
  redactor: Pick<Redactor, "text"> | null = null,
): Logger {
  return createLogger({
    format: config.logFormat,
    get level() {
      return config.logLevel;
    },
    colour: process.stderr.isTTY === true && !environment["NO_COLOR"],
    write: (line) => process.stderr.write(`${redactor?.text(line) ?? line}\n`),
    now: Date.now,
  });
}
