// The server's own log, on stderr.

import { type Config, environment } from "../config.ts";
import { createLogger, type Logger } from "../telemetry/telemetry.ts";

export function openLogger(config: Pick<Config, "logFormat" | "logLevel">): Logger {
  return createLogger({
    format: config.logFormat,
    level: config.logLevel,
    colour: process.stderr.isTTY === true && !environment["NO_COLOR"],
    write: (line) => process.stderr.write(`${line}\n`),
    now: Date.now,
  });
}
