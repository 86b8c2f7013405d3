// jexl's tree of placeholders to a condition: every value, name and pattern is looked up and checked once.

import { ConditionError } from "./condition-error.ts";
import type { ConditionTree } from "./condition-tree.ts";
import type { VariableName } from "./condition-variables.ts";
import type { JexlTree } from "./grammar.ts";
import { compilePattern } from "./pattern.ts";
import { negated, type Token } from "./tokens.ts";

const maxDepth = 1000;

/** @throws {ConditionError} when a name does not exist, a part is missing, or the tree is too deep. */
export function resolveTree(
  tree: JexlTree | null,
  tokens: readonly Token[],
  names: readonly VariableName[],
): ConditionTree {
  return new Resolver(tokens, names).resolve(tree, { depth: 0, inFilter: false });
}

interface Position {
  readonly depth: number;
  readonly inFilter: boolean;
}

class Resolver {
  readonly #tokens: readonly Token[];
  readonly #names: readonly VariableName[];

  constructor(tokens: readonly Token[], names: readonly VariableName[]) {
    this.#tokens = tokens;
    this.#names = names;
  }

  resolve(tree: JexlTree | null | undefined, position: Position): ConditionTree {
    if (tree === null || tree === undefined) throw new ConditionError("a value is missing");
    if (position.depth > maxDepth) throw new ConditionError(`the expression is nested deeper than ${maxDepth}`);
    const inner = { ...position, depth: position.depth + 1 };
    switch (tree.type) {
      case "Literal":
        return this.#literal(String(tree.value));
      case "Identifier":
        return tree.from ? this.#member(tree.value, tree.from, inner) : this.#variable(tree, position);
      case "UnaryExpression": {
        const value = this.resolve(tree.right, inner);
        return { type: "not", at: value.at, value };
      }
      case "BinaryExpression":
        return this.#binary(tree, inner);
      case "ConditionalExpression":
        return this.#choice(tree, inner);
      case "FilterExpression":
        return this.#filter(tree, inner);
      case "ArrayLiteral": {
        const items = tree.value.map((item) => this.resolve(item, inner));
        return { type: "list", at: items[0]?.at ?? 0, items };
      }
      case "ObjectLiteral":
        return this.#map(tree.value, inner);
      case "FunctionCall": {
        const token = this.#token(tree.name);
        throw new ConditionError(`there is no function ${JSON.stringify(token.text)}`, token.at);
      }
    }
  }

  /** The token of a placeholder, `#3` or `$3`. */
  #token(placeholder: string): Token {
    const token = this.#tokens[Number(placeholder.slice(1))];
    if (token === undefined) throw new ConditionError("this is not an expression");
    return token;
  }

  #literal(placeholder: string): ConditionTree {
    const token = this.#token(placeholder);
    return { type: "literal", at: token.at, value: token.type === "literal" ? token.value : null };
  }

  #variable(tree: JexlTree & { readonly type: "Identifier" }, position: Position): ConditionTree {
    const { at, text } = this.#token(tree.value);
    if (tree.relative) {
      if (position.inFilter) return { type: "item_member", at, name: text };
      throw new ConditionError(`".${text}" has nothing before the dot`, at);
    }
    const name = this.#names.find((known) => known === text);
    if (name !== undefined) return { type: "variable", at, name };
    throw new ConditionError(`unknown name ${JSON.stringify(text)}, known are ${this.#names.join(", ")}`, at);
  }

  #member(placeholder: string, from: JexlTree, inner: Position): ConditionTree {
    const of = this.resolve(from, inner);
    return { type: "member", at: of.at, of, name: this.#token(placeholder).text };
  }

  #binary(tree: JexlTree & { readonly type: "BinaryExpression" }, inner: Position): ConditionTree {
    const left = this.resolve(tree.left, inner);
    const right = this.resolve(tree.right, inner);
    const isNegated = tree.operator === negated("matches");
    if (tree.operator !== "matches" && !isNegated) {
      return { type: "binary", at: left.at, operator: tree.operator, left, right };
    }
    // A pattern out of the request could be made so that compiling it takes for ever.
    if (right.type !== "literal" || typeof right.value !== "string") {
      throw new ConditionError('the pattern after "matches" must be a text between quotes', right.at);
    }
    return {
      type: "matches",
      at: left.at,
      value: left,
      pattern: compilePattern(right.value, right.at),
      negated: isNegated,
    };
  }

  #choice(tree: JexlTree & { readonly type: "ConditionalExpression" }, inner: Position): ConditionTree {
    const test = this.resolve(tree.test, inner);
    // jexl leaves it out where the colon is missing, whatever its types say.
    if (!("alternate" in tree))
      throw new ConditionError('the choice that begins here lacks its ":" or the value after it', test.at);
    const alternate = this.resolve(tree.alternate, inner);
    const hasConsequent = (tree.consequent as JexlTree | null) !== null;
    if (!hasConsequent) return { type: "choice", at: test.at, test, alternate };
    return { type: "choice", at: test.at, test, consequent: this.resolve(tree.consequent, inner), alternate };
  }

  #filter(tree: JexlTree & { readonly type: "FilterExpression" }, inner: Position): ConditionTree {
    const of = this.resolve(tree.subject, inner);
    const by = this.resolve(tree.expr, { ...inner, inFilter: true });
    return readsItem(by) ? { type: "filter", at: of.at, of, keep: by } : { type: "index", at: of.at, of, by };
  }

  #map(value: Readonly<Record<string, JexlTree>>, inner: Position): ConditionTree {
    const entries = Object.entries(value).map(
      ([placeholder, item]) => [this.#token(placeholder).text, this.resolve(item, inner)] as const,
    );
    return { type: "map", at: entries[0]?.[1].at ?? 0, entries };
  }
}

/** True where `.name` occurs outside a further filter; jexl's own flag forgets those between parentheses. */
function readsItem(tree: ConditionTree): boolean {
  switch (tree.type) {
    case "item_member":
      return true;
    case "literal":
    case "variable":
      return false;
    case "member":
    case "index":
    case "filter":
      return readsItem(tree.of) || (tree.type === "index" && readsItem(tree.by));
    case "not":
    case "matches":
      return readsItem(tree.value);
    case "binary":
      return readsItem(tree.left) || readsItem(tree.right);
    case "choice":
      return [tree.test, tree.consequent, tree.alternate].some((part) => part !== undefined && readsItem(part));
    case "list":
      return tree.items.some(readsItem);
    case "map":
      return tree.entries.some(([, item]) => readsItem(item));
  }
}
