// The value of a condition's tree. jexl's own evaluator is not used: it cannot be stopped, reads prototypes, and
// turns every error into a text.

import { ConditionError } from "./condition-error.ts";
import type { ConditionTree } from "./condition-tree.ts";
import type { ConditionVariables, TemplateVariables } from "./condition-variables.ts";
import { Meter } from "./meter.ts";
import { operators } from "./operators.ts";
import { findPattern } from "./pattern.ts";
import { findIndexed, findMember, isNil, kindOf } from "./values.ts";

/** @throws {ConditionError} when an operator is not defined on its operands, or the evaluation is too dear. */
export function evaluate(tree: ConditionTree, variables: ConditionVariables | TemplateVariables): unknown {
  return evaluateTree(tree, { variables, meter: new Meter(), item: null });
}

interface Scope {
  readonly variables: ConditionVariables & Partial<TemplateVariables>;
  readonly meter: Meter;
  /** What a filter has in hand. */
  readonly item: unknown;
}

function evaluateTree(tree: ConditionTree, scope: Scope): unknown {
  scope.meter.spend(1);
  switch (tree.type) {
    case "literal":
      return tree.value;
    case "variable":
      return scope.variables[tree.name];
    case "item_member":
      return findMember(scope.item, tree.name);
    case "member":
      return findMember(evaluateTree(tree.of, scope), tree.name);
    case "index":
      return findIndexed(evaluateTree(tree.of, scope), evaluateTree(tree.by, scope));
    case "filter":
      return evaluateFilter(tree, scope);
    case "not":
      return !truth(tree.value, scope);
    case "binary":
      return evaluateBinary(tree, scope);
    case "matches":
      return evaluateMatches(tree, scope) !== tree.negated;
    case "choice":
      return evaluateChoice(tree, scope);
    case "list":
      return tree.items.map((item) => evaluateTree(item, scope));
    case "map":
      return Object.fromEntries(tree.entries.map(([name, item]) => [name, evaluateTree(item, scope)]));
  }
}

/** True, false, or nil for false; a text is neither, as in expr-lang. */
function truth(tree: ConditionTree, scope: Scope): boolean {
  const value = evaluateTree(tree, scope);
  if (typeof value === "boolean") return value;
  if (isNil(value)) return false;
  throw new ConditionError(`this is ${kindOf(value)}, not true or false`, tree.at);
}

function evaluateBinary(tree: ConditionTree & { readonly type: "binary" }, scope: Scope): unknown {
  if (tree.operator === "&&") return truth(tree.left, scope) && truth(tree.right, scope);
  if (tree.operator === "||") return truth(tree.left, scope) || truth(tree.right, scope);
  const operator = operators.get(tree.operator);
  if (operator === undefined)
    throw new ConditionError(`there is no operator ${JSON.stringify(tree.operator)}`, tree.at);
  const left = evaluateTree(tree.left, scope);
  const right = evaluateTree(tree.right, scope);
  return atPlace(tree.at, () => operator(left, right, scope.meter));
}

function evaluateMatches(tree: ConditionTree & { readonly type: "matches" }, scope: Scope): boolean {
  const value = evaluateTree(tree.value, scope);
  if (isNil(value)) return false;
  if (typeof value === "string") return atPlace(tree.at, () => findPattern(tree.pattern, value, scope.meter));
  throw new ConditionError(`"matches" is not defined on ${kindOf(value)}`, tree.at);
}

function evaluateChoice(tree: ConditionTree & { readonly type: "choice" }, scope: Scope): unknown {
  if (tree.consequent !== undefined)
    return evaluateTree(truth(tree.test, scope) ? tree.consequent : tree.alternate, scope);
  const value = evaluateTree(tree.test, scope);
  return isNil(value) || value === false ? evaluateTree(tree.alternate, scope) : value;
}

function evaluateFilter(tree: ConditionTree & { readonly type: "filter" }, scope: Scope): readonly unknown[] {
  const of = evaluateTree(tree.of, scope);
  const items: readonly unknown[] = Array.isArray(of) ? of : isNil(of) ? [] : [of];
  return items.filter((item) => truth(tree.keep, { ...scope, item }));
}

/** Operators do not know where they stand. */
function atPlace<T>(at: number, compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    if (error instanceof ConditionError && error.at === undefined) throw new ConditionError(error.message, at);
    throw error;
  }
}
