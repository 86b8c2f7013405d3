// The door of telemetry/: what the server says about itself.

export { createLogger, type Logger } from "./logger.ts";
export { mask } from "./redaction/mask-spans.ts";
export { Redactor } from "./redaction/redactor.ts";
export type { RedactedPiece, RedactionStream } from "./redaction/redaction-stream.ts";
export type { ServerFacts } from "./start-warnings.ts";
export { warnAfterStart } from "./warn-after-start.ts";
