// Texts with holes, `"deploy-${payload.ref}"`: each hole is an expression over the webhook and the run's parameters, or
// over a notification and its event.

import { type CompiledExpression, compileExpression } from "./compile-expression.ts";
import { ConditionError, describeConditionError, quote } from "./condition-error.ts";
import { type TemplateVariables, templateVariableNames } from "./condition-variables.ts";
import { type NotificationVariables, notificationVariableNames } from "./notification-variables.ts";
import { findClosingBrace } from "./tokens.ts";
import { isNil, kindOf } from "./values.ts";

export type FilledTemplate =
  | { readonly ok: true; readonly text: string }
  /** On the first hole that has no value; `text` has nothing in its place. */
  | { readonly ok: false; readonly text: string; readonly message: string };

interface Hole {
  readonly expression: string;
  readonly compiled: CompiledExpression;
}

type Part = string | Hole;

const maxCompiled = 200;
const compiled = new Map<string, readonly Part[]>();

type Variables = Parameters<CompiledExpression["evaluate"]>[0];

/** What the holes are about. */
export type TemplateSubject = "run" | "notification";
const namesOf = { run: templateVariableNames, notification: notificationVariableNames };

/** What is wrong with the text's holes: null where nothing is. */
export function checkTemplate(template: string, subject: TemplateSubject = "run"): string | null {
  try {
    findParts(template, subject);
    return null;
  } catch (error) {
    return describeInOneLine(error, template);
  }
}

/**
 * The text with the values in its holes: texts as they are, numbers and booleans as they are written, nothing for nil.
 * Never throws: a hole without such a value is left empty.
 */
export function fillTemplate(template: string, variables: TemplateVariables, now: () => number): FilledTemplate {
  return fill(template, "run", variables, now);
}

/** The same of a notification. */
export function fillNotificationTemplate(
  template: string,
  variables: NotificationVariables,
  now: () => number,
): FilledTemplate {
  return fill(template, "notification", variables, now);
}

function fill(template: string, subject: TemplateSubject, variables: Variables, now: () => number): FilledTemplate {
  let parts: readonly Part[];
  try {
    parts = findParts(template, subject);
  } catch (error) {
    return { ok: false, text: template, message: describeInOneLine(error, template) };
  }
  let text = "";
  let message: string | undefined;
  for (const part of parts) {
    if (typeof part === "string") text += part;
    else {
      try {
        text += toText(part.compiled.evaluate(variables, now));
      } catch (error) {
        message ??= `${describeInOneLine(error, part.expression)}, in ${quote(`\${${part.expression}}`)}`;
      }
    }
  }
  return message === undefined ? { ok: true, text } : { ok: false, text, message };
}

/** The place is in it, but not the text: that is told where it stands. */
function describeInOneLine(error: unknown, text: string): string {
  return describeConditionError(error, text).split("\n")[0] ?? "";
}

function toText(value: unknown): string {
  if (isNil(value)) return "";
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value);
  throw new ConditionError(`the expression is ${kindOf(value)}, not a text, a number, true or false`);
}

/** The most recently used texts stay compiled. */
function findParts(template: string, subject: TemplateSubject): readonly Part[] {
  const key = `${subject} ${template}`;
  const known = compiled.get(key);
  const parts = known ?? compile(template, subject);
  if (known) compiled.delete(key);
  compiled.set(key, parts);
  if (compiled.size > maxCompiled) compiled.delete(compiled.keys().next().value ?? "");
  return parts;
}

/** @throws {ConditionError} with its place in the whole text. */
function compile(template: string, subject: TemplateSubject): readonly Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < template.length;) {
    const open = template.indexOf("${", at);
    if (open === -1) {
      parts.push(template.slice(at));
      break;
    }
    if (open > at) parts.push(template.slice(at, open));
    const start = open + 2;
    const end = findClosingBrace(template, start);
    if (end === undefined) throw new ConditionError('"${" is never closed', open);
    parts.push(compileHole(template.slice(start, end), start, subject));
    at = end + 1;
  }
  return parts;
}

function compileHole(expression: string, start: number, subject: TemplateSubject): Hole {
  // A run without a webhook has nothing in its holes: what is missing is empty, not an error.
  const options = { names: namesOf[subject], isNilOpen: true };
  try {
    return { expression, compiled: compileExpression(expression, options) };
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    throw new ConditionError(error.message, start + (error.at ?? 0));
  }
}
