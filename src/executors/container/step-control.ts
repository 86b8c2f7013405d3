// What the process of a step in a container stands for, by where the step runs, with an eye on what it writes.

import type { ContainerOptions, ContainerPlace, StepListener, StepSpec } from "../executor.ts";
import type { StepControl } from "../process/process-step.ts";
import type { ContainerTools } from "./attached-process.ts";
import { containerName } from "./container-name.ts";
import { ContainerControl } from "./control-container.ts";
import { ExecControl } from "./control-exec.ts";
import { RecentOutput } from "./recent-output.ts";

export interface WatchedControl {
  readonly control: StepControl;
  readonly onOutput: StepListener["onOutput"];
}

/** Of a step in a container of its own. */
export function controlOwn(
  { engine, clock }: ContainerTools,
  spec: StepSpec,
  { image, memoryBytes }: ContainerOptions,
  { onOutput }: StepListener,
): WatchedControl {
  const output = new RecentOutput();
  const [name, command] = [containerName(spec.stepId), commandText(spec)];
  const control = new ContainerControl({ engine, name, image, command, memoryBytes, output, clock });
  return { control, onOutput: output.watch(onOutput) };
}

/** Of a command in a container that is kept open. */
export function controlInside(
  { engine, clock }: ContainerTools,
  spec: StepSpec,
  { sandbox, user }: Extract<ContainerPlace, { readonly type: "inside" }>,
  { onOutput }: StepListener,
): WatchedControl {
  const output = new RecentOutput();
  const { stepId } = spec;
  const control = new ExecControl({ engine, sandbox, stepId, user, command: commandText(spec), output, clock });
  return { control, onOutput: output.watch(onOutput) };
}

function commandText({ command }: StepSpec): string {
  return typeof command === "string" ? "sh" : command.path;
}
