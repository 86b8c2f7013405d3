// The door of telemetry/: what the server says about itself.

export { createLogger, type Logger } from "./logger.ts";
export type { ServerFacts } from "./start-warnings.ts";
export { warnAfterStart } from "./warn-after-start.ts";
