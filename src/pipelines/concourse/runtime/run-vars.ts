// `((vars))` where a step begins: local ones, those given to the run, those of runner.toml, secrets.

import type { JsonValue } from "../../../core/json.ts";
import type { Place, Plan } from "../plan.ts";
import { pick } from "../pick.ts";
import { fillVars, type Filled, holdsSecret, isSecret, SecretValue, type VarRef, type VarValue } from "../var-text.ts";
import { PlanError } from "./outcome.ts";
import { script, type TextValue } from "./script-globals.ts";

/** What a step has set for those behind it. */
export interface Locals {
  findLocal(name: string): JsonValue | undefined;
}

/** What a step gives to the file of its task. */
export type OwnVars = Readonly<Record<string, VarValue>>;

export class RunVars {
  readonly #plan: Plan;
  /** From outside of the run, by name. */
  readonly #found: Readonly<Record<string, VarValue>>;

  private constructor(plan: Plan, found: Readonly<Record<string, VarValue>>) {
    this.#plan = plan;
    this.#found = found;
  }

  /** Looks up what the file asks for and the run was not given. */
  static async load(plan: Plan): Promise<RunVars> {
    const { params } = script.pipelineContext;
    const asked = plan.vars.filter(({ name, secret }) => secret === `secret:${name}` && !Object.hasOwn(params, name));
    const names = [...new Set(asked.map(({ name }) => name))];
    return new RunVars(plan, names.length === 0 ? {} : await findOutside(names));
  }

  /** @throws {PlanError} for a var that there is not. */
  fill(value: JsonValue, scope: Locals, at: Place, own: OwnVars = {}): Filled {
    return fillVars(value, (ref) => this.#find(ref, scope, at, own));
  }

  /** @throws {PlanError} also where it is no text, or is a secret. */
  fillText(value: JsonValue, scope: Locals, at: Place, what: string): string {
    return asText(this.fill(value, scope, at), what, at);
  }

  #find(ref: VarRef, scope: Locals, at: Place, own: OwnVars): VarValue {
    const value = this.#lookUp(ref, scope, own);
    if (value === undefined) throw this.#missing(ref, at);
    return ref.fields.reduce<VarValue>((from, field) => pickField(from, field, ref, at), value);
  }

  #lookUp({ source, name }: VarRef, scope: Locals, own: OwnVars): VarValue | undefined {
    if (source === ".") return scope.findLocal(name);
    const declared = source === null ? undefined : pick(this.#plan.varSources ?? {}, source);
    if (declared !== undefined) return pick(declared, name);
    if (source !== null) return this.#isNamed(`${source}:${name}`) ? new SecretValue(`${source}:${name}`) : undefined;
    const given: readonly OwnVars[] = [own, script.pipelineContext.params, this.#found];
    return given.find((values) => Object.hasOwn(values, name))?.[name];
  }

  /** What a file of a task asks for beyond that it must not come by. */
  #isNamed(secret: string): boolean {
    return this.#plan.vars.some((known) => known.secret === secret);
  }

  #missing({ source, name, text }: VarRef, at: Place): PlanError {
    if (source === ".") return new PlanError(`${text} has no value: nothing has set it`, at);
    const known = this.#plan.vars.find(({ secret }) => secret === `${source ?? "secret"}:${name}`);
    const help =
      known === undefined
        ? "the pipeline does not name it: give it to the task by vars or params"
        : `give it with --var ${name}=…, in [vars] of runner.toml, or as a secret: runner secret set ${name}`;
    return new PlanError(`${text} has no value: ${help}`, known?.at ?? at);
  }
}

/** The host says of a secret its name, and of all else the value. */
async function findOutside(names: readonly string[]): Promise<Readonly<Record<string, VarValue>>> {
  const found = await script.vars.find(names);
  return Object.fromEntries(
    Object.entries(found).map(([name, value]) => {
      const secret = `secret:${name}`;
      const isName = typeof value === "object" && value !== null && "secret" in value && value["secret"] === secret;
      return [name, isName ? new SecretValue(secret) : value];
    }),
  );
}

function pickField(from: VarValue, field: string, ref: VarRef, at: Place): VarValue {
  if (isSecret(from))
    throw new PlanError(`${ref.text}: a secret is a text and has no field ${JSON.stringify(field)}`, at);
  const fields = typeof from === "object" && from !== null ? (from as Readonly<Record<string, JsonValue>>) : {};
  const value = pick(fields, field);
  if (value !== undefined) return value;
  const names = Array.isArray(from) ? [] : Object.keys(fields).slice(0, 20);
  // What it is, not its value, which may be for few eyes.
  const kind = Array.isArray(from) ? "list" : typeof from === "string" ? "text" : typeof from;
  const found = names.length === 0 ? `it is of the kind ${kind}` : `it has: ${names.join(", ")}`;
  throw new PlanError(`${ref.text} has no field ${JSON.stringify(field)}; ${found}`, at);
}

/** @throws {PlanError} where it is no text, or is a secret. */
export function asText(filled: Filled, what: string, at: Place): string {
  if (typeof filled === "string") return filled;
  if (typeof filled === "number" || typeof filled === "boolean") return String(filled);
  throw new PlanError(`${what} must be a text; ${describe(filled)}`, at);
}

function describe(filled: Filled): string {
  if (typeof filled !== "object" || filled === null) return `it is ${JSON.stringify(filled)}`;
  return isSecret(filled)
    ? "a secret can only stand in params, args and the source of a resource"
    : "it is a list or an object";
}

/** Data as JSON, as Concourse gives it to tasks. @throws {PlanError} where a secret is in it. */
export function toText(filled: Filled, what: string, at: Place): TextValue {
  if (typeof filled === "string") return filled;
  if (filled === null) return "";
  if (isSecret(filled)) return filled;
  if (holdsSecret(filled))
    throw new PlanError(`${what}: a secret cannot be in a list or an object, only in a text`, at);
  return JSON.stringify(filled);
}
