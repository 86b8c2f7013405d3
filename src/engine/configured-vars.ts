// The vars that the server's configuration has for pipelines.

import type { JsonValue } from "../core/json.ts";

/** `[vars]` of runner.toml, as it is now. */
export type ConfiguredVars = Readonly<Record<string, JsonValue>>;
