// A condition as it is evaluated: names and places resolved, patterns compiled.

import type { RE2JS } from "re2js";
import type { VariableName } from "./condition-variables.ts";

export type ConditionTree =
  /** `at` is the offset in the expression where the leftmost part begins. */
  { readonly at: number } & (
    | { readonly type: "literal"; readonly value: string | number | boolean | null }
    | { readonly type: "variable"; readonly name: VariableName }
    /** `.name` inside a filter: of the item in hand. */
    | { readonly type: "item_member"; readonly name: string }
    | { readonly type: "member"; readonly of: ConditionTree; readonly name: string }
    | { readonly type: "index"; readonly of: ConditionTree; readonly by: ConditionTree }
    | { readonly type: "filter"; readonly of: ConditionTree; readonly keep: ConditionTree }
    | { readonly type: "not"; readonly value: ConditionTree }
    | {
        readonly type: "binary";
        readonly operator: string;
        readonly left: ConditionTree;
        readonly right: ConditionTree;
      }
    | { readonly type: "matches"; readonly value: ConditionTree; readonly pattern: RE2JS; readonly negated: boolean }
    | {
        readonly type: "choice";
        readonly test: ConditionTree;
        /** Absent in `test ?: other`: the test's own value. */
        readonly consequent?: ConditionTree;
        readonly alternate: ConditionTree;
      }
    | { readonly type: "list"; readonly items: readonly ConditionTree[] }
    | { readonly type: "map"; readonly entries: readonly (readonly [string, ConditionTree])[] }
  );
