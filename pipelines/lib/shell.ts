// Files in a lib/ folder, and those beginning with _, are no pipelines: pipelines import them.

/** Runs a shell script as a step and returns what it prints; fails the run where the script fails. */
export async function shell(
  name: string,
  script: string,
  settings: Omit<ProcessStep, "command"> = {},
): Promise<string> {
  const { code, stdout, stderr } = await runtime.run({ name, command: script, ...settings });
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${stderr.trim()}`);
  return stdout.trim();
}
