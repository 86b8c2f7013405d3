// The door of telemetry/: what the server says about itself.

export { createLogger, type Logger } from "./logger.ts";
