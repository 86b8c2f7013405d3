// Whether what the steps of a job take in is made by a step before: a walk through the plan as it would be executed.

import { listNames } from "../../core/field-problem.ts";
import { listHooks, listOuter } from "./list-steps.ts";
import { pick } from "./pick.ts";
import type { JobPlan, StepPlan, TaskInput, TaskPlan } from "./plan.ts";
import type { PlanReader } from "./plan-reader.ts";

/** Steps side by side see each other's artifacts here: only what nobody makes is refused. */
export function checkArtifacts(reader: PlanReader, job: JobPlan): void {
  const walk = new ArtifactWalk(reader);
  for (const step of listOuter(job)) walk.visit(step);
}

/** Many write the name of an image where Concourse has an artifact. */
const imageHint =
  "one of a registry is named so: config: { image_resource: { type: registry-image, source: { repository: alpine } } }";

class ArtifactWalk {
  readonly #reader: PlanReader;
  readonly #made = new Set<string>();
  /** What is missing is told once in a job. */
  readonly #told = new Set<string>();
  readonly #gets = new Set<string>();
  /** Those of `load_var` and `across` that count here; in `across` names outside may be taken anew, as in Concourse. */
  #vars = new Set<string>();
  /** A task from a file may make anything, and vars may name anything: what is missing then is told only when the run comes there. */
  #open = false;

  constructor(reader: PlanReader) {
    this.#reader = reader;
  }

  visit(step: StepPlan): void {
    const outside = this.#vars;
    if (step.across !== undefined) this.#vars = new Set(step.across.map((each) => each.var));
    this.#visitBare(step);
    this.#vars = outside;
    for (const hook of listHooks(step)) this.visit(hook);
  }

  #visitBare(step: StepPlan): void {
    if ("steps" in step) for (const inner of step.steps) this.visit(inner);
    if ("file" in step && step.file !== undefined) this.#checkFile(step, "file", step.file);
    if (step.type === "notify" && step.messageFile !== undefined) {
      this.#checkFile(step, "message_file", step.messageFile);
    }
    if (step.type === "task") this.#visitTask(step);
    else if (step.type === "get") this.#visitGet(step);
    else if (step.type === "put") this.#visitPut(step);
    else if (step.type === "load_var") this.#noteOnce(step, "load_var", step.name, this.#vars, "var");
  }

  #visitGet(step: StepPlan & { readonly type: "get" }): void {
    this.#noteOnce(step, "get", step.name, this.#gets, "artifact");
    this.#made.add(step.name);
  }

  #visitPut(step: StepPlan & { readonly type: "put" }): void {
    const { path } = this.#reader.sourceOf(step);
    if (Array.isArray(step.inputs)) {
      const names: readonly string[] = step.inputs;
      for (const [index, name] of names.entries()) {
        if (name !== "detect") this.#need(`${path}.inputs[${index}]`, name);
      }
    }
    if (!step.noGet) this.#made.add(step.name);
  }

  #noteOnce(step: StepPlan, key: string, name: string, seen: Set<string>, what: string): void {
    if (name !== "" && seen.has(name)) {
      const { path } = this.#reader.sourceOf(step);
      this.#reader.problems.add(
        `${path}.${key}`,
        `names the ${what} ${JSON.stringify(name)} a second time in this job`,
      );
    }
    seen.add(name);
  }

  #visitTask(step: StepPlan & TaskPlan): void {
    const { path } = this.#reader.sourceOf(step);
    const { config, image, inputMapping = {}, outputMapping = {} } = step;
    if (image !== undefined) this.#need(`${path}.image`, image, imageHint);
    if (config === null) {
      this.#open = true;
      return;
    }
    const { inputs = [], outputs = [] } = config;
    for (const [index, input] of inputs.entries()) {
      const mapped = pick(inputMapping, input.name);
      const field =
        mapped === undefined ? `${path}.config.inputs[${index}].name` : `${path}.input_mapping.${input.name}`;
      if (input.optional !== true) this.#need(field, mapped ?? input.name);
    }
    this.#warnOfHidden(`${path}.config.inputs`, inputs);
    this.#checkMapping(`${path}.input_mapping`, inputMapping, inputs, "input");
    this.#checkMapping(`${path}.output_mapping`, outputMapping, outputs, "output");
    for (const { name } of outputs) {
      const made = pick(outputMapping, name) ?? name;
      if (made.includes("((")) this.#open = true;
      this.#made.add(made);
    }
  }

  /** Of inputs with one folder the last is seen, as in Concourse. */
  #warnOfHidden(field: string, inputs: readonly TaskInput[]): void {
    const folders = new Map<string, string>();
    for (const [index, { name, path = name }] of inputs.entries()) {
      const folder = path.replace(/^\.\//, "").replace(/\/$/, "");
      const other = folders.get(folder);
      if (other !== undefined) {
        const message = `is the folder of the input ${JSON.stringify(other)} too, which is not seen then`;
        this.#reader.warnings.add(`${field}[${index}].path`, message);
      }
      folders.set(folder, name);
    }
  }

  /** A mapping of what the task does not have is let be, as in Concourse. */
  #checkMapping(
    field: string,
    mapping: Readonly<Record<string, string>>,
    named: readonly { readonly name: string }[],
    what: string,
  ): void {
    const names = new Set(named.map(({ name }) => name));
    for (const name of Object.keys(mapping)) {
      if (names.has(name)) continue;
      const near = this.#reader.problems.findMeant(name, names);
      const others = names.size === 0 ? `the task has no ${what}s` : `it has: ${listNames(names)}`;
      this.#reader.warnings.add(
        `${field}.${name}`,
        `is no ${what} of the task`,
        near ? `did you mean "${near}"?` : others,
      );
    }
  }

  #checkFile(step: StepPlan, field: string, file: string): void {
    const [artifact = ""] = file.split("/");
    if (file.includes("/")) this.#need(`${this.#reader.sourceOf(step).path}.${field}`, artifact);
  }

  #need(field: string, name: string, absentHint?: string): void {
    if (this.#open || name === "" || this.#made.has(name) || this.#told.has(name) || name.includes("((")) return;
    this.#told.add(name);
    const near = this.#reader.problems.findMeant(name, this.#made);
    const others = absentHint ?? this.#describeMade();
    this.#reader.problems.add(
      field,
      `needs the artifact ${JSON.stringify(name)}, which no step before it makes`,
      near === undefined ? others : `did you mean "${near}"?`,
    );
  }

  #describeMade(): string {
    const others = this.#made.size === 0 ? "no step before it makes any" : `there are: ${listNames(this.#made)}`;
    return `get it, or make it the output of a task before; ${others}`;
  }
}
