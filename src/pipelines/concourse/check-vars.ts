// The `((vars))` of a pipeline: whether local ones are set before, whether sources are there, and which are looked up
// outside of the file.

import { listNames } from "../../core/field-problem.ts";
import { listHooks, listOuter } from "./list-steps.ts";
import type { ParsedPipeline } from "./parse-pipeline.ts";
import { hookNames } from "./parse-step.ts";
import type { JobPlan, JsonObject, StepPlan, VarPlan } from "./plan.ts";
import type { PlanReader } from "./plan-reader.ts";
import { collectVarRefs, type VarRef } from "./var-text.ts";
import type { JsonValue } from "../../core/json.ts";

/** Sources that are looked up when the run comes there. */
const outside = ["secret", "env"];
/** Steps inside of a step are visited on their own. */
const innerFields = new Set([...hookNames, "do", "try"]);

export interface OutsideVars {
  readonly vars: readonly VarPlan[];
  /** Names of those without a source: a run may be given them. */
  readonly givable: readonly string[];
}

export function checkVars(
  reader: PlanReader,
  pipeline: ParsedPipeline,
  locate: (field: string) => VarPlan["at"],
): OutsideVars {
  const check = new VarCheck(reader, pipeline, locate);
  for (const { path, resource } of pipeline.resources) {
    check.checkData(`${path}.source`, resource.source, new Set());
    check.checkData(`${path}.version`, resource.version ?? null, new Set());
  }
  for (const { job } of pipeline.jobs) check.checkJob(job);
  refuseInConfig(reader, pipeline.config as JsonObject);
  return { vars: [...check.found.values()], givable: [...check.givable] };
}

/** Nothing fills them there: a webhook would believe whoever signs with the text `((secret))`. */
function refuseInConfig(reader: PlanReader, config: JsonObject): void {
  for (const { ref, path } of collectVarRefs(config)) {
    const value = path.reduce<unknown>((from, part) => (from as Readonly<Record<string, unknown>>)[part], config);
    // An expression may have parentheses of its own.
    if (typeof value !== "string" || value.trim() !== ref.text) continue;
    const hint = `name a secret as "secret:${ref.name}"; other values stand there themselves`;
    reader.problems.add(joinPath("config", path), `is ${ref.text}, but a config has no vars`, hint);
  }
}

class VarCheck {
  /** By their secret. */
  readonly found = new Map<string, VarPlan>();
  readonly givable = new Set<string>();
  readonly #reader: PlanReader;
  readonly #sources: ParsedPipeline["varSources"];
  readonly #locate: (field: string) => VarPlan["at"];

  constructor(reader: PlanReader, { varSources }: ParsedPipeline, locate: (field: string) => VarPlan["at"]) {
    this.#reader = reader;
    this.#sources = varSources;
    this.#locate = locate;
  }

  checkJob(job: JobPlan): void {
    const local = new Set<string>();
    for (const step of listOuter(job)) this.#visit(step, local);
  }

  /** What `load_var` sets counts for all that comes after; what `across` sets, for what is inside. */
  #visit(step: StepPlan, local: Set<string>): void {
    const { path, given } = this.#reader.sourceOf(step);
    const across = (step.across ?? []).map((each) => each.var);
    const inside = across.length === 0 ? local : new Set([...local, ...across]);
    for (const [key, value] of Object.entries(given)) {
      if (innerFields.has(key)) continue;
      const scope = key === "across" ? local : inside;
      if (key === "in_parallel") this.#checkParallel(path, value, scope);
      else this.checkData(`${path}.${key}`, value as JsonValue, scope);
    }
    if ("steps" in step) for (const inner of step.steps) this.#visit(inner, inside);
    if (step.type === "load_var") local.add(step.name);
    // What was loaded inside of `across` counts behind it too. Elsewhere it does already, and there may be thousands.
    if (inside !== local) for (const name of inside) if (!across.includes(name)) local.add(name);
    for (const hook of listHooks(step)) this.#visit(hook, local);
  }

  #checkParallel(path: string, value: unknown, scope: ReadonlySet<string>): void {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return;
    for (const key of ["limit", "fail_fast"]) {
      const field = (value as Readonly<Record<string, JsonValue>>)[key];
      if (field !== undefined) this.checkData(`${path}.in_parallel.${key}`, field, scope);
    }
  }

  checkData(path: string, value: JsonValue, local: ReadonlySet<string>): void {
    for (const { ref, path: inner } of collectVarRefs(value)) {
      this.#checkRef(joinPath(path, inner), ref, local);
    }
    this.#checkForm(path, value);
  }

  #checkRef(field: string, { source, name, text }: VarRef, local: ReadonlySet<string>): void {
    if (source === ".") {
      if (!local.has(name)) this.#refuse(field, `has ${text}, which nothing before it sets`, name, local);
    } else if (source !== null && Object.hasOwn(this.#sources, source)) {
      const vars = this.#sources[source] ?? {};
      if (!Object.hasOwn(vars, name))
        this.#refuse(field, `has ${text}, which that source does not have`, name, Object.keys(vars));
    } else if (source !== null && !outside.includes(source)) {
      this.#refuse(field, `has ${text}; there is no source of vars ${JSON.stringify(source)}`, source, [
        ...Object.keys(this.#sources),
        ...outside,
      ]);
    } else {
      const secret = `${source ?? "secret"}:${name}`;
      if (source === null) this.givable.add(name);
      if (!this.found.has(secret)) this.found.set(secret, { name, secret, at: this.#locate(field) });
    }
  }

  #refuse(field: string, message: string, name: string, known: Iterable<string>): void {
    const near = this.#reader.problems.findMeant(name, known);
    const shown = listNames(known);
    this.#reader.problems.add(
      field,
      message,
      near ? `did you mean "${near}"?` : shown === "" ? null : `known here: ${shown}`,
    );
  }

  /** Shell has double parentheses too: only a text that is nothing else is held to be a var. */
  #checkForm(path: string, value: JsonValue): void {
    if (typeof value === "string") {
      const text = value.trim();
      if (!text.startsWith("((") || text.includes("\n") || collectVarRefs(text).length > 0) return;
      const close = text.indexOf("))");
      if (close >= 0 && close !== text.length - 2) return;
      this.#reader.problems.add(
        path,
        `has ${JSON.stringify(text.slice(0, 80))}, which is no var`,
        "write ((name)), ((source:name)) or ((.:name))",
      );
    } else if (typeof value === "object" && value !== null) {
      for (const [key, each] of Object.entries(value as object)) {
        this.#checkForm(joinPath(path, [Array.isArray(value) ? Number(key) : key]), each as JsonValue);
      }
    }
  }
}

function joinPath(path: string, inner: readonly (string | number)[]): string {
  return inner.reduce<string>((all, part) => (typeof part === "number" ? `${all}[${part}]` : `${all}.${part}`), path);
}
