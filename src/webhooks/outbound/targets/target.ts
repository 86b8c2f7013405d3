// A target: where notifications go, as runner.toml says it, with its secrets still by reference.

import type { TargetTypeName } from "./target-table.ts";
import type { TargetValues } from "./target-type.ts";

export interface Target {
  readonly name: string;
  readonly type: TargetTypeName;
  /** As written, by name of the field, and the defaults. */
  readonly values: TargetValues;
  /** Texts with holes over the event, in place of the usual words. */
  readonly title?: string;
  readonly message?: string;
}
