// jexl's syntax tree, and the nodes it is built of: own operators and transforms that jexl's evaluator calls.

import jexl from "jexl";
import { ConditionError } from "./condition-error.ts";
import type { Zone } from "./go-time.ts";
import { Meter } from "./meter.ts";
import type { MadePatterns } from "./pattern.ts";

/** https://github.com/TomFrost/jexl: what its evaluator knows; a literal may be any value there. */
type JexlTree =
  | { readonly type: "Literal"; readonly value: unknown }
  | { readonly type: "Identifier"; readonly value: string }
  | { readonly type: "UnaryExpression"; readonly operator: string; readonly right: JexlTree }
  | { readonly type: "BinaryExpression"; readonly operator: string; readonly left: JexlTree; readonly right: JexlTree }
  | {
      readonly type: "ConditionalExpression";
      readonly test: JexlTree;
      readonly consequent: JexlTree;
      readonly alternate: JexlTree;
    }
  | {
      readonly type: "FunctionCall";
      readonly pool: "transforms";
      readonly name: string;
      readonly args: readonly JexlTree[];
    };

/** A part of an expression. */
export interface Node {
  readonly tree: JexlTree;
  /** Offset of what is to blame where its value cannot be had. */
  readonly at: number;
  readonly depth: number;
  /** Known before anything is evaluated. */
  readonly constant?: { readonly value: unknown };
  /** The same before the end of its `?.` chain: see parse-postfix.ts. */
  readonly chain?: Node;
}

export const maxDepth = 64;

/** What one evaluation has in hand, beside what jexl passes on itself. */
export class Evaluation {
  readonly meter = new Meter();
  readonly patterns: MadePatterns = new Map();
  /** Timezones in use, by their names. */
  readonly zones = new Map<string, Zone>();
  /** Where jexl looks names up: variables, and what `let` and predicates have named. */
  context: Record<string, unknown> = {};
  now: () => number = Date.now;
  #failure: unknown;
  #value: unknown;

  begin(context: Record<string, unknown>, now: () => number): void {
    this.meter.reset();
    this.context = context;
    this.now = now;
    this.#failure = undefined;
  }

  /** Lets go of the request. */
  end(): void {
    this.context = {};
    this.patterns.clear();
    this.zones.clear();
    this.#value = undefined;
  }

  /** The first error: jexl makes texts of errors on their way up. */
  get failure(): unknown {
    return this.#failure;
  }

  readonly fail = (error: unknown): void => {
    this.#failure ??= error;
  };

  readonly #keep = (value: unknown): void => {
    this.#value = value;
  };

  /** The value of a part that is evaluated on demand: jexl's promises are settled at once under `evalSync`. */
  settle(part: Lazy): unknown {
    part.eval().then(this.#keep, this.fail);
    if (this.#failure !== undefined) throw this.#failure;
    return this.#value;
  }
}

/** What jexl gives an operator that evaluates its operands itself. */
export interface Lazy {
  eval(): { then(use: (value: unknown) => void, fail: (error: unknown) => void): unknown };
}

/** jexl's types lack its last parameter. */
interface Operators {
  addBinaryOp<Operand>(
    name: string,
    precedence: number,
    compute: (left: Operand, right: Operand) => unknown,
    lazy: boolean,
  ): void;
  addUnaryOp(name: string, compute: (value: unknown) => unknown): void;
  addTransform(name: string, compute: (...values: unknown[]) => unknown): void;
}

/** Builds the nodes of one expression; each operation becomes an operator or a transform of its own. */
export class TreeBuilder {
  readonly evaluation = new Evaluation();
  readonly #jexl = new jexl.Jexl();
  readonly #operators: Operators = this.#jexl;
  #count = 0;

  /** An expression of jexl that evaluates the tree. */
  finish({ tree }: Node): { evalSync(context: object): unknown } {
    const expression = this.#jexl.createExpression("");
    expression._getAst = () => tree as ReturnType<typeof expression._getAst>;
    return expression;
  }

  literal(value: unknown, at: number): Node {
    return { tree: { type: "Literal", value }, at, depth: 1, constant: { value } };
  }

  /** Of the evaluation's context; whoever builds makes sure that the name is one of it. */
  name(value: string, at: number): Node {
    return { tree: { type: "Identifier", value }, at, depth: 1 };
  }

  unary(operand: Node, at: number, compute: (value: unknown) => unknown): Node {
    const operator = this.#newName();
    this.#operators.addUnaryOp(operator, this.#guard(at, costOf(operand), compute));
    return this.#node({ type: "UnaryExpression", operator, right: operand.tree }, at, [operand]);
  }

  binary(left: Node, right: Node, at: number, compute: (left: unknown, right: unknown) => unknown): Node {
    const { constant } = right;
    if (constant !== undefined) return this.unary(left, at, (value) => compute(value, constant.value));
    const operator = this.#newName();
    this.#operators.addBinaryOp(operator, 0, this.#guard(at, costOf(left, right), compute), false);
    return this.#node({ type: "BinaryExpression", operator, left: left.tree, right: right.tree }, at, [left, right]);
  }

  /** `compute` evaluates the operands as often as it wants to, with {@link Evaluation.settle}. */
  lazy(left: Node, right: Node, at: number, compute: (left: Lazy, right: Lazy) => unknown): Node {
    const operator = this.#newName();
    this.#operators.addBinaryOp(operator, 0, this.#guard(at, 1, compute), true);
    return this.#node({ type: "BinaryExpression", operator, left: left.tree, right: right.tree }, at, [left, right]);
  }

  call(values: readonly Node[], at: number, compute: (values: readonly unknown[]) => unknown): Node {
    const name = this.#newName();
    const guarded = this.#guard(at, costOf(...values), (...given: unknown[]) => compute(given));
    this.#operators.addTransform(name, guarded);
    const args = values.map(({ tree }) => tree);
    return this.#node({ type: "FunctionCall", pool: "transforms", name, args }, at, values);
  }

  choice(test: Node, consequent: Node, alternate: Node, at: number): Node {
    const parts = [test, consequent, alternate];
    const tree = { test: test.tree, consequent: consequent.tree, alternate: alternate.tree };
    return this.#node({ type: "ConditionalExpression", ...tree }, at, parts);
  }

  #node(tree: JexlTree, at: number, parts: readonly Node[]): Node {
    const depth = 1 + Math.max(0, ...parts.map((part) => part.depth));
    if (depth > maxDepth) throw tooDeep(at);
    return { tree, at, depth };
  }

  #newName(): string {
    return `#${this.#count++}`;
  }

  /** Counts the cost, and keeps the first error together with its place. */
  #guard<Values extends unknown[]>(
    at: number,
    cost: number,
    compute: (...values: Values) => unknown,
  ): (...values: Values) => unknown {
    const { evaluation } = this;
    const { meter } = evaluation;
    return (...values) => {
      try {
        meter.spendNodes(cost);
        return compute(...values);
      } catch (error) {
        evaluation.fail(toConditionError(error, at));
        throw evaluation.failure;
      }
    };
  }
}

/** Operands that are no operations themselves are counted with the one they belong to. */
function costOf(...parts: readonly Node[]): number {
  return 1 + parts.filter(({ depth }) => depth === 1).length;
}

export function tooDeep(at: number): ConditionError {
  return new ConditionError(`the expression is nested deeper than ${maxDepth}`, at);
}

function toConditionError(error: unknown, at: number): ConditionError {
  if (!(error instanceof ConditionError)) return new ConditionError("a value is too large or nested too deeply", at);
  return error.at === undefined ? new ConditionError(error.message, at) : error;
}
