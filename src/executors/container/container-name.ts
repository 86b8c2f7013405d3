// How a step's container is called, and back.

/** `runner-<run id>-<call number>`; that of a sandbox is what a script gets as its id. */
export function containerName(stepId: string): string {
  return `runner-${stepId.replace(".", "-")}`;
}

/** The step that a container of this name belongs to; of another name, nothing that is a step's id. */
export function stepIdOf(name: string): string {
  return name.replace(/^runner-(.*)-(\d+)$/, "$1.$2");
}
