// The text of a YAML pipeline with the `((vars))` filled that are given as it is set; the others are left to its runs.
// Comments and the order of fields stay.

import { isCollection, isScalar, type Node, parseDocument, type Scalar, visit } from "yaml";
import { AppError } from "../../core/app-error.ts";
import type { JsonValue } from "../../core/json.ts";
import { maxPipelineFileBytes } from "../../core/pipeline-file.ts";
import { findWritten } from "../../core/written-number.ts";
import type { JsonObject } from "./plan.ts";
import { type Filled, fillVars, findGiven, findVarRefs, isGiven, type VarRef } from "./var-text.ts";
import { parseYamlDocument } from "./yaml-document.ts";

/** @throws {AppError} VALIDATION_FAILED with the line of a field that a given value does not have, LOAD_FAILED for what is no YAML. */
export function fillSource(source: string, values: JsonObject): string {
  const read = parseYamlDocument(source);
  if (!read.ok) {
    const problems = read.problems.map(({ place: [line], message }) => `line ${line}: ${message}`);
    throw new AppError("LOAD_FAILED", problems.join("; "));
  }
  const document = parseDocument(source, { uniqueKeys: false, logLevel: "silent" });
  let isFilled = false;
  let length = source.length;
  const find = (ref: VarRef, node: Scalar): JsonValue => {
    if (!isGiven(ref, values)) return ref.text;
    const refuse = (message: string): AppError =>
      new AppError("VALIDATION_FAILED", `line ${lineOf(source, node)}: ${message}`);
    const value = findGiven(ref, values, refuse);
    length += typeof value === "string" ? value.length : JSON.stringify(value).length;
    if (length <= maxPipelineFileBytes) return value;
    throw new AppError("VALIDATION_FAILED", "with the values given its text is over 1 MiB");
  };
  // What takes a node's place is visited next.
  const placed = new WeakSet<Node>();
  visit(document, {
    Collection: (_, node) => (placed.has(node) ? visit.SKIP : undefined),
    Scalar(key, node) {
      if (placed.has(node)) return undefined;
      const text = node.value;
      const written = findWritten(node);
      if (written !== undefined) node.value = written;
      if (typeof text !== "string" || !findVarRefs(text).some((ref) => isGiven(ref, values))) return undefined;
      const filled = fillVars(text, (ref) => find(ref, node));
      isFilled = true;
      // A key is always a text.
      return replace(node, key === "key" ? asKey(filled) : filled, (value) => {
        const made = document.createNode(value);
        placed.add(made);
        return made;
      });
    },
  });
  return isFilled ? document.toString({ lineWidth: 0 }) : source;
}

function replace(node: Scalar, filled: Filled, create: (value: Filled) => Node): Node | undefined {
  if (typeof filled === "string") {
    node.value = filled;
    return undefined;
  }
  const made = create(filled);
  made.comment = node.comment ?? null;
  made.commentBefore = node.commentBefore ?? null;
  if (node.anchor !== undefined && (isScalar(made) || isCollection(made))) made.anchor = node.anchor;
  return made;
}

function asKey(filled: Filled): string {
  return typeof filled === "string" ? filled : JSON.stringify(filled);
}

function lineOf(source: string, { range }: Scalar): number {
  return source.slice(0, range?.[0] ?? 0).split("\n").length;
}
